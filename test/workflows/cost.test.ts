/** What the default canary of five steps costs on the server, together with its share of ownership. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { begin } from '../harness/conversation.ts';
import { costOf, type HistoryCost } from '../harness/history-cost.ts';
import { isMissing } from '../harness/tools.ts';
import { until } from '../harness/until.ts';
import { type Lab, openLab } from '../harness/workflow-lab.ts';

const GOAL = { events: 200, actions: 60 };

describe.skipIf(isMissing('temporal'))('the cost of a canary', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab('local');
  });
  afterAll(async () => {
    await lab.close();
  });

  it(`stays within ${GOAL.actions} actions and ${GOAL.events} events`, async ({ annotate }) => {
    const { trial } = begin(lab);
    const handle = await trial.start();
    await handle.result();
    const { runId } = await handle.describe();
    const guard = lab.env.client.workflow.getHandle(`guard/${handle.workflowId}/${runId}`);
    await until(
      'the guard has told ownership',
      async () => (await guard.describe()).status.name !== 'RUNNING' || undefined,
    );
    const parts = {
      deployment: await costOf(handle),
      ownership: await costOf(trial.ownership()),
      guard: await costOf(guard),
    };
    const events = sum(parts, 'events');
    const actions = sum(parts, 'actions');
    console.log(`canary of five steps: ${events} events (${told(parts)}), ${actions} actions without heartbeats`);
    if (events > GOAL.events) await annotate(`${events} events, the goal is ${GOAL.events}: ${told(parts)}`, 'warning');
    expect(actions).toBeLessThanOrEqual(GOAL.actions);
    expect(events).toBeLessThanOrEqual(GOAL.events);
    // The memo is written when it says something new, not at every breath.
    expect(parts.deployment.byType.WORKFLOW_PROPERTIES_MODIFIED).toBeLessThanOrEqual(12);
  });
});

type Parts = Readonly<Record<string, HistoryCost>>;

function sum(parts: Parts, what: 'events' | 'actions'): number {
  return Object.values(parts).reduce((total, part) => total + part[what], 0);
}

function told(parts: Parts): string {
  return Object.entries(parts)
    .map(([name, { events }]) => `${name} ${events}`)
    .join(', ');
}
