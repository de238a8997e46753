import { describe, expect, it } from 'vitest';
import {
  type CheckMode,
  type DeployPlan,
  PREFLIGHT_CHECKS,
  type PreflightCheckName,
} from '../../../src/core/model/plan.ts';
import type { PreflightResult } from '../../../src/core/model/operation.ts';
import { assessPreflight, decidePreflight } from '../../../src/core/preflight/assess-preflight.ts';
import { type PreflightFacts, trimDeployment, trimRoute, trimService } from '../../../src/core/preflight/facts.ts';
import { askedRights } from '../../../src/core/preflight/required-rights.ts';
import type { HttpRoute } from '../../../src/core/rollout/route.ts';
import type { Deployment } from '../../../src/core/rollout/workload.ts';
import { planWith } from '../../activities/build/plan.ts';
import { deployment, route, service, sound } from './facts-of-a-sound-service.ts';

const now = sound.observedAtMs;
const unknown = { seen: 'unknown', problem: 'get X: connection refused' } as const;
const missing = { seen: 'missing' } as const;
const plan = planWith(
  { kind: 'image', repository: 'registry.example.com/crm-api' },
  {
    requires: [
      { kind: 'ConfigMap', name: 'crm-api', keys: ['CRM_REGION'] },
      { kind: 'Secret', name: 'crm-api', keys: ['CRM_API_TOKEN'] },
    ],
    traffic: {
      kind: 'httpRoute',
      route: 'crm',
      stableService: 'crm-api',
      port: 80,
      weightMetric: { url: 'http://router.example.com/metrics', name: 'w', backendLabel: 'backend', labels: {} },
    },
  },
);

function finding(
  name: PreflightCheckName,
  facts: Partial<PreflightFacts>,
  changes: Partial<DeployPlan> = {},
): PreflightResult {
  const found = assessPreflight({ ...sound, ...facts }, { ...plan, ...changes }, now).find(
    (each) => each.name === name,
  );
  if (!found) throw new Error(`no result of check ${name}`);
  return found;
}

function withDeployment(
  change: (spec: Deployment['spec']) => Partial<Deployment['spec']>,
  status = deployment.status,
): PreflightFacts['deployment'] {
  const object = {
    ...deployment,
    spec: { ...deployment.spec, ...change(deployment.spec) },
    ...(status && { status }),
  } as Deployment;
  return { seen: 'present', object };
}

function withBackends(...backendRefs: { name: string; port?: number; weight?: number }[]): PreflightFacts['route'] {
  return { seen: 'present', object: { ...route, spec: { rules: [{ backendRefs }] } } };
}

function withPodLabels(labels: Record<string, string>): PreflightFacts['deployment'] {
  return withDeployment((spec) => ({ template: { ...spec.template, metadata: { labels } } }));
}

function withSelector(selector: Record<string, string>): PreflightFacts['service'] {
  return { seen: 'present', object: { ...service, spec: { ...service.spec, selector } } };
}

function accepted(status: string, observedGeneration: number): PreflightFacts['route'] {
  const conditions = [{ type: 'Accepted', status, observedGeneration, reason: 'NoMatchingParent' }];
  const object: HttpRoute = { ...route, status: { parents: [{ conditions }] } };
  return { seen: 'present', object };
}

it('passes every check of a sound service, each with a reason', () => {
  const results = assessPreflight(sound, plan, now);
  expect(results.map((each) => each.name)).toEqual(PREFLIGHT_CHECKS);
  for (const each of results) expect(each).toMatchObject({ result: 'pass', mode: 'required' });
  for (const each of results) expect(each.reason.length).toBeGreaterThan(10);
  expect(decidePreflight(results)).toEqual({ go: true });
});

