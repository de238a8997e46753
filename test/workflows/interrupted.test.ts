/** What must not depend on luck: a worker that dies as it is asked to stop, stamps nobody gave, messages between two changes. */
import { ApplicationFailure } from '@temporalio/activity';
import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OwnershipView } from '../../src/core/model/ownership.ts';
import type { ObserveStepInput } from '../../src/core/model/observe.ts';
import { begin, BY, during, self, send, statusOf, waitsFor, withApprovalAt } from '../harness/conversation.ts';
import { newWorld, passingTally, whyNotS1 } from '../harness/fake-world.ts';
import { IMAGE_1, IMAGE_2, somePlan } from '../harness/some-plan.ts';
import { isMissing } from '../harness/tools.ts';
import { until } from '../harness/until.ts';
import { type Lab, openLab } from '../harness/workflow-lab.ts';

const SOON = { ...somePlan().intervals, observerHeartbeatMs: 1000, mutatorHeartbeatMs: 1000 };

describe.skipIf(isMissing('temporal'))('a deployment that is interrupted', () => {
  let lab: Lab;
  const hung: (() => void)[] = [];
  /** A call whose worker has died: it never answers and never heartbeats. */
  const dead = (): Promise<never> =>
    new Promise((_, reject) => {
      hung.push(() => reject(new Error('over')));
    });
  beforeAll(async () => {
    lab = await openLab('local');
  });
  afterAll(async () => {
    for (const end of hung) end();
    await lab.close();
  });

  it('goes on after skipStep when the worker that watched died with it', async () => {
    const { world, trial } = begin(lab, {
      plan: somePlan({ intervals: SOON }),
      observe: async (input) => {
        if (input.step !== 0) return passingTally(input);
        await send(self(lab), 'skipStep', BY);
        return dead();
      },
    });
    expect(await (await trial.start()).result()).toMatchObject({ outcome: 'promoted' });
    expect(world.deployment.image).toBe(IMAGE_2);
  });

  it('still rolls back for a final fault of the watch that skipStep came across', async () => {
    const { trial } = begin(lab, {
      observe: async () => {
        await send(self(lab), 'skipStep', BY);
        throw ApplicationFailure.nonRetryable('two values where one is expected', 'AmbiguousMetric');
      },
    });
    expect(await (await trial.start()).result()).toMatchObject({ outcome: 'rolledBack', reasonCode: 'StepFailed' });
  });

  it('ends as cancelled when the worker that changed something died with the request', async () => {
    const { world, trial } = begin(lab, {
      plan: somePlan({ intervals: SOON }),
      interfere: (call) => ({
        after: async () => {
          if (call.name !== 'shiftTraffic') return;
          await self(lab).cancel();
          await dead();
        },
      }),
    });
    const error = await (await trial.start()).result().catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
    const view = await trial.ownership().query<OwnershipView>('ownership');
    expect(view.last).toMatchObject({ outcome: 'aborted', reasonCode: 'Cancelled' });
    expect(whyNotS1(world)).toBeUndefined();
  });

  it('asks the approval of a step that promoteNow leaves out', async () => {
    const { names, trial } = begin(lab, { plan: withApprovalAt(50), observe: during(lab, 0, 'promoteNow') });
    const handle = await trial.start();
    const now = await waitsFor(handle, 'approval');
    expect(now.weightPercent).toBe(10);
    expect(names()).not.toContain('promoteStable');
    await send(handle, 'approve', { ...BY, plan: now.planDigest });
    expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  });

  it('keeps the weight when it is paused while the pods of the next step start', async () => {
    const watched: ObserveStepInput[] = [];
    let scaled = 0;
    const { world, trial } = begin(lab, {
      observe: (input) => {
        watched.push(input);
        return input.mode === 'hold'
          ? new Promise((resolve) => hung.push(() => resolve(passingTally(input))))
          : passingTally(input);
      },
      interfere: (call) => ({
        after: async () => {
          if (call.name !== 'scaleCanary') return;
          scaled += 1;
          if (scaled === 3) await send(self(lab), 'pause', BY);
        },
      }),
      plan: somePlan({ intervals: SOON }),
    });
    const handle = await trial.start();
    await waitsFor(handle, 'resume');
    const hold = await until('the hold is watched', () => watched.find((input) => input.mode === 'hold'));
    expect(world.route.backends.map((each) => each.weight)).toEqual([75, 25]);
    // The canary has its pods for 50 % already: our own change, not someone else's.
    expect(hold).toMatchObject({ weightPercent: 25, expected: { stableImage: IMAGE_1, canary: { replicas: 2 } } });
    await send(handle, 'resume', BY);
    expect(await handle.result()).toMatchObject({ outcome: 'promoted', foreign: [] });
  });

  it('expects the new image on the named Deployment while it holds between the roll and the shift back', async () => {
    const watched: ObserveStepInput[] = [];
    const world = newWorld();
    let handEdit = true;
    const { trial } = begin(
      lab,
      {
        observe: (input) => {
          watched.push(input);
          // The hand edit is taken back while it is held for.
          if (input.mode === 'hold') world.route.backends = watchedBackends(watched);
          return passingTally(input);
        },
        interfere: (call) => ({
          after: () => {
            if (call.name !== 'promoteStable' || !handEdit) return;
            handEdit = false;
            world.route.backends = [{ service: 'crm-api', port: 80, weight: 50 }];
          },
        }),
      },
      world,
    );
    await (await trial.start()).result();
    const hold = watched.find((input) => input.mode === 'hold');
    expect(hold?.expected.stableImage).toBe(IMAGE_2);
  }, 90_000);

  it('stops for the restore when its guard is cancelled by hand', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let reached = false;
    const { world, trial } = begin(lab, {
      observe: async (input) => {
        reached = true;
        await gate;
        return passingTally(input);
      },
    });
    const handle = await trial.start();
    await until('watched', () => reached || undefined);
    const { raw } = await handle.describe();
    const guard = raw.pendingChildren?.find((child) => child.workflowTypeName === 'guardOwnership');
    await lab.env.client.workflow.getHandle(guard?.workflowId ?? '').cancel();
    expect(await handle.result()).toMatchObject({ outcome: 'superseded', reasonCode: 'Preempted', restored: [] });
    release();
    await until('S1', () => (whyNotS1(world) === undefined ? true : undefined));
    expect(world.deployment.image).toBe(IMAGE_1);
  });
});

