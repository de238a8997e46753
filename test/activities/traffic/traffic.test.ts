/** Changes of weights that someone else, a newer owner or a slow gateway comes in the way of. */
import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../src/clients/kubernetes/port.ts';
import type { Deployment } from '../../../src/core/rollout/workload.ts';
import { until } from '../../harness/until.ts';
import { type HttpRoute, withBackends } from '../../../src/core/rollout/route.ts';
import {
  attempt,
  backendsOf,
  fence,
  type MutationLab,
  OPERATION,
  openMutationLab,
  ROUTE,
  ROUTE_MARK,
  SPLIT,
  STABLE,
  STABLE_BACKENDS,
} from '../mutation-lab.ts';

type Stored = HttpRoute & KubernetesObject;
type Workload = Deployment & KubernetesObject;
const HALF = [
  { service: 'crm-api', port: 80, weight: 50 },
  { service: 'other', port: 80, weight: 50 },
];
const shift = (lab: MutationLab, change = 3) =>
  lab.act.shiftTraffic({ plan: lab.plan, fence: fence(change), expected: STABLE_BACKENDS, wanted: SPLIT });
const restore = (lab: MutationLab, change = 6) => {
  const { plan, before } = lab;
  const asked = ['crm-api 1', 'crm-api 90, crm-api-canary-7 10'];
  return lab.act.restoreTraffic({ plan, before, operation: OPERATION, fence: fence(change), asked });
};
const read = async (lab: MutationLab) => (await lab.client.get<Stored>(ROUTE)) as Stored;
/** Someone else sends the same weight to another port. */
const withPort = (port: number) => (each: Stored) =>
  withBackends(each, 0, [{ service: 'crm-api', port, weight: 1 }]) as Stored;
const byHand = (each: Stored) => withBackends(each, 0, HALF) as Stored;

describe('shiftTraffic', () => {
  it('changes the weights of our rule and our mark, and nothing else of the route', async () => {
    const lab = await openMutationLab();
    const was = await read(lab);
    expect(await attempt(() => shift(lab))).toMatchObject({ outcome: 'applied' });
    const now = await read(lab);
    expect(backendsOf(now)).toEqual([
      ['crm-api', 90],
      ['crm-api-canary-7', 10],
    ]);
    expect({ ...now.spec, rules: now.spec.rules?.slice(1) }).toEqual({ ...was.spec, rules: was.spec.rules?.slice(1) });
    expect(now.metadata.annotations).toEqual({ [ROUTE_MARK]: '7/3' });
  });

  it('writes nothing over weights that someone else set, nor when the stamp was removed', async () => {
    const lab = await openMutationLab();
    await lab.edit<Stored>(ROUTE, byHand);
    const was = await lab.standing();
    expect(await attempt(() => shift(lab))).toMatchObject({
      outcome: 'foreign',
      changes: [{ object: 'HTTPRoute crm/crm-api', expected: 'crm-api 1', observed: 'crm-api 50, other 50' }],
    });
    expect(await lab.standing()).toEqual(was);
    await lab.edit<Stored>(ROUTE, (each) => withBackends(each, 0, STABLE_BACKENDS));
    await lab.stamp(ROUTE, undefined);
    expect(await attempt(() => shift(lab))).toMatchObject({ outcome: 'foreign', changes: [{ field: 'fence' }] });
  });

  it('takes a port that someone else set for a foreign change, not another order', async () => {
    const lab = await openMutationLab();
    await lab.edit<Stored>(ROUTE, withPort(9999));
    expect(await attempt(() => shift(lab))).toMatchObject({
      outcome: 'foreign',
      changes: [{ expected: 'crm-api 1', observed: 'crm-api:9999 1' }],
    });
    await lab.edit<Stored>(ROUTE, withPort(80));
    await attempt(() => shift(lab));
    const reversed = withBackends(await read(lab), 0, SPLIT.toReversed());
    await lab.edit<Stored>(ROUTE, (each) => ({ ...each, spec: reversed.spec }));
    const on = { plan: lab.plan, fence: fence(4), expected: SPLIT, wanted: STABLE_BACKENDS };
    expect(await attempt(() => lab.act.shiftTraffic(on))).toMatchObject({ outcome: 'applied' });
  });

  it('tells of a route that was deleted', async () => {
    const lab = await openMutationLab();
    await lab.client.delete(ROUTE);
    expect(await attempt(() => shift(lab))).toMatchObject({ changes: [{ field: 'existence', observed: 'deleted' }] });
  });

  it('is not confirmed by a gateway that has not seen this generation', async () => {
    const lab = await openMutationLab();
    lab.deafen();
    expect(await attempt(() => shift(lab))).toMatchObject({
      outcome: 'notConfirmed',
      says: expect.stringMatching(/generation|gateway/),
    });
  });

  it('does not confirm on a look that failed', async () => {
    const lab = await openMutationLab();
    await attempt(() => shift(lab));
    lab.deafen();
    await lab.stamp(ROUTE, '7/2');
    lab.api.faults.add({ id: 'away', verb: 'get', resource: 'httproutes', status: 503 });
    const running = attempt(() => shift(lab));
    // Away from the first read on: nothing is known, so nothing is done.
    await expect(running).rejects.toMatchObject({ type: 'Unavailable' });
    lab.api.faults.remove('away');
  });
});

