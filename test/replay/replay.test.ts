/** S12: every recorded history replays on the code of today, or the change is patched. Needs no server. */
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import * as workflows from '../../src/workflows/index.ts';
import { workflowBundle } from '../harness/workflow-lab.ts';
import { type RecordedHistory, idsOf, recordedHistories } from './histories-on-disk.ts';

const recorded = recordedHistories();

/** What went wrong for each history that does not replay. */
async function replayed(histories: readonly RecordedHistory[]): Promise<Record<string, string>> {
  const byRun = new Map(histories.map((each) => [idsOf(each).runId, each.name]));
  const all = histories.map((each) => ({ workflowId: idsOf(each).workflowId, history: each.history as never }));
  const problems: Record<string, string> = {};
  let seen = 0;
  for await (const { runId, error } of Worker.runReplayHistories({ workflowBundle: await workflowBundle() }, all)) {
    seen += 1;
    if (error) problems[byRun.get(runId) ?? runId] = `${error.name}: ${error.message}`;
  }
  expect(seen).toBe(histories.length);
  return problems;
}

describe('recorded histories', () => {
  it.each(Object.keys(workflows))('exist of %s, in every version', (type) => {
    const versions = new Set(recorded.map(({ version }) => version));
    expect(versions.size).toBeGreaterThan(0);
    for (const version of versions) {
      expect(recorded.filter((each) => each.version === version && each.type === type)).not.toEqual([]);
    }
  });

  it('lie in the folder of their workflow type', () => {
    for (const { name, type, history } of recorded) {
      const started = history.events[0]?.workflowExecutionStartedEventAttributes;
      expect([name, started?.workflowType?.name]).toEqual([name, type]);
    }
  });

  it('say nothing of the machine they were recorded on', () => {
    const told = recorded.flatMap(({ name, history }) => {
      const text = JSON.stringify(history, (_key, value: unknown) => readable(value));
      const found = text.match(
        /"identity":"(?!recorder")[^"]*"|"stackTrace":"[^"]+"|file:\/\/[^"]{0,60}|node_modules/g,
      );
      return (found ?? []).map((each) => `${name}: ${each}`);
    });
    expect(told).toEqual([]);
  });

  it('replay with the code of today', async () => {
    expect(await replayed(recorded)).toEqual({});
  }, 180_000);
});

describe('the replay test itself', () => {
  const promoted = recorded.find(({ name }) => name.endsWith('deployService/promoted')) as RecordedHistory;

  it('finds that an activity is another one', async () => {
    const problems = await replayed([
      changed(promoted, (event) => {
        const { activityType } = event.activityTaskScheduledEventAttributes ?? {};
        if (activityType?.name === 'scaleCanary') activityType.name = 'shiftTraffic';
      }),
    ]);
    expect(problems[promoted.name]).toMatch(/DeterminismViolation/);
  });
});

/** Payloads are base64 of JSON. */
function readable(value: unknown): unknown {
  return typeof value === 'string' && /^[A-Za-z0-9+/]{16,}={0,2}$/.test(value)
    ? Buffer.from(value, 'base64').toString('utf8')
    : value;
}

function changed(recording: RecordedHistory, change: (event: RecordedHistory['history']['events'][number]) => void) {
  const history = structuredClone(recording.history);
  for (const event of history.events) change(event);
  return { ...recording, history };
}
