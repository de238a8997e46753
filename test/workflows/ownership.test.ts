/** Two deployments of one service at once, and owners that end without a word, on the dev server. */
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeployResult } from '../../src/core/model/operation.ts';
import type { OwnershipView } from '../../src/core/model/ownership.ts';
import { begin, send, statusOf, waitsFor } from '../harness/conversation.ts';
import { createFakes, type FakeOptions, type Fakes, passingTally, whyNotS1 } from '../harness/fake-world.ts';
import { IMAGE_1, IMAGE_2 } from '../harness/some-plan.ts';
import { isMissing } from '../harness/tools.ts';
import { until } from '../harness/until.ts';
import { type Lab, openLab, type Trial } from '../harness/workflow-lab.ts';

describe.skipIf(isMissing('temporal'))('ownership', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab('local');
  });
  afterAll(async () => {
    await lab.close();
  });

  /** The first watch at a step waits for `go()`; all others pass at once. */
  function heldAt(step: number): {
    readonly observe: NonNullable<FakeOptions['observe']>;
    readonly go: () => void;
    readonly reached: () => boolean;
  } {
    let go: () => void = () => undefined;
    let reached = false;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    return {
      observe: async (input) => {
        if (input.step === step && !reached) {
          reached = true;
          await gate;
        }
        return passingTally(input);
      },
      go: () => go(),
      reached: () => reached,
    };
  }

  const view = (trial: Trial): Promise<OwnershipView> => trial.ownership().query<OwnershipView>('ownership');
  const phaseOf = async (handle: WorkflowHandle): Promise<string> => (await statusOf(handle)).phase;

  async function running(step: number) {
    const held = heldAt(step);
    const stage = begin(lab, { observe: held.observe });
    const first = await stage.trial.start();
    await until(`step ${step} reached`, () => held.reached() || undefined);
    return { ...stage, held, first };
  }

  it('rejects a second deployment, naming the owner and how to look at it', async () => {
    const { trial, held, first, world } = await running(0);
    const second = await trial.start();
    const result = await second.result();
    expect(result).toMatchObject({ outcome: 'rejected', reasonCode: 'ServiceBusy' });
    expect(result.reason).toContain(first.workflowId);
    expect(result.reason).toContain('mainstay status --id');
    held.go();
    expect(await first.result()).toMatchObject({ outcome: 'promoted' });
    expect(whyNotS1(world)).toBeUndefined();
  });

  it('queues a second one, which checks again at its turn and finds nothing left to do', async () => {
    const { trial, held, first, names } = await running(0);
    const second = await trial.start({ onBusy: 'queue' });
    expect((await waitsFor(second, 'turn')).next).toContain('');
    const before = names().filter((name) => name === 'observePreflight').length;
    held.go();
    expect(await first.result()).toMatchObject({ outcome: 'promoted' });
    // Both wanted the same image: after the first nothing is to be changed.
    expect(await second.result()).toMatchObject({ outcome: 'unchanged' });
    expect(names().filter((name) => name === 'observePreflight')).toHaveLength(before + 1);
    await until('freed', async () => ((await view(trial)).owner === undefined ? true : undefined));
  });

  it('lets an aborted waiter leave the line', async () => {
    const { trial, held, first } = await running(0);
    const second = await trial.start({ onBusy: 'queue' });
    await waitsFor(second, 'turn');
    await send(second, 'abort', { by: 'on-call engineer', reason: 'not needed' });
    expect(await second.result()).toMatchObject({ outcome: 'aborted' });
    await until('left the line', async () => ((await view(trial)).queue.length === 0 ? true : undefined));
    held.go();
    expect(await first.result()).toMatchObject({ outcome: 'promoted' });
  });

  it('replaces: the first undoes what it did and releases, then the second goes', async () => {
    const { trial, held, first, world } = await running(1);
    const second = await trial.start({ onBusy: 'replace', reason: 'newer commit' });
    const replaced = await first.result();
    expect(replaced).toMatchObject({ outcome: 'superseded', reasonCode: 'Replaced' });
    expect(replaced.reason).toContain(second.workflowId);
    expect(replaced.restored.every((row) => row.restored)).toBe(true);
    held.go();
    expect(await second.result()).toMatchObject({ outcome: 'promoted' });
    expect(world.deployment.image).toBe(IMAGE_2);
    expect(whyNotS1(world)).toBeUndefined();
  });

  it('pre-empts: the first changes nothing more, the second restores what it found before it goes', async () => {
    const { trial, held, first, world, calls } = await running(1);
    const second = await trial.start({ onBusy: 'preempt', reason: 'fix for the outage' });
    const lost = await first.result();
    expect(lost).toMatchObject({ outcome: 'superseded', reasonCode: 'Preempted' });
    expect(lost.restored).toEqual([]);
    expect(await second.result()).toMatchObject({ outcome: 'promoted' });
    held.go();
    expect(world.deployment.image).toBe(IMAGE_2);
    expect(whyNotS1(world)).toBeUndefined();
    const undo = calls.findIndex((call) => call.name === 'restoreTraffic');
    const claims = calls.flatMap((call, index) => (call.name === 'claimService' ? [index] : []));
    // Claimed with the new term before anything is restored, and again before it observes what to restore to.
    expect(claims).toHaveLength(3);
    expect(claims[1]).toBeLessThan(undo);
    expect(claims[2]).toBeGreaterThan(undo);
  });

  it('refuses the late write of a pre-empted owner at the object', async () => {
    const { trial, first, held, world, calls } = await running(1);
    const second = await trial.start({ onBusy: 'preempt', reason: 'fix for the outage' });
    await Promise.all([second.result(), first.result()]);
    held.go();
    const late = calls.find((call) => call.name === 'shiftTraffic')?.input as Parameters<Fakes['shiftTraffic']>[0];
    const { fakes } = createFakes(world);
    await expect(fakes.shiftTraffic({ ...late, expected: world.route.backends })).rejects.toMatchObject({
      type: 'Fenced',
    });
    expect(whyNotS1(world)).toBeUndefined();
  });

  it.each(['terminate', 'cancel'] as const)(
    'makes S1 true again within seconds after temporal workflow %s',
    async (how) => {
      const { trial, held, first, world } = await running(1);
      expect(whyNotS1(world)).toBeDefined();
      await first[how]();
      await until('S1', () => (whyNotS1(world) === undefined ? true : undefined));
      expect(world.deployment.image).toBe(IMAGE_1);
      const free = await until('free', async () => {
        const now = await view(trial);
        return now.owner === undefined ? now : undefined;
      });
      const expected: Partial<DeployResult> =
        how === 'terminate'
          ? { outcome: 'rolledBack', reasonCode: 'OwnerEnded' }
          : { outcome: 'aborted', reasonCode: 'Cancelled' };
      expect(free.last).toMatchObject(expected);
      held.go();
      expect(await (await trial.start()).result()).toMatchObject({ outcome: 'promoted' });
    },
  );

  it('lets the next deployment wait for the restore of a terminated one, also when it asked to be rejected', async () => {
    let stuck = true;
    const held = heldAt(1);
    const stage = begin(lab, {
      observe: held.observe,
      interfere: (call) => ({
        before: () => {
          if (call.name === 'restoreTraffic' && stuck) throw new Error('the API is away');
        },
      }),
    });
    const first = await stage.trial.start();
    await until('step reached', () => held.reached() || undefined);
    await first.terminate();
    await until('restoring', async () => ((await view(stage.trial)).restoring ? true : undefined));
    const second = await stage.trial.start();
    await until('queued', async () => ((await phaseOf(second)) === 'queued' ? true : undefined));
    expect(whyNotS1(stage.world)).toBeDefined();
    stuck = false;
    held.go();
    expect(await second.result()).toMatchObject({ outcome: 'promoted' });
    expect(whyNotS1(stage.world)).toBeUndefined();
  });

  it('restores again when the restore itself is terminated', async () => {
    let stuck = true;
    const held = heldAt(1);
    const stage = begin(lab, {
      observe: held.observe,
      interfere: (call) => ({
        before: () => {
          if (call.name === 'restoreTraffic' && stuck) throw new Error('the API is away');
        },
      }),
    });
    const first = await stage.trial.start();
    await until('step reached', () => held.reached() || undefined);
    await first.terminate();
    const restoring = await until('restoring', async () => {
      const now = await view(stage.trial);
      return now.restoring ? now.owner : undefined;
    });
    await until('the restore has begun', async () => {
      const status = await lab.env.client.workflow.getHandle(restoring.workflowId).describe();
      return status.raw.pendingActivities?.length ? true : undefined;
    });
    await lab.env.client.workflow.getHandle(restoring.workflowId).terminate();
    stuck = false;
    held.go();
    await until('S1', () => (whyNotS1(stage.world) === undefined ? true : undefined));
    const free = await until('free', async () => {
      const now = await view(stage.trial);
      return now.owner === undefined ? now : undefined;
    });
    expect(free.term).toBeGreaterThan(restoring.term);
  });

  it('refuses to take the canary of an operation whose record is lost for the state to come back to', async () => {
    const { trial, held, first, world } = await running(1);
    await trial.ownership().terminate();
    await first.terminate();
    const result = await (await trial.start()).result();
    held.go();
    expect(result).toMatchObject({ outcome: 'rejected', reasonCode: 'PreflightFailed' });
    expect(result.reason).toContain('whose record is lost');
    expect(world.deployment.image).toBe(IMAGE_1);
  });
});
