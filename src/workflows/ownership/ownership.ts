/** The entity that owns a service or a database: gives terms, keeps the line, and cleans up after owners that ended. */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  startChild,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import { MEMO, MESSAGES, OWNERSHIP_MESSAGES, WORKFLOWS } from '../../core/model/names.ts';
import type {
  AcquireAnswer,
  AcquireRequest,
  DepositSignal,
  OwnerEndedSignal,
  OwnershipInput,
  OwnershipView,
  ReleaseSignal,
  RestoreServiceInput,
} from '../../core/model/ownership.ts';
import {
  acquire,
  deposit,
  emptyOwnership,
  isIdle,
  ownerEnded,
  type OwnershipEffect,
  type OwnershipState,
  release,
  type Transition,
  viewOwnership,
  withdraw,
} from '../../core/ownership/ownership.ts';
import { questionProfile } from '../shared/profiles.ts';

const IDLE_BEFORE_CLOSE = '1 hour';

export const acquireUpdate = defineUpdate<AcquireAnswer, [AcquireRequest]>(OWNERSHIP_MESSAGES.acquire);
export const depositSignal = defineSignal<[DepositSignal]>(OWNERSHIP_MESSAGES.deposit);
export const releaseSignal = defineSignal<[ReleaseSignal]>(OWNERSHIP_MESSAGES.release);
export const withdrawSignal = defineSignal<[{ requestId: string }]>(OWNERSHIP_MESSAGES.withdraw);
export const ownerEndedSignal = defineSignal<[OwnerEndedSignal]>(OWNERSHIP_MESSAGES.ownerEnded);
export const ownershipQuery = defineQuery<OwnershipView>(OWNERSHIP_MESSAGES.ownership);

export async function ownership(input: OwnershipInput): Promise<void> {
  let state = (input.state as OwnershipState | undefined) ?? emptyOwnership(input);
  const effects: OwnershipEffect[] = [];
  const watch = watchOwner(input.questionEveryMs, (requestId) => apply(ownerEnded(state, requestId, Date.now())));

  function apply(transition: Transition): void {
    state = transition.state;
    effects.push(...transition.effects);
  }

  setHandler(acquireUpdate, (request) => {
    const transition = acquire(state, request, Date.now());
    apply(transition);
    return transition.answer;
  });
  setHandler(depositSignal, (signal) => apply(deposit(state, signal.requestId, signal.deposit)));
  setHandler(releaseSignal, (signal) => apply(release(state, signal.requestId, signal.result, Date.now())));
  setHandler(withdrawSignal, (signal) => apply(withdraw(state, signal.requestId, Date.now())));
  setHandler(ownerEndedSignal, (signal) => apply(ownerEnded(state, signal.requestId, Date.now())));
  setHandler(ownershipQuery, () => viewOwnership(state));

  let told = '';
  for (;;) {
    for (let effect = effects.shift(); effect !== undefined; effect = effects.shift()) {
      if (effect.kind === 'question') watch.askNow(effect.requestId);
      else await carryOut(effect, input, (requestId) => apply(ownerEnded(state, requestId, Date.now())));
    }
    watch.follow(state);
    told = tell(state, told);
    const seen = state;
    const changed = (): boolean => state !== seen || effects.length > 0 || workflowInfo().continueAsNewSuggested;
    if (isIdle(state)) {
      if (!(await condition(changed, IDLE_BEFORE_CLOSE)) && allHandlersFinished()) return;
    } else {
      await condition(changed);
    }
    if (workflowInfo().continueAsNewSuggested && effects.length === 0 && allHandlersFinished()) {
      await continueAsNew<typeof ownership>({ ...input, state });
    }
  }
}

/** Effects go one after the other; a target that is gone is told to core as an owner that ended. */
async function carryOut(
  effect: Exclude<OwnershipEffect, { kind: 'question' }>,
  input: OwnershipInput,
  gone: (requestId: string) => void,
): Promise<void> {
  if (effect.kind === 'startRestore') {
    if (effect.delayMs > 0) await sleep(effect.delayMs);
    const { workflowId, requestId, term, deposit: record, endedOwner } = effect;
    const args: [RestoreServiceInput] = [
      { environment: input.environment, service: input.name, term, deposit: record, requestId, endedOwner },
    ];
    try {
      await startChild(WORKFLOWS.restoreService, { workflowId, args, parentClosePolicy: ParentClosePolicy.ABANDON });
    } catch (error) {
      // It runs already, or could not be started: the question about its owner tells which, and starts another.
      log.warn('restoreService could not be started', { workflowId, error: String(error) });
    }
    return;
  }
  const target = getExternalWorkflowHandle(effect.workflowId, effect.runId === '' ? undefined : effect.runId);
  const message = {
    grant: MESSAGES.ownershipGranted,
    lost: MESSAGES.ownershipLost,
    replace: MESSAGES.replaceRequested,
  }[effect.kind];
  try {
    await target.signal(message, effect.signal);
  } catch (error) {
    log.info('the workflow to be told is closed', { workflowId: effect.workflowId, message, error: String(error) });
    if (effect.kind === 'grant') gone(effect.signal.requestId);
  }
}

/** Asks on a slow beat whether the owner's workflow is still open, and at once on contention. */
function watchOwner(questionEveryMs: number, ended: (requestId: string) => void) {
  const { awaitOwnerEnd } = proxyActivities<Activities>(questionProfile(questionEveryMs));
  let watching: { readonly requestId: string; readonly scope: CancellationScope } | undefined;

  function start(requestId: string, workflowId: string, runId: string): void {
    const scope = new CancellationScope();
    watching = { requestId, scope };
    scope
      .run(() => awaitOwnerEnd({ workflowId, runId }))
      .then(
        () => ended(requestId),
        () => undefined,
      );
  }

  let again: string | undefined;
  return {
    askNow(requestId: string): void {
      if (watching?.requestId === requestId) again = requestId;
    },
    follow(state: OwnershipState): void {
      const holder = state.holder;
      if (watching && (watching.requestId !== holder?.requestId || again === watching.requestId)) {
        watching.scope.cancel();
        watching = undefined;
      }
      again = undefined;
      if (holder && !watching) start(holder.requestId, holder.workflowId, holder.runId);
    },
  };
}

/** The memo answers who owns what by `describe`, also when no worker runs. Written only when it says something new. */
function tell(state: OwnershipState, told: string): string {
  const { last, ...rest } = viewOwnership(state);
  const brief = last && { ...last, steps: [], preflight: [], plan: undefined };
  const view = { ...rest, ...(brief && { last: brief }) };
  const text = JSON.stringify(view);
  if (text === told) return told;
  upsertMemo({ [MEMO.status]: view });
  const owner = view.owner;
  const line = owner
    ? `owned by \`${owner.workflowId}\` (${owner.purpose}), term ${view.term}`
    : `free, last term ${view.term}`;
  setCurrentDetails(`${view.kind} **${view.name}** in ${view.environment}: ${line}; ${view.queue.length} waiting`);
  return text;
}
