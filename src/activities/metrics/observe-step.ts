/** Watches one step of a canary, a pause, or the bake: looks, asks core, heartbeats. It never judges by itself. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { LookSummary, StepTally } from '../../core/model/operation.ts';
import type { ObserveStepInput } from '../../core/model/observe.ts';
import { afterLook, nextAction } from '../../core/analysis/step-watch.ts';
import { summarizeLook, tallyOf } from '../../core/analysis/tally.ts';
import { beginWatch, resumedState } from '../../core/analysis/watch-state.ts';
import type { WatchState } from '../../core/analysis/watch-state.ts';
import type { ServiceRecords } from '../../clients/ledger/port.ts';
import { toActivityFailure } from '../failure.ts';
import { isAskedToStop } from './asked-to-stop.ts';
import { saveWatched } from './service-record.ts';
import { takeLook } from './take-look.ts';
import type { LookDeps } from './take-look.ts';

export interface ObserveStepDeps extends LookDeps {
  /** Keeps the record of the service. */
  readonly ledger?: Pick<ServiceRecords, 'saveRecord'>;
  /** Told what was seen when the result reaches nobody: the workflow is closed, or this worker ends. */
  readonly onUnheard?: (input: ObserveStepInput, tally: StepTally) => void;
}

/** Heartbeat details: `look` is what `mainstay status` shows, `state` what another worker resumes from. */
export interface ObserveHeartbeat {
  readonly look: LookSummary;
  readonly state: WatchState;
}

export function createObserveStep(deps: ObserveStepDeps) {
  return {
    /**
     * Looks every `plan.intervals.lookMs` until core ends the watch, and returns the whole tally. When the workflow
     * cancels it the tally comes back with `ended: 'cancelled'`; when the worker shuts down it throws, and another
     * worker goes on from the last heartbeat.
     *
     * @throws ApplicationFailure AmbiguousMetric or InvalidInput (final); errors of single looks are samples
     */
    async observeStep(input: ObserveStepInput): Promise<StepTally> {
      const context = Context.current();
      const watch = { state: stateAtStart(context, input) };
      try {
        const tally = await watchToEnd(deps, input, context, watch);
        if (deps.ledger && tally.ended === 'timeOver') await saveWatched(deps.ledger, input.plan, tally);
        return tally;
      } catch (error) {
        if (isAskedToStop(context)) return tallyOf(input, watch.state, 'cancelled', Date.now());
        deps.onUnheard?.(input, tallyOf(input, watch.state, 'cancelled', Date.now()));
        // A call cut short by the worker's shutdown fails in its own words; the reason is what counts.
        throw toActivityFailure(context.cancellationSignal.aborted ? context.cancellationSignal.reason : error);
      }
    },
  };
}

function stateAtStart(context: Context, input: ObserveStepInput): WatchState {
  const details = context.info.heartbeatDetails as Partial<ObserveHeartbeat> | undefined;
  return resumedState(details?.state, input) ?? beginWatch(input, Date.now());
}

async function watchToEnd(
  deps: ObserveStepDeps,
  input: ObserveStepInput,
  context: Context,
  watch: { state: WatchState },
): Promise<StepTally> {
  beat(context, input, watch.state);
  for (;;) {
    const nowMs = Date.now();
    const next = nextAction(input, watch.state, nowMs);
    switch (next.action) {
      case 'end':
        return tallyOf(input, watch.state, next.ended, nowMs);
      case 'refuse':
        throw ApplicationFailure.nonRetryable(next.problem, 'AmbiguousMetric');
      case 'sleep':
        await beating(context, input, watch.state, () => context.sleep(next.untilMs - nowMs));
        break;
      case 'look': {
        const look = await beating(context, input, watch.state, () =>
          takeLook(deps, input, nowMs, context.cancellationSignal),
        );
        watch.state = afterLook(input, watch.state, look);
        beat(context, input, watch.state);
        break;
      }
    }
  }
}

function beat(context: Context, input: ObserveStepInput, state: WatchState): void {
  const details: ObserveHeartbeat = { look: summarizeLook(input, state), state };
  context.heartbeat(details);
}

/** Slow pods or a long pause between looks must not look like a dead worker. Core throttles what reaches the server. */
async function beating<T>(
  context: Context,
  input: ObserveStepInput,
  state: WatchState,
  work: () => Promise<T>,
): Promise<T> {
  const everyMs = (context.info.heartbeatTimeoutMs ?? 30_000) / 3;
  const timer = setInterval(() => beat(context, input, state), everyMs);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
