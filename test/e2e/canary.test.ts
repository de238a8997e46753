import { describe, expect, it } from 'vitest';
import type { DeployResult } from '../../src/core/model/operation.ts';
import { localBuild } from '../harness/e2e/catalogue.ts';
import { expectNoneFailed, ofCanaries } from '../harness/e2e/router-counts.ts';
import type { Standing } from '../harness/e2e/s1.ts';
import type { Stage } from '../harness/e2e/stage.ts';
import { useE2e } from '../harness/e2e.ts';
import { isMissing } from '../harness/tools.ts';

const BAD = ['v1.5.0-errors', 'v1.5.1-slow', 'v1.5.2-crash', 'v1.5.3-nometrics'];

describe.skipIf(isMissing('temporal'))('a canary on a real server, cluster and router', () => {
  const e2e = useE2e({ versions: ['v1.4.2', ...BAD] });

  it.concurrent('builds and promotes a good version by one command, and no request fails because of it', async () => {
    const stage = await e2e().stage('good', { build: localBuild() });
    const before = await stage.standing();
    const ended = await e2e().mainstay(['deploy', 'crm-api', '-e', 'good', '--version', 'v1.4.2']);
    expect([ended.code, ended.stderr]).toEqual([0, '']);
    expect(ended.stdout).toContain('PROMOTED  crm-api v1.4.2 in good');
    // Read before anything else is asked: S1 must hold the moment the deployment has ended.
    expect(await stage.whyNotS1({ ...before, image: e2e().image('v1.4.2') })).toBeUndefined();
    expect(await stage.version()).toBe('v1.4.2');
    const counts = await stage.counts();
    expect(ofCanaries(counts).requests).toBeGreaterThan(20);
    expectNoneFailed(counts);
  });

  it.concurrent('rolls a version with errors back at 10 %, with numbers, and gives an exact account', async () => {
    const stage = await e2e().stage('errors', { strategy: { steps: LADDER_FROM(10, '20s') } });
    const version = 'v1.5.0-errors';
    // The version itself fails 8 of 100; more of them make a short test certain.
    await e2e().sandbox.faults.add({ kind: 'service', namespace: 'errors', version, errorRatio: 0.4 });
    const before = await stage.standing();
    const id = 'deploy/errors/crm-api/bad';
    const ended = await e2e().mainstay(['deploy', 'crm-api', '-e', 'errors', '-V', version, '--workflow-id', id]);
    expect(await stage.whyNotS1(before)).toBeUndefined();
    const result = await stage.run(id).result();
    expect(ended.code).toBe(10);
    expect(ended.stdout).toContain('ROLLED BACK  crm-api v1.5.0-errors in errors');
    expect(result).toMatchObject({ outcome: 'rolledBack', reasonCode: 'AnalysisFailed' });
    expect(result.steps.map(({ weightPercent }) => weightPercent)).toEqual([10]);
    expectNumbers(result, 'error-ratio', /\d+\.\d\d % \(\d+ of \d+ canary requests, stable /, '> 1 %');
    expectExactAccount(result, before, 'errors');
    const { 'crm-api': stable, ...canaries } = await stage.counts();
    const canary = ofCanaries(canaries);
    const share = canary.requests / (canary.requests + (stable?.requests ?? 0));
    expect(stable?.failed).toBe(0);
    expect(canary.failed).toBeGreaterThan(canary.requests / 4);
    expect(share).toBeLessThan(0.15);
  });

  it.concurrent('rolls a slow version back for its latency', async () => {
    const sampling = { interval: '2s', count: 4, failureLimit: 0, minRequests: 3 };
    const stage = await e2e().stage('slow', {
      strategy: { steps: LADDER_FROM(50, '10s') },
      analysis: sampling,
      latency: '> 2s',
    });
    const { result, before } = await deployed(stage, 'v1.5.1-slow');
    expect(await stage.whyNotS1(before)).toBeUndefined();
    expect(result).toMatchObject({ outcome: 'rolledBack', reasonCode: 'AnalysisFailed' });
    expectNumbers(result, 'latency-p99', /\d s \(\d+ canary requests, stable /, '> 2 s');
    expect((await stage.counts())['crm-api']?.failed).toBe(0);
  });

  it.concurrent('rolls a version back whose pods never get ready, with the reason of the pod', async () => {
    const stage = await e2e().stage('crash', { deadlines: { ready: '15s' } });
    const { result, before } = await deployed(stage, 'v1.5.2-crash');
    expect(await stage.whyNotS1(before)).toBeUndefined();
    expect(result).toMatchObject({ outcome: 'rolledBack', reasonCode: 'NotReadyInTime', steps: [] });
    expect(result.reason).toMatch(/Deployment crash\/crm-api-canary-\d+: .* after 15 s; pod crm-api-canary-\S+: \w+/);
    expect(result.reason).toContain('last exit code 1');
    // It never got a request.
    expect(ofCanaries(await stage.counts()).requests).toBe(0);
  });

  it.concurrent('rolls a version back that shows no metrics, after its deadline', async () => {
    const stage = await e2e().stage('nometrics', { deadlines: { noData: '5s' } });
    const { result, before } = await deployed(stage, 'v1.5.3-nometrics');
    expect(await stage.whyNotS1(before)).toBeUndefined();
    expect(result).toMatchObject({ outcome: 'rolledBack', reasonCode: 'NoData' });
    expect(result.reason).toContain('no usable data for 5 s');
    expect(result.reason).toContain('checkout-success');
  });
});

const LADDER_FROM = (weight: number, duration: string) => [
  { weight, duration },
  { weight: 100, duration: '10s' },
];

async function deployed(stage: Stage, version: string): Promise<{ result: DeployResult; before: Standing }> {
  const before = await stage.standing();
  return { result: await (await stage.deploy(version)).result(), before };
}

/** Metric, value, limit and counts. */
function expectNumbers(result: DeployResult, metric: string, value: RegExp, limit: string): void {
  expect(result.reason).toContain(metric);
  expect(result.reason).toMatch(value);
  expect(result.reason).toContain(limit);
  expect(result.reason).toMatch(/\d failures?, at most \d allowed/);
}

/** Every row is true of what the observer saw before, and nothing else is claimed. */
function expectExactAccount(result: DeployResult, before: Standing, namespace: string): void {
  const told = result.restored.map(({ object, field, observed, restored, changed }) => ({
    what: `${object.replace(/\d{10}/, 'TERM')} ${field}`,
    observed: field === 'readiness' ? 'told' : observed,
    restored,
    changed,
  }));
  const deployment = `Deployment ${namespace}/crm-api`;
  const gone = { observed: 'gone', restored: true, changed: true };
  expect(told).toEqual([
    { what: `HTTPRoute ${namespace}/crm-api backends`, observed: 'crm-api 100', restored: true, changed: true },
    { what: `${deployment}-canary-TERM existence`, ...gone },
    { what: `Service ${namespace}/crm-api-canary-TERM existence`, ...gone },
    { what: `${deployment} image`, observed: before.image, restored: true, changed: false },
    { what: `${deployment} replicas`, observed: String(before.replicas), restored: true, changed: false },
    { what: `${deployment} readiness`, observed: 'told', restored: true, changed: false },
  ]);
  expect(before.weights).toBe('crm-api:80 100');
  expect(result.foreign).toEqual([]);
}
