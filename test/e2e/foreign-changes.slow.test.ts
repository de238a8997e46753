import { describe, expect, it } from 'vitest';
import type { DeployResult } from '../../src/core/model/operation.ts';
import type { BackendRef, HttpRoute } from '../../src/sandbox/router/gateway-objects.ts';
import { HTTP_ROUTES } from '../../src/sandbox/router/gateway-objects.ts';
import { expectNoneFailed } from '../harness/e2e/router-counts.ts';
import type { Standing } from '../harness/e2e/s1.ts';
import type { Stage } from '../harness/e2e/stage.ts';
import { until } from '../harness/e2e/until.ts';
import { useE2e } from '../harness/e2e.ts';
import { isMissing } from '../harness/tools.ts';

const LONG = { strategy: { steps: [step(10, '40s'), step(100, '10s')] } };

describe.skipIf(isMissing('temporal'))("someone else's hands, and a cluster that loses replies", () => {
  const e2e = useE2e({ versions: ['v1.4.2', 'v1.5.0-errors'] });

  it.concurrent('another image on the Deployment: holds, rolls back after the deadline, sets our field back', async () => {
    const stage = await e2e().stage('image', LONG);
    const before = await stage.standing();
    const run = await stage.deploy('v1.4.2');
    await run.untilWatching(10);
    await stage.editContainer({ image: e2e().image('v1.5.0-errors') });
    await run.until('to tell of it', ({ memo }) => memo?.phase === 'undoing' || memo?.phase === 'ended');
    const result = await run.result();
    expect(await stage.whyNotS1(before)).toBeUndefined();
    expectForeign(result, 'Deployment image/crm-api', 'image', e2e().image('v1.5.0-errors'));
    expect(rowOf(result, 'Deployment image/crm-api', 'image')).toMatchObject({ restored: true, changed: true });
  });

  it.concurrent('another variable in the Deployment: it is not ours, stays, and the new image is promoted', async () => {
    const stage = await e2e().stage('variable');
    const before = await stage.standing();
    const run = await stage.deploy('v1.4.2');
    await run.untilWatching(10);
    await stage.editContainer({ env: [{ name: 'CRM_HINT', value: 'by-hand' }] });
    const result = await run.result();
    expect(result).toMatchObject({ outcome: 'promoted', reasonCode: 'AnalysisPassed' });
    const { template, ...rest } = before;
    expect(await stage.whyNotS1({ ...rest, image: e2e().image('v1.4.2') })).toBeUndefined();
    expect((await stage.standing()).template).not.toBe(template);
    const [container] = (await stage.deployment()).spec?.template.spec?.containers ?? [];
    expect(container?.env).toEqual([{ name: 'CRM_HINT', value: 'by-hand' }]);
    expectNoneFailed(await stage.counts());
  });

  it.concurrent('other replicas: they are not ours, a rollback leaves and tells them', async () => {
    const stage = await e2e().stage('replicas', LONG);
    const before = await stage.standing();
    const run = await stage.deploy('v1.4.2');
    await run.untilWatching(10);
    await stage.patchDeployment({ spec: { replicas: 3 } });
    await until('three pods', async () => (await stage.deployment()).status?.readyReplicas === 3);
    await run.update('abort', { by: 'release-manager', reason: 'seen enough' });
    const result = await run.result();
    expect(await stage.whyNotS1({ ...before, replicas: 3 })).toBeUndefined();
    expect(result).toMatchObject({ outcome: 'aborted', reasonCode: 'Aborted' });
    const change = { object: 'Deployment replicas/crm-api', field: 'replicas', expected: '2', observed: '3' };
    expect(result.foreign).toContainEqual(change);
  });

  it.concurrent('other weights on the route: holds, goes on when they are put back', async () => {
    const stage = await e2e().stage('putback', { deadlines: { foreignChange: '20s' } });
    const before = await stage.standing();
    const run = await stage.deploy('v1.4.2');
    await run.untilWatching(10);
    const ours = await backendsOf(stage);
    await setBackends(
      stage,
      ours.map((ref) => ({ ...ref, weight: 50 })),
    );
    await until('the router to apply them', async () => (await weightsOf(stage)).every((weight) => weight === 50));
    await setBackends(stage, ours);
    expect(await run.result()).toMatchObject({ outcome: 'promoted', reasonCode: 'AnalysisPassed' });
    expect(await stage.whyNotS1({ ...before, image: e2e().image('v1.4.2') })).toBeUndefined();
  });

  it.concurrent('other weights on the route that stay: rolls our fields back and tells theirs', async () => {
    const stage = await e2e().stage('weights', LONG);
    const before = await stage.standing();
    const run = await stage.deploy('v1.4.2');
    await run.untilWatching(10);
    await setBackends(
      stage,
      (await backendsOf(stage)).map((ref) => ({ ...ref, weight: 50 })),
    );
    const result = await run.result();
    expect(await stage.whyNotS1(before)).toBeUndefined();
    expectForeign(result, 'HTTPRoute weights/crm-api', 'backends', '50');
    expectRestored(result, before);
  });

  it.concurrent('a route that someone deleted: asks for help, and finishes when it is created again', async () => {
    const stage = await e2e().stage('deleted', LONG);
    const before = await stage.standing();
    const route = await stage.route();
    const run = await stage.deploy('v1.4.2');
    await run.untilWatching(10);
    await stage.kube.remove(stage.at(HTTP_ROUTES));
    const asking = await run.until('to ask for help', ({ memo }) => memo?.why.includes('Help is needed') === true);
    expect(asking.memo?.why).toContain('HTTPRoute deleted/crm-api was deleted by someone else; create it again with');
    await stage.kube.create({ resource: HTTP_ROUTES, namespace: 'deleted' }, asNew(route));
    const result = await run.result();
    expect(await stage.whyNotS1(before)).toBeUndefined();
    expectForeign(result, 'HTTPRoute deleted/crm-api', '', '');
    expectRestored(result, before);
  });

  it.concurrent('a route that someone deleted for good: a person accepts it, everything else is restored', async () => {
    const stage = await e2e().stage('accepted', LONG);
    const before = await stage.standing();
    const route = await stage.route();
    const run = await stage.deploy('v1.4.2');
    await run.untilWatching(10);
    await stage.kube.remove(stage.at(HTTP_ROUTES));
    await run.until('to ask for help', ({ memo }) => memo?.why.includes('Help is needed') === true);
    const accept = ['accept-unrestored', 'crm-api', '-e', 'accepted', '--reason', 'the route is retired'];
    expect((await e2e().mainstay(accept)).code).toBe(0);
    const result = await run.result();
    expect(result).toMatchObject({ outcome: 'rolledBack', reasonCode: 'ForeignChange' });
    expect(rowOf(result, 'HTTPRoute accepted/crm-api')).toMatchObject({
      restored: false,
      note: 'accepted as it is by release-manager',
    });
    expect(result.restored.filter(({ restored }) => !restored)).toHaveLength(1);
    expect(await stage.whyNotS1()).toBe('the route does not exist');
    await stage.kube.create({ resource: HTTP_ROUTES, namespace: 'accepted' }, asNew(route));
    await until('S1 with a new route', async () => (await stage.whyNotS1(before)) === undefined, 20_000);
  });

  it.concurrent('lost replies after creating the canary, its Service and each write: as if nothing had been', async () => {
    const stage = await e2e().stage('lost');
    const before = await stage.standing();
    const { faults } = e2e().sandbox;
    const lose = { kind: 'api', namespace: 'lost', dropReply: true, count: 1 } as const;
    await faults.add({ ...lose, verb: 'create', resource: 'deployments' });
    await faults.add({ ...lose, verb: 'create', resource: 'services' });
    await faults.add({ ...lose, verb: 'update', resource: 'httproutes', name: 'crm-api', count: 3 });
    const run = await stage.deploy('v1.4.2');
    await run.untilWatching(25);
    await faults.add({ ...lose, verb: 'delete', resource: 'services' });
    const result = await run.result();
    expect(await stage.whyNotS1({ ...before, image: e2e().image('v1.4.2') })).toBeUndefined();
    expect(result).toMatchObject({ outcome: 'promoted', reasonCode: 'AnalysisPassed', restored: [], foreign: [] });
    expect(faults.list().filter((fault) => 'namespace' in fault && fault.namespace === 'lost')).toEqual([]);
    expectNoneFailed(await stage.counts());
  });
});

