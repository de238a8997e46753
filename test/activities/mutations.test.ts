/** What every mutating activity promises, one row each: a reply lost, a conflict, a second run, a newer owner, a cancellation. */
import { describe, expect, it } from 'vitest';
import type { ObjectAddress } from '../../src/clients/kubernetes/port.ts';
import type { FaultRule } from '../../src/sandbox/cluster/api/faults.ts';
import {
  activityEnvironment,
  attempt,
  attempts,
  CANARY,
  CANARY_PODS,
  CANARY_SERVICE,
  fence,
  IMAGE_2,
  type MutationLab,
  OPERATION,
  openMutationLab,
  ROUTE,
  SPLIT,
  STABLE,
  STABLE_BACKENDS,
} from './mutation-lab.ts';

interface Mutation {
  readonly name: string;
  /** Its write, as fault rules see it, and the object that carries the fence. */
  readonly write: Pick<FaultRule, 'verb' | 'resource'>;
  readonly object: ObjectAddress;
  readonly prepare?: (lab: MutationLab) => Promise<unknown>;
  readonly run: (lab: MutationLab) => Promise<unknown>;
}

const scale = (lab: MutationLab, change: number, weightPercent: number, previousReplicas?: number) => {
  const { plan, before } = lab;
  const previous = previousReplicas === undefined ? {} : { previousReplicas };
  const wanted = { plan, before, operation: OPERATION, image: IMAGE_2, weightPercent, ...previous };
  return lab.act.scaleCanary({ ...wanted, fence: fence(change) });
};
const shift = (lab: MutationLab) =>
  lab.act.shiftTraffic({ plan: lab.plan, fence: fence(3), expected: STABLE_BACKENDS, wanted: SPLIT });
const promote = (lab: MutationLab) => lab.act.promoteStable({ ...common(lab, 4), image: IMAGE_2 });
function common({ plan, before }: MutationLab, change: number) {
  return { plan, before, operation: OPERATION, fence: fence(change) };
}

const MUTATIONS: readonly Mutation[] = [
  {
    name: 'claimService of the Deployment',
    write: { verb: 'update', resource: 'deployments' },
    object: STABLE,
    run: (lab) => lab.act.claimService({ plan: lab.plan, fence: fence(2), operation: OPERATION }),
  },
  {
    name: 'claimService of the route',
    write: { verb: 'update', resource: 'httproutes' },
    object: ROUTE,
    run: (lab) => lab.act.claimService({ plan: lab.plan, fence: fence(2), operation: OPERATION }),
  },
  {
    name: 'scaleCanary that creates the Deployment',
    write: { verb: 'create', resource: 'deployments' },
    object: STABLE,
    run: (lab) => scale(lab, 2, 10),
  },
  {
    name: 'scaleCanary that creates the Service',
    write: { verb: 'create', resource: 'services' },
    object: STABLE,
    run: (lab) => scale(lab, 2, 10),
  },
  {
    name: 'scaleCanary that scales',
    write: { verb: 'update', resource: 'deployments' },
    object: CANARY,
    prepare: (lab) => attempt(() => scale(lab, 2, 10)),
    run: (lab) => scale(lab, 5, 50, 1),
  },
  {
    name: 'shiftTraffic',
    write: { verb: 'update', resource: 'httproutes' },
    object: ROUTE,
    run: shift,
  },
  {
    name: 'promoteStable',
    write: { verb: 'update', resource: 'deployments' },
    object: STABLE,
    run: promote,
  },
  {
    name: 'removeCanary',
    write: { verb: 'delete', resource: 'deployments' },
    object: CANARY,
    prepare: (lab) => attempt(() => scale(lab, 2, 10)),
    run: (lab) => {
      const objects = [CANARY, CANARY_SERVICE];
      const { cluster } = lab.plan.workload;
      return lab.act.removeCanary({ cluster, objects, podSelector: CANARY_PODS, fence: fence(6) });
    },
  },
  {
    name: 'restoreWorkload',
    write: { verb: 'update', resource: 'deployments' },
    object: STABLE,
    prepare: (lab) => attempt(() => promote(lab)),
    run: (lab) => lab.act.restoreWorkload({ ...common(lab, 6), image: IMAGE_2 }),
  },
  {
    name: 'restoreTraffic',
    write: { verb: 'update', resource: 'httproutes' },
    object: ROUTE,
    prepare: (lab) => attempt(() => shift(lab)),
    run: (lab) =>
      lab.act.restoreTraffic({ ...common(lab, 6), asked: ['crm-api 1', 'crm-api 90, crm-api-canary-7 10'] }),
  },
];

