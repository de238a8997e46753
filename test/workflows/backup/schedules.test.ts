/** `mainstay schedules apply` against a real server: what is there afterwards is what the catalogue says, and nothing else changed. */
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createSchedule,
  deleteSchedule,
  readSchedules,
  updateSchedule,
} from '../../../src/clients/temporal/schedules.ts';
import { parseCron } from '../../../src/core/schedules/cron.ts';
import { planScheduleChanges, type ScheduleChange } from '../../../src/core/schedules/plan-changes.ts';
import type { SchedulePlan } from '../../../src/core/schedules/schedule-plan.ts';
import { isMissing, requireTool } from '../../harness/tools.ts';
import { until } from '../../harness/until.ts';

function plan(id: string, changes: Partial<SchedulePlan> = {}, cron = '30 2-4/2 1 1,6 *'): SchedulePlan {
  const parsed = parseCron(cron);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return {
    id,
    workflowType: 'backUpDatabase',
    workflowId: id.replace('mainstay/', ''),
    taskQueue: 'mainstay',
    args: [{ database: 'crm', environment: 'production' }],
    calendars: [parsed.calendar],
    timeZone: 'Europe/Berlin',
    jitterMs: 300_000,
    overlap: 'skip',
    catchUpMs: 43_200_000,
    ...changes,
  };
}

describe.skipIf(isMissing('temporal'))('schedules', () => {
  let env: TestWorkflowEnvironment;
  beforeAll(async () => {
    const executable = { type: 'existing-path', path: requireTool('temporal') } as const;
    env = await TestWorkflowEnvironment.createLocal({
      server: { executable, log: { format: 'pretty', level: 'error' } },
    });
  });
  afterAll(async () => {
    await env.teardown();
  });

  async function changes(wanted: readonly SchedulePlan[], owner = 'mainstay'): Promise<readonly ScheduleChange[]> {
    const ids = wanted.map(({ id }) => id);
    return planScheduleChanges(wanted, await readSchedules(env.client, ids), owner);
  }

  async function apply(wanted: readonly SchedulePlan[]): Promise<readonly string[]> {
    const all = await changes(wanted);
    for (const change of all) {
      if (change.do === 'create') await createSchedule(env.client, change.plan, 'mainstay');
      if (change.do === 'update') await updateSchedule(env.client, change.plan);
      if (change.do === 'delete') await deleteSchedule(env.client, change.id);
    }
    return all.map((change) => `${change.do} ${change.id}`);
  }

  it('are made, left alone, changed and deleted; a pause and a stranger stay', async () => {
    const backup = plan('mainstay/backup/production/crm');
    const dump: SchedulePlan = { ...plan('mainstay/dump/production/crm', { everyMs: 21_600_000 }), calendars: [] };
    const weekly = plan('mainstay/cluster/production', {}, '0 3 * * sun');
    await env.client.schedule.create({
      scheduleId: 'somebody/elses',
      spec: { calendars: [{ hour: 1 }] },
      action: { type: 'startWorkflow', workflowType: 'other', taskQueue: 'other', args: [] },
    });
    expect(await apply([backup, dump, weekly])).toEqual([
      'create mainstay/backup/production/crm',
      'create mainstay/cluster/production',
      'create mainstay/dump/production/crm',
    ]);
    expect((await changes([backup, dump, weekly])).map((each) => each.do)).toEqual(['keep', 'keep', 'keep']);

    // A person changes one by hand, and pauses another.
    const byHand = env.client.schedule.getHandle(backup.id);
    await byHand.update((now) => ({ ...now, policies: { ...now.policies, overlap: 'ALLOW_ALL' } }) as never);
    await env.client.schedule.getHandle(dump.id).pause('maintenance');
    expect(await changes([backup, dump, weekly])).toMatchObject([
      { do: 'update', differs: ['overlap'] },
      { do: 'keep' },
      { do: 'keep', note: 'it is paused' },
    ]);
    await apply([backup, dump, weekly]);
    expect((await env.client.schedule.getHandle(dump.id).describe()).state).toMatchObject({ paused: true });

    const later = [
      { ...backup, timeZone: 'UTC', jitterMs: 0 },
      { ...dump, paused: false },
    ];
    // The list, which finds what is in no catalogue any more, follows a moment later.
    await until('listed', async () => ((await changes(later)).some((each) => each.do === 'delete') ? true : undefined));
    expect(await apply(later)).toEqual([
      'update mainstay/backup/production/crm',
      'delete mainstay/cluster/production',
      'update mainstay/dump/production/crm',
    ]);
    expect((await changes(later)).every((each) => each.do === 'keep')).toBe(true);
    const { state } = await env.client.schedule.getHandle(dump.id).describe();
    expect(state.paused).toBe(false);
    await env.client.schedule.getHandle('somebody/elses').describe();
  });

  it('do not take an id that somebody else has, nor delete those of another catalogue', async () => {
    const taken = plan('mainstay/backup/production/taken');
    await env.client.schedule.create({
      scheduleId: taken.id,
      spec: { calendars: [{ hour: 1 }] },
      action: { type: 'startWorkflow', workflowType: 'other', taskQueue: 'other', args: [] },
    });
    const mine = plan('mainstay/backup/production/mine');
    await createSchedule(env.client, mine, 'another-team');
    const all = await until('listed', async () => {
      const found = await readSchedules(env.client, [taken.id]);
      return found.length >= 2 ? found : undefined;
    });
    const planned = planScheduleChanges([taken], all, 'mainstay').filter(({ id }) => [taken.id, mine.id].includes(id));
    expect(planned).toMatchObject([{ do: 'refuse', id: taken.id }]);
  });
});