describe('restoreTraffic', () => {
  it('gives back exactly what was found, also over a foreign change that it reports', async () => {
    const lab = await openMutationLab();
    const was = await read(lab);
    await attempt(() => shift(lab));
    await lab.edit<Stored>(ROUTE, byHand);
    await lab.stamp(ROUTE, undefined);
    const account = await attempt(() => restore(lab));
    expect((await read(lab)).spec).toEqual(was.spec);
    expect(account).toMatchObject({
      complete: true,
      restored: [{ object: 'HTTPRoute crm/crm-api', restored: true, changed: true, observed: 'crm-api 1' }],
      foreign: [{ expected: 'crm-api 90, crm-api-canary-7 10', observed: 'crm-api 50, other 50' }],
    });
  });

  it('gives the port back too, and reports the one that someone else set', async () => {
    const lab = await openMutationLab();
    const was = await read(lab);
    await lab.edit<Stored>(ROUTE, withPort(9999));
    expect(await attempt(() => restore(lab))).toMatchObject({
      complete: true,
      restored: [{ restored: true, changed: true }],
      foreign: [{ observed: 'crm-api:9999 1' }],
    });
    expect((await read(lab)).spec).toEqual(was.spec);
  });

  it('calls nothing foreign that this operation asked for itself', async () => {
    const lab = await openMutationLab();
    await attempt(() => shift(lab));
    expect(await attempt(() => restore(lab))).toMatchObject({ complete: true, foreign: [] });
  });

  it('is tried again until the gateway has taken it up', async () => {
    const lab = await openMutationLab();
    await attempt(() => shift(lab));
    lab.deafen();
    await expect(attempt(() => restore(lab))).rejects.toMatchObject({ type: 'NotReady', nonRetryable: false });
    expect(backendsOf(await read(lab))).toEqual([['crm-api', 1]]);
  });

  it.each([
    { when: 'deleted the route', act: (lab: MutationLab) => lab.client.delete(ROUTE) },
    {
      when: 'took our Service out of it',
      act: (lab: MutationLab) =>
        lab.edit<Stored>(ROUTE, (each) => withBackends(each, 0, [{ service: 'other', port: 80, weight: 1 }])),
    },
  ])('asks for help, naming what to put back, when someone $when', async ({ act }) => {
    const lab = await openMutationLab();
    await act(lab);
    expect(await attempt(() => restore(lab))).toMatchObject({
      complete: false,
      problem: expect.stringContaining('crm-api 1'),
      restored: [{ restored: false, wanted: 'crm-api 1' }],
    });
  });

  it('leaves traffic where it is while the version that served has no ready pod', async () => {
    const lab = await openMutationLab();
    await attempt(() => shift(lab));
    const scale = async (replicas: number): Promise<void> => {
      await lab.edit<Workload>(STABLE, (each) => ({ ...each, spec: { ...each.spec, replicas } }));
      await until(`${replicas} ready`, async () => {
        const now = (await lab.client.get<Workload>(STABLE))?.status?.readyReplicas ?? 0;
        return now === replicas ? true : undefined;
      });
    };
    await scale(0);
    const was = backendsOf(await read(lab));
    expect(await attempt(() => restore(lab))).toMatchObject({ complete: false, isStableDown: true });
    expect(backendsOf(await read(lab))).toEqual(was);
    await scale(4);
    expect(await attempt(() => restore(lab))).toMatchObject({ complete: true });
  });
});
