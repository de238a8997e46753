/** What a workflow costs on the server, read from its history: events, and the actions that Temporal Cloud bills. */
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

export interface HistoryCost {
  readonly events: number;
  readonly actions: number;
  /** Events by type, most frequent first. */
  readonly byType: Readonly<Record<string, number>>;
}

/**
 * Billable actions by the event that shows them: starts, activities, timers, signals received, updates accepted, and
 * searches written. A child's start is billed twice (request and start): once here, once in its own history. A signal
 * to another workflow is counted where it arrives. Retries and heartbeats are in no history and are not counted.
 */
const ACTIONS: Readonly<Record<string, number>> = {
  WORKFLOW_EXECUTION_STARTED: 1,
  START_CHILD_WORKFLOW_EXECUTION_INITIATED: 1,
  ACTIVITY_TASK_SCHEDULED: 1,
  TIMER_STARTED: 1,
  WORKFLOW_EXECUTION_SIGNALED: 1,
  WORKFLOW_EXECUTION_UPDATE_ACCEPTED: 1,
  UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: 1,
  MARKER_RECORDED: 1,
};

export async function costOf(handle: WorkflowHandle): Promise<HistoryCost> {
  const { events } = JSON.parse(historyToJSON(await handle.fetchHistory())) as {
    readonly events: readonly { readonly eventType: string }[];
  };
  const counts = new Map<string, number>();
  for (const { eventType } of events) {
    const type = eventType.replace(/^EVENT_TYPE_/, '');
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  const byType = Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
  const actions = Object.entries(byType).reduce((sum, [type, count]) => sum + (ACTIONS[type] ?? 0) * count, 0);
  return { events: events.length, actions, byType };
}