async function opened(mutation: Mutation): Promise<MutationLab> {
  const lab = await openMutationLab();
  await mutation.prepare?.(lab);
  return lab;
}

const known = new Map<string, Promise<unknown>>();

/** What stands after an undisturbed run. */
function undisturbed(mutation: Mutation): Promise<unknown> {
  const found = known.get(mutation.name) ?? runUndisturbed(mutation);
  known.set(mutation.name, found);
  return found;
}

async function runUndisturbed(mutation: Mutation): Promise<unknown> {
  const lab = await opened(mutation);
  const was = await lab.standing();
  await attempt(() => mutation.run(lab));
  const now = await lab.standing();
  expect(now).not.toEqual(was);
  return now;
}

describe.each(MUTATIONS)('$name', (mutation) => {
  const faults: readonly (FaultRule & { readonly when: string })[] = [
    { when: 'its reply was lost', dropReply: true, count: 1 },
    { when: 'the server answered 500 and may have written', status: 500, count: 1 },
    { when: 'the server asked for patience', status: 429, retryAfterSeconds: 1, count: 1 },
  ];
  it.each(faults)('leaves the same as undisturbed when $when', async ({ when: _when, ...fault }) => {
    const wanted = await undisturbed(mutation);
    const lab = await opened(mutation);
    lab.api.faults.add({ ...mutation.write, ...fault });
    await attempts(() => mutation.run(lab));
    expect(lab.api.faults.list()).toEqual([]);
    expect(await lab.standing()).toEqual(wanted);
  });

  it('leaves the same when it runs twice, with the same answer but for what was changed', async () => {
    const wanted = await undisturbed(mutation);
    const lab = await opened(mutation);
    const first = await attempt(() => mutation.run(lab));
    const second = await attempt(() => mutation.run(lab));
    expect(await lab.standing()).toEqual(wanted);
    expect(withoutChanged(second)).toEqual(withoutChanged(first));
  });

  it('is refused by a higher pair on the object, and writes nothing', async () => {
    const lab = await opened(mutation);
    await lab.stamp(mutation.object, '8/1');
    const was = await lab.standing();
    // A claim stamps the Deployment before it comes to the route.
    await expect(attempt(() => mutation.run(lab))).rejects.toMatchObject({ type: 'Fenced', nonRetryable: true });
    const now = await lab.standing();
    if (mutation.name === 'claimService of the route') expect(JSON.stringify(now)).toContain('8/1');
    else expect(now).toEqual(was);
  });

  it('writes nothing when it is cancelled while it looks', async () => {
    const lab = await opened(mutation);
    const was = await lab.standing();
    const environment = activityEnvironment();
    lab.api.faults.add({ verb: 'get', delayMs: 100, count: 1 });
    const running = attempt(() => mutation.run(lab), environment);
    setTimeout(() => environment.cancel('CANCELLED'), 30);
    await expect(running).rejects.toThrow('CANCELLED');
    expect(await lab.standing()).toEqual(was);
  });
});

describe.each(MUTATIONS.filter(({ write }) => write.verb === 'update'))('$name', (mutation) => {
  it('looks again when someone wrote in between', async () => {
    const wanted = await undisturbed(mutation);
    const lab = await opened(mutation);
    lab.api.faults.add({ ...mutation.write, status: 409, count: 2 });
    await attempt(() => mutation.run(lab));
    expect(await lab.standing()).toEqual(wanted);
  });
});

/** Times and what a second run did not have to change any more. */
function withoutChanged(answer: unknown): unknown {
  return JSON.parse(
    JSON.stringify(answer, (key, value: unknown) =>
      key === 'changed' || key === 'observedAtMs' || key === 'templateDigest' ? undefined : value,
    ),
  );
}