function step(weight: number, duration: string) {
  return { weight, duration };
}

function expectForeign(result: DeployResult, object: string, field: string, observed: string): void {
  expect(result).toMatchObject({ outcome: 'rolledBack', reasonCode: 'ForeignChange' });
  expect(result.reason).toContain(object);
  const found = result.foreign.find((each) => each.object === object && each.field.includes(field));
  expect(found?.observed).toContain(observed);
}

function rowOf(result: DeployResult, object: string, field?: string) {
  return result.restored.find((row) => row.object === object && (field === undefined || row.field === field));
}

function expectRestored(result: DeployResult, before: Standing): void {
  expect(result.restored.filter(({ restored }) => !restored)).toEqual([]);
  const route = result.restored.find(({ object }) => object.startsWith('HTTPRoute'));
  expect(route).toMatchObject({ observed: 'crm-api 100' });
  expect(before.weights).toBe('crm-api:80 100');
}

async function backendsOf(stage: Stage): Promise<readonly BackendRef[]> {
  return (await stage.route()).spec?.rules?.[0]?.backendRefs ?? [];
}

async function setBackends(stage: Stage, backendRefs: readonly BackendRef[]): Promise<void> {
  const [rule] = (await stage.route()).spec?.rules ?? [];
  await stage.kube.mergePatch(stage.at(HTTP_ROUTES), { spec: { rules: [{ ...rule, backendRefs }] } });
}

async function weightsOf(stage: Stage): Promise<readonly number[]> {
  const text = await (await fetch(`${stage.router.adminUrl}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith('router_backend_weight{'));
  return lines.filter((line) => line.includes(`namespace="${stage.name}"`)).map((line) => Number(line.split(' ')[1]));
}

/** As a team would apply it again: what the server and Mainstay had written on it is gone. */
function asNew({ apiVersion, kind, metadata, spec }: HttpRoute): object {
  return { apiVersion, kind, metadata: { name: metadata?.name, namespace: metadata?.namespace }, spec };
}
