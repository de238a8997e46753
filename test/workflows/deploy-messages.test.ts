import { ApplicationFailure } from '@temporalio/activity';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeployPlan } from '../../src/core/model/plan.ts';
import { begin, BY, during, self, send, waitsFor, withApprovalAt } from '../harness/conversation.ts';
import { failingTally, newWorld, passingTally, whyNotS1 } from '../harness/fake-world.ts';
import { IMAGE_1, IMAGE_2, somePlan } from '../harness/some-plan.ts';
import { isMissing } from '../harness/tools.ts';
import { type Lab, openLab } from '../harness/workflow-lab.ts';

const DAY = 24 * 3600 * 1000;

describe.skipIf(isMissing('temporal'))('messages to a deployment', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab('local');
  });
  afterAll(async () => {
    await lab.close();
  });
  it('asks before a step, watches meanwhile, and goes on when approved', async () => {
    const { calls, trial } = begin(lab, { plan: withApprovalAt(25) });
    const handle = await trial.start();
    const now = await waitsFor(handle, 'approval');
    expect(now.phase).toBe('awaitingApproval');
    expect(now.weightPercent).toBe(10);
    await send(handle, 'approve', { ...BY, plan: now.planDigest });
    expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
    expect(calls).toContainEqual({
      name: 'observeStep',
      input: expect.objectContaining({ mode: 'hold', weightPercent: 10 }),
    });
  });

  it.each([{ when: 'rejected', message: 'reject' as const, code: 'ApprovalRejected' }])(
    'restores everything when a step is $when',
    async ({ message, code }) => {
      const { world, trial } = begin(lab, { plan: withApprovalAt(50) });
      const handle = await trial.start();
      if (message) {
        await waitsFor(handle, 'approval');
        await send(handle, message, BY);
      }
      expect(await handle.result()).toMatchObject({ outcome: 'rejected', reasonCode: code });
      expect(whyNotS1(world)).toBeUndefined();
      expect(world.deployment.image).toBe(IMAGE_1);
    },
  );

  it('keeps the weight while paused, goes on watching, and goes on when resumed', async () => {
    const { world, trial } = begin(lab, { observe: during(lab, 1, 'pause') });
    const handle = await trial.start();
    const now = await waitsFor(handle, 'resume');
    expect(now.weightPercent).toBe(25);
    await send(handle, 'resume', BY);
    expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
    expect(world.deployment.image).toBe(IMAGE_2);
  });

  it('rolls a paused canary back when it turns bad', async () => {
    const pauseThenBad = during(lab, 1, 'pause');
    const { world, trial } = begin(lab, {
      observe: (input, now) =>
        input.mode === 'hold' ? failingTally(input) : (pauseThenBad?.(input, now) ?? passingTally(input)),
    });
    const handle = await trial.start();
    expect(await handle.result()).toMatchObject({ outcome: 'rolledBack', reasonCode: 'AnalysisFailed' });
    expect(whyNotS1(world)).toBeUndefined();
  });

  it('promotes now by full capacity and all traffic first, past the steps that are left', async () => {
    const { names, calls, trial } = begin(lab, {
      observe: during(lab, 0, 'promoteNow'),
    });
    const handle = await trial.start();
    expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
    expect(names().slice(4)).toEqual([
      'scaleCanary',
      'shiftTraffic',
      'observeStep',
      'scaleCanary',
      'shiftTraffic',
      'promoteStable',
      'shiftTraffic',
      'removeCanary',
      'observeStep',
      'recordRelease',
    ]);
    expect(
      calls
        .filter((call) => call.name === 'scaleCanary')
        .map((call) => (call.input as { weightPercent: number }).weightPercent),
    ).toEqual([10, 100]);
  });

  it('does not promote now what was just judged bad', async () => {
    const { world, trial } = begin(lab, {
      observe: async (input) => {
        await send(self(lab), 'promoteNow', BY);
        return failingTally(input);
      },
    });
    const handle = await trial.start();
    expect(await handle.result()).toMatchObject({ outcome: 'rolledBack', reasonCode: 'AnalysisFailed' });
    expect(whyNotS1(world)).toBeUndefined();
  });

  it('skips one step and watches the next', async () => {
    const { calls, trial } = begin(lab, { observe: during(lab, 0, 'skipStep') });
    const handle = await trial.start();
    expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
    const watched = calls
      .filter((call) => call.name === 'observeStep')
      .map((call) => (call.input as { step: number }).step);
    expect(watched).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('aborts, restores, and names who and why', async () => {
    const { world, trial } = begin(lab, { observe: during(lab, 2, 'abort') });
    const handle = await trial.start();
    const result = await handle.result();
    expect(result).toMatchObject({ outcome: 'aborted', reasonCode: 'Aborted' });
    expect(JSON.stringify(result)).toContain('on-call engineer: checked the dashboards');
    expect(whyNotS1(world)).toBeUndefined();
    expect(world.deployment.image).toBe(IMAGE_1);
  });

  it.each([
    { name: 'approve', input: { by: 'x' }, says: 'plan' },
    { name: 'abort', input: 'now', says: 'one JSON object' },
    { name: 'abort', input: { by: 'x', reson: 'y' }, says: 'reason' },
    { name: 'resume', input: { by: 'x' }, says: 'not paused' },
    { name: 'acceptUnrestored', input: BY, says: 'nothing is being undone' },
  ])('refuses $name with $input and says why', async ({ name, input, says }) => {
    const { trial } = begin(lab, { plan: withApprovalAt(25) });
    const handle = await trial.start();
    await waitsFor(handle, 'approval');
    const error = await send(handle, name, input).catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
    expect(String((error as WorkflowUpdateFailedError).cause)).toContain(says);
    await handle.terminate();
  });

  describe('what ends before it begins', () => {
    it('fails at once on bad input with its type', async () => {
      const refuse = (): never => {
        throw ApplicationFailure.nonRetryable('service: expected one of crm-api, found crm', 'InvalidInput');
      };
      const { trial } = begin(lab, { interfere: () => ({ before: refuse }) });
      const error = await (await trial.start()).result().catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(WorkflowFailedError);
      expect((error as WorkflowFailedError).cause).toMatchObject({ type: 'InvalidInput' });
    });

    it('plans without changing anything', async () => {
      const { world, names, trial } = begin(lab);
      const result = await (await trial.start({ dryRun: true })).result();
      expect(result).toMatchObject({ outcome: 'planned', reasonCode: 'DryRun', plan: { service: trial.service } });
      expect(world).toEqual(newWorld());
      expect(names()).toEqual(['resolvePlan', 'resolveImage', 'observePreflight']);
    });

    it('leaves the same digest alone', async () => {
      const world = newWorld();
      world.deployment.image = IMAGE_2;
      const { trial, names } = begin(lab, {}, world);
      expect(await (await trial.start()).result()).toMatchObject({ outcome: 'unchanged', reasonCode: 'SameDigest' });
      expect(names()).not.toContain('claimService');
    });

    it('rejects during a freeze, and not when one begins in the middle', async () => {
      const window = (from: number): DeployPlan['freezeWindows'] => [
        { from: new Date(from).toISOString(), to: new Date(from + DAY).toISOString(), reason: 'year-end freeze' },
      ];
      const now = Date.now();
      const frozen = begin(lab, { plan: somePlan({ freezeWindows: window(now - DAY / 2) }) });
      const result = await (await frozen.trial.start()).result();
      expect(result).toMatchObject({ outcome: 'rejected', reasonCode: 'PreflightFailed' });
      expect(result.reason).toContain('year-end freeze');
      expect(frozen.world).toEqual(newWorld());
      const later = begin(lab, { plan: somePlan({ freezeWindows: window(Date.now() + 30_000) }) });
      expect(await (await later.trial.start()).result()).toMatchObject({ outcome: 'promoted' });
    });

    it('brings a first version without comparing, and leaves replicas as found when it fails', async () => {
      const world = newWorld();
      world.deployment.replicas = 0;
      const good = begin(lab, {}, world);
      expect(await (await good.trial.start()).result()).toMatchObject({
        outcome: 'promoted',
        reasonCode: 'FirstDeployment',
      });
      expect(good.names()).not.toContain('observeStep');
      const empty = newWorld();
      empty.deployment.replicas = 0;
      const bad = begin(
        lab,
        {
          interfere: (call) => ({
            after: () => {
              if (call.name === 'promoteStable')
                throw ApplicationFailure.nonRetryable('image cannot be pulled', 'PreconditionFailed');
            },
          }),
        },
        empty,
      );
      expect(await (await bad.trial.start()).result()).toMatchObject({ outcome: 'rolledBack' });
      expect(empty.deployment).toMatchObject({ replicas: 0, image: IMAGE_1 });
    });
  });
});
