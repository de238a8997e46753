/**
 * The interruption sweep with fakes: the happy path is taken once, then every activity of it is failed for good, loses
 * its reply after its effect, or is interrupted by a cancellation. Whatever happens, S1 holds and the report tells.
 */
import { ApplicationFailure, Context } from '@temporalio/activity';
import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeployResult } from '../../src/core/model/operation.ts';
import type { OwnershipView } from '../../src/core/model/ownership.ts';
import { type Call, createFakes, type FakeOptions, newWorld, whyNotS1, type World } from '../harness/fake-world.ts';
import { IMAGE_1, IMAGE_2, SOME_MIGRATIONS, somePlan } from '../harness/some-plan.ts';
import { isMissing } from '../harness/tools.ts';
import { type Lab, openLab, type Trial } from '../harness/workflow-lab.ts';

/** A short ladder has every kind of step; the long one would only repeat them. */
const PLAN = somePlan({
  migrations: SOME_MIGRATIONS,
  steps: somePlan()
    .steps.filter((step) => [10, 100].includes(step.weightPercent))
    .map((step, index) => ({ ...step, index })),
});

const TRACE = [
  'resolvePlan',
  'resolveImage',
  'observePreflight',
  'claimService',
  'migrateDatabase',
  'scaleCanary',
  'shiftTraffic',
  'observeStep',
  'scaleCanary',
  'shiftTraffic',
  'observeStep',
  'promoteStable',
  'shiftTraffic',
  'removeCanary',
  'observeStep',
  'recordRelease',
] as const;

const CLAIM = TRACE.indexOf('claimService');
/** By then everything is done: what happens to the last word changes nothing. */
const END = TRACE.indexOf('recordRelease');

interface Ran {
  readonly world: World;
  readonly calls: readonly Call[];
  readonly trial: Trial;
  readonly result?: DeployResult;
  readonly error?: unknown;
}

async function run(lab: Lab, interfere: NonNullable<FakeOptions['interfere']>): Promise<Ran> {
  const world = newWorld();
  const { fakes, calls } = createFakes(world, { plan: PLAN, interfere });
  const trial = lab.trial(fakes);
  const handle = await trial.start();
  try {
    return { world, calls, trial, result: await handle.result() };
  } catch (error) {
    return { world, calls, trial, error };
  }
}

async function owner(trial: Trial): Promise<OwnershipView> {
  return trial.ownership().query<OwnershipView>('ownership');
}

describe.skipIf(isMissing('temporal'))('interruption sweep', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab('local');
  });
  afterAll(async () => {
    await lab.close();
  });

  it('has the trace it sweeps', async () => {
    const { calls, result } = await run(lab, () => undefined);
    expect(calls.map((call) => call.name)).toEqual(TRACE);
    expect(result?.outcome).toBe('promoted');
  });

  it.each(TRACE.map((name, index) => ({ name, index })))('fails $name ($index) for good', async ({ name, index }) => {
    const { world, result, error, trial } = await run(lab, (_call, at) => ({
      before: () => {
        if (at === index) throw ApplicationFailure.nonRetryable('the server said no', 'Forbidden');
      },
    }));
    expect(whyNotS1(world)).toBeUndefined();
    expect(error).toBeUndefined();
    if (index === END) {
      expect(result?.outcome).toBe('promoted');
      expect((await owner(trial)).last).toMatchObject({ outcome: 'promoted' });
      return;
    }
    expect(world.deployment.image).toBe(IMAGE_1);
    expect(result?.reason).toContain('the server said no');
    expect(result?.outcome).toBe(index <= CLAIM ? 'rejected' : 'rolledBack');
    if (index > CLAIM) expect(result?.reason).toContain(name);
    if (index > CLAIM) expect(result?.restored.every((row) => row.restored)).toBe(true);
    if (index >= CLAIM) expect((await owner(trial)).owner).toBeUndefined();
  });

  it.each(TRACE.map((name, index) => ({ name, index })))(
    'loses the reply of $name ($index) after its effect',
    async ({ index }) => {
      let lost = false;
      const { world, result } = await run(lab, (_call, at) => ({
        after: () => {
          if (at !== index || lost) return;
          lost = true;
          throw ApplicationFailure.create({ message: 'connection reset', type: 'OutcomeUnknown' });
        },
      }));
      expect(lost).toBe(true);
      expect(result).toMatchObject({ outcome: 'promoted' });
      expect(world.deployment.image).toBe(IMAGE_2);
      expect(whyNotS1(world)).toBeUndefined();
    },
  );
  it.each(TRACE.slice(0, END).map((name, index) => ({ name, index })))(
    'is cancelled at $name ($index)',
    async ({ index }) => {
      const { world, error, trial } = await run(lab, (_call, at) => ({
        after: async () => {
          if (at === index)
            await lab.env.client.workflow
              .getHandle(Context.current().info.workflowExecution?.workflowId ?? '')
              .cancel();
        },
      }));
      expect(whyNotS1(world)).toBeUndefined();
      expect(world.deployment.image).toBe(IMAGE_1);
      expect(error).toBeInstanceOf(WorkflowFailedError);
      expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
      if (index < CLAIM) return;
      const view = await owner(trial);
      expect(view.owner).toBeUndefined();
      expect(view.last).toMatchObject({ outcome: 'aborted', reasonCode: 'Cancelled' });
      if (index > CLAIM) expect(view.last?.restored.every((row) => row.restored)).toBe(true);
    },
  );
});

// A server for each test: what one leaves behind can keep the time-skipping server from skipping in the next.
describe.skipIf(isMissing('temporal-test-server'))('undo that cannot be done at once', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await openLab('skipping');
  });
  afterEach(async () => {
    await lab.close();
  });

  it.each(['restoreTraffic', 'removeCanary', 'restoreWorkload'] as const)(
    'asks for help when %s of the undo fails, and goes on trying',
    async (name) => {
      let failures = 0;
      const { world, result } = await run(lab, (call) => ({
        before: () => {
          if (call.name === 'observeStep') throw ApplicationFailure.nonRetryable('bug in the observer', 'BadResponse');
          if (call.name !== name || failures >= 2) return;
          failures += 1;
          throw ApplicationFailure.nonRetryable('not allowed', 'Forbidden');
        },
      }));
      expect(failures).toBe(2);
      expect(result).toMatchObject({ outcome: 'rolledBack', reasonCode: 'StepFailed' });
      expect(result?.restored.every((row) => row.restored)).toBe(true);
      expect(whyNotS1(world)).toBeUndefined();
    },
  );
});
