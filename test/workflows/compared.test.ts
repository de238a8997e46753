/** What a deployment does with a comparison: told beforehand, asked about where the data cannot decide. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OnLowTraffic } from '../../src/core/model/analysis.ts';
import type { ObserveStepInput } from '../../src/core/model/observe.ts';
import { begin, BY, send, statusOf, waitsFor } from '../harness/conversation.ts';
import { newWorld, passingTally, shutGate, whyNotS1 } from '../harness/fake-world.ts';
import { comparedPlan, IMAGE_1, keptRecord } from '../harness/some-plan.ts';
import { isMissing } from '../harness/tools.ts';
import { type Lab, openLab } from '../harness/workflow-lab.ts';

function planWith(onLowTraffic: OnLowTraffic) {
  const plan = comparedPlan();
  return { ...plan, analysis: { ...plan.analysis, onLowTraffic } };
}

/** The gate stands once, before the last step. */
function shutAtTheGate(input: ObserveStepInput) {
  return input.step === 3 && input.mode === 'step' ? shutGate(input) : passingTally(input);
}

describe.skipIf(isMissing('temporal'))('a deployment that is compared', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab('local');
  });
  afterAll(async () => {
    await lab.close();
  });

  it('says beforehand what it can see, and hands the record to every watch', async () => {
    const { calls, trial } = begin(lab, { plan: comparedPlan(), records: keptRecord(100) });
    const result = await (await trial.start()).result();
    expect(result.outcome).toBe('promoted');
    expect(result.preflight.at(-1)).toMatchObject({ name: 'detection', result: 'pass' });
    expect(result.preflight.at(-1)?.reason).toContain('2 times: half of the time within 12.5 min');
    const watches = calls.filter(({ name }) => name === 'observeStep').map(({ input }) => input as ObserveStepInput);
    expect(watches.map(({ records }) => records?.['error-ratio']?.dispersion.kind)).toEqual(
      watches.map(() => 'usable'),
    );
  });

  it('lets the threshold decide without a record, and says so', async () => {
    const { trial } = begin(lab, { plan: comparedPlan() });
    const result = await (await trial.start()).result();
    expect(result.outcome).toBe('promoted');
    expect(result.preflight.at(-1)).toMatchObject({ name: 'detection', result: 'could-not-check' });
    expect(result.steps[0]?.verdict.reason).toContain('record too short (0 of 10 min): the threshold decides');
  });

  it('asks before anything changes where the traffic is too low, and goes on when approved', async () => {
    const { names, trial } = begin(lab, { plan: comparedPlan(), records: keptRecord(2) });
    const handle = await trial.start();
    const { waiting, why, planDigest } = await waitsFor(handle, 'approval');
    expect(waiting).toMatchObject({ why: expect.stringContaining('low traffic') as string });
    expect(why).toContain('The data cannot decide');
    expect(names()).not.toContain('claimService');
    await send(handle, 'approve', { ...BY, plan: planDigest });
    expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
  });

  it('refuses where the catalogue takes the safe side', async () => {
    const { names, trial } = begin(lab, { plan: planWith('rollback'), records: keptRecord(2) });
    expect(await (await trial.start()).result()).toMatchObject({ outcome: 'rejected', reasonCode: 'LowTraffic' });
    expect(names()).not.toContain('claimService');
  });

  it('asks nobody where the threshold decides', async () => {
    const { trial } = begin(lab, { plan: planWith('threshold'), records: keptRecord(2) });
    const result = await (await trial.start()).result();
    expect(result).toMatchObject({ outcome: 'promoted', steps: { length: 6 } });
    expect(result.steps[0]?.verdict.reason).toContain('low traffic: the threshold decides');
  });

  it('shows the same in a dry run', async () => {
    const { names, trial } = begin(lab, { plan: comparedPlan(), records: keptRecord(2) });
    const result = await (await trial.start({ dryRun: true })).result();
    expect(result).toMatchObject({ outcome: 'planned' });
    expect(result.preflight.at(-1)).toMatchObject({ name: 'detection', result: 'fail' });
    expect(names().filter((name) => name === 'collectRecord')).toHaveLength(1);
  });

  it.each([
    { answer: 'approve', outcome: 'promoted' },
    { answer: 'reject', outcome: 'rejected' },
  ] as const)('asks at the gate that stays shut; $answer ends $outcome', async ({ answer, outcome }) => {
    const { world, trial } = begin(lab, { plan: comparedPlan(), records: keptRecord(100), observe: shutAtTheGate });
    const handle = await trial.start();
    const { planDigest, weightPercent } = await waitsFor(handle, 'approval');
    expect(weightPercent).toBe(75);
    expect((await statusOf(handle)).why).toContain('not enough evidence');
    await send(handle, answer, answer === 'approve' ? { ...BY, plan: planDigest } : BY);
    expect(await handle.result()).toMatchObject({ outcome });
    expect(whyNotS1(world)).toBeUndefined();
  });

  it('rolls back at the gate where the catalogue takes the safe side', async () => {
    const world = newWorld();
    const { trial } = begin(
      lab,
      { plan: planWith('rollback'), records: keptRecord(100), observe: shutAtTheGate },
      world,
    );
    const result = await (await trial.start()).result();
    expect(result).toMatchObject({ outcome: 'rolledBack', reasonCode: 'LowTraffic' });
    expect(world.deployment.image).toBe(IMAGE_1);
  });
});
