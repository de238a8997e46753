import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakes, failingTally, newWorld, passingTally, whyNotS1 } from '../harness/fake-world.ts';
import { IMAGE_1, IMAGE_2 } from '../harness/some-plan.ts';
import { isMissing } from '../harness/tools.ts';
import { type Lab, openLab } from '../harness/workflow-lab.ts';

describe.skipIf(isMissing('temporal-test-server'))('deployService', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab('skipping');
  });
  afterAll(async () => {
    await lab.close();
  });

  it('climbs the whole ladder, promotes, bakes, and leaves no canary', async () => {
    const world = newWorld();
    const { fakes, calls } = createFakes(world);
    const result = await (await lab.trial(fakes).start()).result();
    expect(result).toMatchObject({ outcome: 'promoted', reasonCode: 'AnalysisPassed' });
    expect(world.deployment.image).toBe(IMAGE_2);
    expect(whyNotS1(world)).toBeUndefined();
    expect(calls.map((call) => call.name).join(' ')).toBe(
      'resolvePlan resolveImage observePreflight claimService ' +
        'scaleCanary shiftTraffic observeStep '.repeat(5) +
        'promoteStable shiftTraffic removeCanary observeStep recordRelease',
    );
    expect(result.steps.map((step) => step.weightPercent)).toEqual([10, 25, 50, 75, 100, 100]);
  });

  it('rolls back at the first step with metric, value, limit and counts, and gives an exact account', async () => {
    const world = newWorld();
    const { fakes } = createFakes(world, {
      observe: (input) => (input.step === 0 ? failingTally(input) : passingTally(input)),
    });
    const result = await (await lab.trial(fakes).start()).result();
    expect(result).toMatchObject({ outcome: 'rolledBack', reasonCode: 'AnalysisFailed' });
    expect(result.reason).toContain('8.1');
    expect(result.reason).toContain('26 of 321');
    expect(world.deployment.image).toBe(IMAGE_1);
    expect(whyNotS1(world)).toBeUndefined();
    expect(
      result.restored.map((row) => [row.object.replace(/\d+$/, 'N'), row.field, row.restored, row.changed]),
    ).toEqual([
      ['HTTPRoute crm/crm-api', 'backends', true, true],
      ['Deployment crm/crm-api-canary-N', 'existence', true, true],
      ['Service crm/crm-api-canary-N', 'existence', true, false],
      ['Deployment crm/crm-api', 'image', true, false],
    ]);
  });

  it('restores the named Deployment first when the bake finds the new version bad', async () => {
    const world = newWorld();
    const { fakes, calls } = createFakes(world, {
      observe: (input) => (input.mode === 'bake' ? failingTally(input) : passingTally(input)),
    });
    const result = await (await lab.trial(fakes).start()).result();
    expect(result).toMatchObject({ outcome: 'rolledBack', reasonCode: 'AnalysisFailed' });
    expect(world.deployment.image).toBe(IMAGE_1);
    expect(calls.map((call) => call.name).slice(-4)).toEqual([
      'restoreWorkload',
      'restoreTraffic',
      'removeCanary',
      'recordRelease',
    ]);
  });
});