function watchedBackends(watched: readonly ObserveStepInput[]) {
  return watched.at(-1)?.expected.backends ?? [];
}

// A server for each test: what one leaves behind can keep the time-skipping server from skipping in the next.
describe.skipIf(isMissing('temporal-test-server'))('long troubles', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await openLab('skipping');
  });
  afterEach(async () => {
    await lab.close();
  });

  it('takes no stamp that ownership gave to nobody for a pre-emption: what was changed is undone, with a person if need be', async () => {
    const world = newWorld();
    const { trial } = begin(
      lab,
      {
        observe: (input) => {
          if (input.step === 0) world.route.fence = { term: 9_999_999_999, change: 1 };
          return passingTally(input);
        },
      },
      world,
    );
    const handle = await trial.start();
    await until('fenced', () => (world.canaries.size === 1 && world.route.fence?.change === 1 ? true : undefined));
    await lab.env.sleep('2 min');
    const now = await waitsFor(handle, 'help');
    expect(now.why).toContain('ownership gave the service to nobody else');
    expect(world.canaries.size).toBe(1);
    // A person removes the stamp; the undo tries again by itself.
    world.route.fence = undefined;
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'rolledBack', reasonCode: 'ForeignChange' });
    expect(result.restored.every((row) => row.restored)).toBe(true);
    expect(whyNotS1(world)).toBeUndefined();
    expect((await statusOf(handle)).phase).toBe('ended');
  });

  it('keeps a promoted version whose canary pods take ten minutes to end', async () => {
    let looks = 0;
    const { world, trial } = begin(lab, {
      interfere: (call) => ({
        before: () => {
          // The retry policy asks every 5 s in the end.
          if (call.name !== 'removeCanary' || looks >= 120) return;
          looks += 1;
          throw ApplicationFailure.create({ message: 'canary pods: 1 still there', type: 'NotReady' });
        },
      }),
    });
    expect(await (await trial.start()).result()).toMatchObject({ outcome: 'promoted' });
    expect(looks).toBe(120);
    expect(world.deployment.image).toBe(IMAGE_2);
    expect(whyNotS1(world)).toBeUndefined();
  });
});