describe('each check', () => {
  it.each<{
    check: PreflightCheckName;
    when: string;
    facts: Partial<PreflightFacts>;
    changes?: Partial<DeployPlan>;
    result: string;
    says: string;
  }>([
    // image
    {
      check: 'image',
      when: 'the registry does not hold it',
      facts: { image: { of: 'image', image: 'r/a@sha256:1', found: missing } },
      result: 'fail',
      says: 'image r/a@sha256:1 does not exist',
    },
    {
      check: 'image',
      when: 'the registry does not answer',
      facts: { image: { of: 'image', image: 'r/a@sha256:1', found: unknown } },
      result: 'could-not-check',
      says: 'connection refused',
    },
    {
      check: 'image',
      when: 'it is to be built and the registry answers',
      facts: { image: { of: 'registry', repository: 'r/a', found: missing } },
      result: 'pass',
      says: 'built after these checks',
    },
    {
      check: 'image',
      when: 'it is to be built and the registry is away',
      facts: { image: { of: 'registry', repository: 'r/a', found: unknown } },
      result: 'could-not-check',
      says: 'connection refused',
    },
    // config
    {
      check: 'config',
      when: 'nothing is required',
      facts: { config: [] },
      changes: { requires: [] },
      result: 'pass',
      says: 'no configuration keys',
    },
    {
      check: 'config',
      when: 'a key is missing',
      facts: {},
      changes: { requires: [{ kind: 'Secret', name: 'crm-api', keys: ['CRM_API_TOKEN', 'NEW_KEY'] }] },
      result: 'fail',
      says: 'Secret crm/crm-api: expected keys CRM_API_TOKEN, NEW_KEY, missing NEW_KEY',
    },
    {
      check: 'config',
      when: 'an object is missing',
      facts: { config: [{ kind: 'ConfigMap', name: 'crm-api', found: missing }, ...sound.config.slice(1)] },
      result: 'fail',
      says: 'ConfigMap crm/crm-api does not exist',
    },
    {
      check: 'config',
      when: 'an object may not be read',
      facts: { config: [...sound.config.slice(0, 1), { kind: 'Secret', name: 'crm-api', found: unknown }] },
      result: 'could-not-check',
      says: 'connection refused',
    },
    {
      check: 'config',
      when: 'an object was not looked at',
      facts: { config: [] },
      result: 'could-not-check',
      says: 'was not looked at (and 1 more)',
    },
    // rights
    {
      check: 'rights',
      when: 'one is denied',
      facts: {
        rights: sound.rights.map((each) =>
          each.kind === 'HTTPRoute' && each.verb === 'update'
            ? { ...each, found: { seen: 'present', allowed: false } }
            : each,
        ),
      },
      result: 'fail',
      says: 'may not update HTTPRoute in crm (needed to set the weights)',
    },
    {
      check: 'rights',
      when: 'the API server is away',
      facts: { rights: sound.rights.map((each) => ({ ...each, found: unknown })) },
      result: 'could-not-check',
      says: `connection refused (and ${askedRights().length - 1} more)`,
    },
    {
      check: 'rights',
      when: 'one was not asked for',
      facts: { rights: sound.rights.slice(1) },
      result: 'could-not-check',
      says: 'was not asked for',
    },
    // stableHealthy
    {
      check: 'stableHealthy',
      when: 'the Deployment is missing',
      facts: { deployment: missing },
      result: 'fail',
      says: 'Deployment crm/crm-api does not exist',
    },
    {
      check: 'stableHealthy',
      when: 'it cannot be read',
      facts: { deployment: unknown },
      result: 'could-not-check',
      says: 'connection refused',
    },
    {
      check: 'stableHealthy',
      when: 'it has no such container',
      facts: {},
      changes: { workload: { ...plan.workload, container: 'api' } },
      result: 'fail',
      says: 'expected a container api, found app',
    },
    {
      check: 'stableHealthy',
      when: 'it is paused',
      facts: { deployment: withDeployment(() => ({ paused: true })) },
      result: 'fail',
      says: 'kubectl rollout resume deployment/crm-api -n crm',
    },
    {
      check: 'stableHealthy',
      when: 'one replica is not available',
      facts: { deployment: withDeployment(() => ({}), { ...deployment.status, availableReplicas: 2 }) },
      result: 'fail',
      says: '2 available',
    },
    {
      check: 'stableHealthy',
      when: 'an old pod is left',
      facts: { deployment: withDeployment(() => ({}), { ...deployment.status, replicas: 4 }) },
      result: 'fail',
      says: '1 old still there',
    },
    {
      check: 'stableHealthy',
      when: 'its controller lags',
      facts: { deployment: withDeployment(() => ({}), { ...deployment.status, observedGeneration: 3 }) },
      result: 'fail',
      says: 'has not seen the latest change',
    },
    {
      check: 'stableHealthy',
      when: 'no version serves yet',
      facts: { deployment: withDeployment(() => ({ replicas: 0 }), { observedGeneration: 4 }) },
      result: 'pass',
      says: 'a first deployment, compared with nothing',
    },
    {
      check: 'stableHealthy',
      when: 'it was scaled to 0 and pods still end',
      facts: { deployment: withDeployment(() => ({ replicas: 0 })) },
      result: 'fail',
      says: 'old ones still end',
    },
    {
      check: 'stableHealthy',
      when: 'another deployment rolls it',
      facts: {
        deployment: withDeployment(() => ({}), { ...deployment.status, availableReplicas: 1 }),
        route: withBackends(
          { name: 'crm-api', port: 80, weight: 0 },
          { name: 'crm-api-canary-17', port: 80, weight: 100 },
        ),
      },
      result: 'pass',
      says: 'another deployment is under way (crm-api-canary-17)',
    },
    // router
    {
      check: 'router',
      when: 'the route is missing',
      facts: { route: missing },
      result: 'fail',
      says: 'HTTPRoute crm/crm does not exist',
    },
    {
      check: 'router',
      when: 'the route cannot be read',
      facts: { route: unknown },
      result: 'could-not-check',
      says: 'connection refused',
    },
    {
      check: 'router',
      when: 'no rule sends to it',
      facts: { route: withBackends({ name: 'other', port: 80 }) },
      result: 'fail',
      says: 'exactly one rule must send to Service crm-api, none does',
    },
    {
      check: 'router',
      when: 'two rules send to it',
      facts: {
        route: {
          seen: 'present',
          object: { ...route, spec: { rules: [...(route.spec.rules ?? []), ...(route.spec.rules ?? [])] } },
        },
      },
      result: 'fail',
      says: 'several do',
    },
    {
      check: 'router',
      when: 'a stranger has weight',
      facts: {
        route: withBackends({ name: 'crm-api', port: 80, weight: 90 }, { name: 'crm-next', port: 80, weight: 10 }),
      },
      result: 'fail',
      says: 'expected all weight on Service crm-api, found crm-api 90, crm-next 10',
    },
    {
      check: 'router',
      when: 'a stranger stands there without weight',
      facts: { route: withBackends({ name: 'crm-api', port: 80 }, { name: 'maintenance', port: 80, weight: 0 }) },
      result: 'pass',
      says: 'sends everything to Service crm-api',
    },
    {
      check: 'router',
      when: 'stable has no weight',
      facts: { route: withBackends({ name: 'crm-api', port: 80, weight: 0 }) },
      result: 'fail',
      says: 'found crm-api 0',
    },
    {
      check: 'router',
      when: 'it sends to another port',
      facts: { route: withBackends({ name: 'crm-api', port: 8080 }) },
      result: 'fail',
      says: 'expected port 80 of Service crm-api, found 8080',
    },
    {
      check: 'router',
      when: 'another deployment is under way',
      facts: {
        route: withBackends(
          { name: 'crm-api', port: 80, weight: 90 },
          { name: 'crm-api-canary-17', port: 80, weight: 10 },
        ),
      },
      result: 'pass',
      says: 'another deployment is under way (crm-api 90, crm-api-canary-17 10)',
    },
    {
      check: 'router',
      when: 'something else has a name like a canary',
      facts: {
        route: withBackends(
          { name: 'crm-api', port: 80, weight: 90 },
          { name: 'crm-api-canary-x', port: 80, weight: 10 },
        ),
      },
      result: 'fail',
      says: 'expected all weight',
    },
    {
      check: 'router',
      when: 'the gateway refuses it',
      facts: { route: accepted('False', 2) },
      result: 'fail',
      says: 'NoMatchingParent',
    },
    {
      check: 'router',
      when: 'the gateway has not seen it',
      facts: { route: accepted('True', 1) },
      result: 'fail',
      says: 'seen generation 1',
    },
    {
      check: 'router',
      when: 'the stable Service is missing',
      facts: { service: missing },
      result: 'fail',
      says: 'Service crm/crm-api does not exist',
    },
    {
      check: 'router',
      when: 'the stable Service has another port',
      facts: {
        service: { seen: 'present', object: { ...service, spec: { ...service.spec, ports: [{ port: 8080 }] } } },
      },
      result: 'fail',
      says: 'Service crm/crm-api: expected port 80, found 8080',
    },
    {
      check: 'router',
      when: 'the weight metric does not answer',
      facts: { weightMetric: unknown },
      result: 'could-not-check',
      says: 'connection refused',
    },
    {
      check: 'router',
      when: 'the weight metric has no series of ours',
      facts: { weightMetric: { seen: 'present', stablePercent: null } },
      result: 'fail',
      says: 'expected a series w{backend="crm-api"}',
    },
    // selector
    {
      check: 'selector',
      when: 'neither Service nor pods carry the track',
      facts: { service: withSelector({ app: 'crm-api' }), deployment: withPodLabels({ app: 'crm-api' }) },
      result: 'fail',
      says: 'first add the label mainstay.dev/track: stable to spec.template.metadata.labels of Deployment crm/crm-api and wait for the rollout, then add mainstay.dev/track: stable to spec.selector of Service crm/crm-api',
    },
    {
      check: 'selector',
      when: 'only the pods carry it',
      facts: { service: withSelector({ app: 'crm-api' }) },
      result: 'fail',
      says: 'would also select canary pods: add mainstay.dev/track: stable to spec.selector',
    },
    {
      check: 'selector',
      when: 'only the Service asks for it',
      facts: { deployment: withPodLabels({ app: 'crm-api' }) },
      result: 'fail',
      says: 'its pods lack the track',
    },
    {
      check: 'selector',
      when: 'the Service selects other pods',
      facts: { service: withSelector({ app: 'crm', 'mainstay.dev/track': 'stable' }) },
      result: 'fail',
      says: 'does not select the pods of Deployment crm/crm-api: app=crm (pods have crm-api)',
    },
    {
      check: 'selector',
      when: 'stable calls itself a canary',
      facts: {
        service: withSelector({ 'mainstay.dev/track': 'canary-1' }),
        deployment: withPodLabels({ 'mainstay.dev/track': 'canary-1' }),
      },
      result: 'fail',
      says: 'kept for canaries',
    },
    {
      check: 'selector',
      when: 'the Service cannot be read',
      facts: { service: unknown },
      result: 'could-not-check',
      says: 'connection refused',
    },
    // history
    {
      check: 'history',
      when: 'no revision is kept',
      facts: { deployment: withDeployment(() => ({ revisionHistoryLimit: 0 })) },
      result: 'fail',
      says: 'spec.revisionHistoryLimit is 0',
    },
    {
      check: 'history',
      when: 'two are kept',
      facts: { deployment: withDeployment(() => ({ revisionHistoryLimit: 2 })) },
      result: 'pass',
      says: '2 earlier revisions',
    },
    {
      check: 'history',
      when: 'the Deployment cannot be read',
      facts: { deployment: unknown },
      result: 'could-not-check',
      says: 'connection refused',
    },
  ])('$check is $result when $when', ({ check, facts, changes, result, says }) => {
    const found = finding(check, facts, changes);
    expect(found.reason).toContain(says);
    expect(found.result).toBe(result);
  });
});

