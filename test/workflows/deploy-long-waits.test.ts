import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { begin, BY, during, send, statusOf, waitsFor, withApprovalAt } from '../harness/conversation.ts';
import { createFakes, failingTally, newWorld, whyNotS1 } from '../harness/fake-world.ts';
import { IMAGE_1, IMAGE_2, somePlan } from '../harness/some-plan.ts';
import { isMissing } from '../harness/tools.ts';
import { type Lab, openLab } from '../harness/workflow-lab.ts';

const DAY = 24 * 3600 * 1000;

// A server for each test: what one leaves behind can keep the time-skipping server from skipping in the next.
describe.skipIf(isMissing('temporal-test-server'))('long waits of a deployment', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await openLab('skipping');
  });
  afterEach(async () => {
    await lab.close();
  });
  it('waits for months at weight 0, refuses another plan, then checks again and goes on', async () => {
    const { world, names, trial } = begin(lab, {
      plan: somePlan({ startApproval: { deadlineMs: 180 * DAY, onDeadline: 'reject' } }),
    });
    const handle = await trial.start();
    await waitsFor(handle, 'approval');
    expect(names()).not.toContain('claimService');
    await lab.env.sleep(120 * DAY);
    const now = await waitsFor(handle, 'approval');
    const stale = send(handle, 'approve', { ...BY, plan: '00000000' });
    await expect(stale).rejects.toThrow(WorkflowUpdateFailedError);
    await send(handle, 'approve', { ...BY, plan: now.planDigest?.slice(0, 8) });
    expect(await handle.result()).toMatchObject({ outcome: 'promoted' });
    expect(names().filter((name) => name === 'observePreflight')).toHaveLength(2);
    expect(world.deployment.image).toBe(IMAGE_2);
  });

  it('tells again when an approval is not decided, then rejects at its deadline, and has asked nobody for ownership', async () => {
    const startApproval = { deadlineMs: DAY, onDeadline: 'reject', escalateAfterMs: DAY / 2 } as const;
    const { world, names, trial } = begin(lab, { plan: somePlan({ startApproval }) });
    const handle = await trial.start();
    await waitsFor(handle, 'approval');
    await lab.env.sleep(DAY * 0.6);
    expect(await statusOf(handle)).toHaveProperty('waiting.escalatedAtMs');
    expect(await handle.result()).toMatchObject({ outcome: 'rejected', reasonCode: 'ApprovalExpired' });
    expect(names()).not.toContain('claimService');
    expect(world).toEqual(newWorld());
  });

  it('takes the safe side when nobody resumes', async () => {
    const { world, trial } = begin(lab, { observe: during(lab, 0, 'pause') });
    const handle = await trial.start();
    expect(await handle.result()).toMatchObject({ outcome: 'rolledBack', reasonCode: 'PauseExpired' });
    expect(whyNotS1(world)).toBeUndefined();
  });

  it('asks for help when the route was deleted, and ends when a person accepts it', async () => {
    const { world, trial } = begin(lab, {
      observe: (input, now) => {
        now.route.exists = false;
        return failingTally(input);
      },
    });
    const handle = await trial.start();
    const now = await waitsFor(handle, 'help');
    expect(now.next).not.toBe('');
    expect(now.may.map((each) => each.action)).toContain('acceptUnrestored');
    await send(handle, 'acceptUnrestored', BY);
    const result = await handle.result();
    expect(result.outcome).toBe('rolledBack');
    const route = result.restored.find((row) => row.object.startsWith('HTTPRoute'));
    expect(route).toMatchObject({ restored: false, note: 'accepted as it is by on-call engineer' });
    expect(world.canaries.size).toBe(0);
  });

  it.each([
    { when: 'goes away', lasts: 2, outcome: 'promoted', code: 'AnalysisPassed' },
    { when: 'stays', lasts: 10_000, outcome: 'rolledBack', code: 'ForeignChange' },
  ])('holds for a foreign change that $when: $outcome', async ({ lasts, outcome, code }) => {
    let shifts = 0;
    const world = newWorld();
    const { fakes } = createFakes(world);
    const shift = fakes.shiftTraffic;
    fakes.shiftTraffic = async (input) => {
      shifts += 1;
      if (shifts < 2 || shifts > 1 + lasts) return shift(input);
      const change = {
        object: 'HTTPRoute crm/crm-api',
        field: 'backends',
        expected: 'crm-api 90',
        observed: 'crm-api 50',
      };
      return { outcome: 'foreign', changes: [change] };
    };
    const result = await (await lab.trial(fakes).start()).result();
    expect(result).toMatchObject({ outcome, reasonCode: code });
    expect(whyNotS1(world)).toBeUndefined();
  });

  it('restores everything when nobody decides on a step', async () => {
    const { world, trial } = begin(lab, { plan: withApprovalAt(50) });
    const handle = await trial.start();
    expect(await handle.result()).toMatchObject({ outcome: 'rejected', reasonCode: 'ApprovalExpired' });
    expect(whyNotS1(world)).toBeUndefined();
    expect(world.deployment.image).toBe(IMAGE_1);
  });
});
