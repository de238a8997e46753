/**
 * What activities do, noted in the release ledger beside their work: it costs no action, no event and no time. A note
 * that cannot be made changes nothing: the end of the operation tells everything once more.
 */
import { Context } from '@temporalio/activity';
import type { LedgerRecorder } from '../../clients/ledger/recorder.ts';
import { assessTally } from '../../core/analysis/assess-tally.ts';
import { noticeOfStart } from '../../core/ledger/notices.ts';
import type { EventEntry, OperationKey, StartEntry, WatchEntry } from '../../core/model/ledger.ts';
import type { ObserveStepInput } from '../../core/model/observe.ts';
import type { BeforeRecord, StepTally } from '../../core/model/operation.ts';
import type { ClaimInput } from '../kubernetes/claim-service.ts';
import type { ComposedActivities } from '../index.ts';
import { TOLD, type Told, WORDS } from './event-words.ts';

export interface NoteDeps {
  readonly ledger: LedgerRecorder;
}

type Run = (input: never) => Promise<unknown>;

/** The activities, each of which is noted when it has ended. `deps.ledger` is first looked at when one runs. */
export function noted(activities: ComposedActivities, deps: NoteDeps): ComposedActivities {
  const told = TOLD.map((name) => [name, notedOne(name, activities[name] as Run, deps)] as const);
  return {
    ...activities,
    ...(Object.fromEntries(told) as unknown as Pick<ComposedActivities, Told>),
    observeStep: async (input) => {
      const tally = await activities.observeStep(input);
      noteWatch(deps, input, tally);
      return tally;
    },
  };
}

function notedOne(name: Told, run: Run, deps: NoteDeps): Run {
  return async (input) => {
    const startedAtMs = Date.now();
    try {
      const output = await run(input);
      quietly(() => {
        const words = WORDS[name] as (input: unknown, output: unknown) => string;
        if (name === 'claimService') noteStart(deps, input, output as BeforeRecord);
        deps.ledger.note(eventOf(name, input, startedAtMs, 'done', words(input, output)));
      });
      return output;
    } catch (error) {
      const says = error instanceof Error ? error.message : String(error);
      quietly(() => deps.ledger.note(eventOf(name, input, startedAtMs, 'failed', says)));
      throw error;
    }
  };
}

/** Only what claims for itself is the start of something; a restore, or a duty taken over, claims for another's plan. */
function noteStart({ ledger }: NoteDeps, { plan, fence, tidy }: ClaimInput, before: BeforeRecord): void {
  if (tidy !== true) return;
  const atMs = Date.now();
  const start: StartEntry = {
    kind: 'start',
    key: keyOfContext(),
    operation: 'deployService',
    plan,
    before,
    term: fence.term,
    atMs,
  };
  ledger.note(start);
  ledger.note({ kind: 'notification', ...noticeOfStart(start) });
}

/** Also told of a watch whose result nobody hears any more: the workflow is closed, or the worker ends. */
export function noteWatch(deps: NoteDeps, input: ObserveStepInput, tally: StepTally): void {
  quietly(() => deps.ledger.note(watchOf(input, tally)));
}

function watchOf(input: ObserveStepInput, { cursor: _private, ...tally }: StepTally): WatchEntry {
  const { plan, weightPercent, record, records } = input;
  return {
    kind: 'watch',
    key: keyOfContext(),
    activityId: Context.current().info.activityId,
    ...(record !== undefined && { record }),
    plan,
    weightPercent,
    tally,
    ...(records && { records }),
    verdict: assessTally(plan, { ...tally, cursor: undefined }, records),
  };
}

function eventOf(
  what: Told,
  input: unknown,
  startedAtMs: number,
  outcome: EventEntry['outcome'],
  says: string,
): EventEntry {
  const { activityId, attempt } = Context.current().info;
  const plan = (input as { readonly plan?: { readonly environment: string; readonly service: string } }).plan;
  const place = plan === undefined ? {} : { environment: plan.environment, service: plan.service };
  const times = { startedAtMs, endedAtMs: Date.now() };
  return { kind: 'event', key: keyOfContext(), activityId, what, ...place, ...times, attempt, outcome, says };
}

/** The workflow that the running activity belongs to. */
export function keyOfContext(): OperationKey {
  const { workflowExecution } = Context.current().info;
  if (workflowExecution === undefined) throw new Error('an activity without a workflow');
  return workflowExecution;
}

/** No mistake of the note may become one of the activity. */
function quietly(note: () => void): void {
  try {
    note();
  } catch (error) {
    Context.current().log.warn('not noted in the ledger', { error });
  }
}