describe('freeze', () => {
  const from = '2026-12-23T18:00:00+01:00';
  const to = '2027-01-02T06:00:00+01:00';
  const windows = [{ from, to, reason: 'year-end freeze' }];
  it.each([
    { at: Date.parse(from) - 1, result: 'pass', says: `the next begins ${from}: year-end freeze` },
    { at: Date.parse(from), result: 'fail', says: `freeze window until ${to}: year-end freeze` },
    { at: Date.parse(to) - 1, result: 'fail', says: 'year-end freeze' },
    { at: Date.parse(to), result: 'pass', says: 'no freeze window now' },
  ])('is $result at $at', ({ at, result, says }) => {
    const found = assessPreflight(sound, { ...plan, freezeWindows: windows }, at).find(
      (each) => each.name === 'freeze',
    );
    expect(found).toMatchObject({ result, reason: expect.stringContaining(says) });
  });

  it.each([
    { when: 'a time has no offset', from: '2026-12-23T18:00:00', to },
    { when: 'a day does not exist', from: '2026-02-30T00:00:00Z', to },
    { when: 'it ends before it begins', from: to, to: from },
    { when: 'it ends as it begins', from, to: from },
    { when: 'it is a word', from: 'tomorrow', to },
  ])('could not be checked when $when', (window) => {
    expect(finding('freeze', {}, { freezeWindows: [{ ...window, reason: 'r' }] })).toMatchObject({
      result: 'could-not-check',
    });
  });

  it('fails in a window although another cannot be read', () => {
    const covering = { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z', reason: 'audit' };
    const freezeWindows = [{ from: 'x', to: 'y', reason: 'broken' }, covering];
    expect(finding('freeze', {}, { freezeWindows })).toMatchObject({
      result: 'fail',
      reason: expect.stringContaining('audit'),
    });
  });
});

describe('decidePreflight', () => {
  const result = (mode: CheckMode, found: PreflightResult['result']): PreflightResult => ({
    name: 'config',
    mode,
    result: found,
    reason: 'because',
  });
  it.each([
    { when: 'a required check fails', results: [result('required', 'fail')], go: false },
    { when: 'a required check could not be made', results: [result('required', 'could-not-check')], go: false },
    { when: 'an advisory check fails', results: [result('advisory', 'fail')], go: true },
    { when: 'an advisory check could not be made', results: [result('advisory', 'could-not-check')], go: true },
    { when: 'a check is off', results: [result('off', 'off')], go: true },
  ])('goes: $go when $when', ({ results, go }) => {
    expect(decidePreflight(results).go).toBe(go);
  });

  it('names every refusing check, and which could not be made', () => {
    const results: PreflightResult[] = [
      { name: 'image', mode: 'required', result: 'pass', reason: 'there' },
      { name: 'config', mode: 'required', result: 'fail', reason: 'Secret crm/a does not exist' },
      { name: 'router', mode: 'required', result: 'could-not-check', reason: 'no answer' },
      { name: 'history', mode: 'advisory', result: 'fail', reason: 'not told' },
    ];
    const reason =
      '2 of 3 required checks refuse: config: Secret crm/a does not exist; router: could not check: no answer';
    expect(decidePreflight(results)).toEqual({ go: false, reason });
  });

  it('shows a check that is off and does not make it', () => {
    const modes = { ...plan.preflight, image: 'off' } as const;
    const image = { of: 'image', image: 'r/a@sha256:1', found: missing } as const;
    expect(finding('image', { image }, { preflight: modes })).toMatchObject({ mode: 'off', result: 'off' });
  });
});

describe('trimming', () => {
  it('keeps what the checks read and drops the environment', () => {
    const template = {
      metadata: { labels: { app: 'a' }, annotations: { note: 'n' } },
      spec: { containers: [{ name: 'app', image: 'i', env: [{ name: 'TOKEN', value: 'plain-secret' }] }], volumes: [] },
    };
    const whole = {
      ...deployment,
      metadata: { ...deployment.metadata, managedFields: [], uid: 'u' },
      spec: { ...deployment.spec, revisionHistoryLimit: 0, paused: false, template },
    } as Deployment;
    const trimmed = trimDeployment(whole);
    expect(JSON.stringify(trimmed)).not.toMatch(/plain-secret|managedFields|volumes/);
    expect(trimmed.spec).toMatchObject({ replicas: 3, revisionHistoryLimit: 0, paused: false });
    expect(
      assessPreflight({ ...sound, deployment: { seen: 'present', object: trimmed } }, plan, now).find(
        (each) => each.name === 'history',
      )?.result,
    ).toBe('fail');
  });

  it('changes no answer of a sound service', () => {
    const facts: PreflightFacts = {
      ...sound,
      deployment: { seen: 'present', object: trimDeployment(deployment) },
      service: { seen: 'present', object: trimService(service) },
      route: { seen: 'present', object: trimRoute(route) },
    };
    expect(assessPreflight(facts, plan, now)).toEqual(assessPreflight(sound, plan, now));
  });
});
