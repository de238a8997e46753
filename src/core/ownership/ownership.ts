/**
 * Who owns a service, as pure transitions. The ownership workflow keeps one state, hands every message to a function
 * here, and carries out the effects in order. Terms only rise.
 */
import { nameOfOwner } from './owner.ts';
import type { DeployResult, Deposit } from '../model/operation.ts';
import type {
  AcquireAnswer,
  AcquireRequest,
  GrantSignal,
  LostSignal,
  OwnershipView,
  OwnerSummary,
  ReplaceSignal,
} from '../model/ownership.ts';

export interface Holder extends OwnerSummary {
  readonly requestId: string;
  readonly runId: string;
  readonly reason: string;
  /** What it deposited before its first change; without one it has changed nothing. */
  readonly deposit?: Deposit;
  /** This holder is a `restoreService` that cleans up after an owner that ended without release. */
  readonly restoring: boolean;
  /** How many restores in a row ended without release. */
  readonly restoreAttempt: number;
  readonly replaceAsked: boolean;
  /** It took a record over and has not deposited its own yet: until then what the last owner left may still stand. */
  readonly owesRestore: boolean;
}

export interface Waiter {
  readonly request: AcquireRequest;
  readonly sinceMs: number;
}

export interface OwnershipState {
  readonly environment: string;
  readonly kind: 'service' | 'database';
  readonly name: string;
  readonly lastTerm: number;
  readonly holder?: Holder;
  readonly queue: readonly Waiter[];
  readonly last?: DeployResult;
  /** Workflow id of the operation that released last. */
  readonly lastWorkflowId?: string;
}

export type OwnershipEffect =
  | { readonly kind: 'grant'; readonly workflowId: string; readonly runId: string; readonly signal: GrantSignal }
  | { readonly kind: 'lost'; readonly workflowId: string; readonly runId: string; readonly signal: LostSignal }
  | { readonly kind: 'replace'; readonly workflowId: string; readonly runId: string; readonly signal: ReplaceSignal }
  | {
      readonly kind: 'startRestore';
      readonly workflowId: string;
      readonly requestId: string;
      readonly term: number;
      readonly deposit: Deposit;
      readonly delayMs: number;
      readonly endedOwner: OwnerSummary;
    }
  /** Ask at once whether the owner still runs: someone else wants the resource. */
  | { readonly kind: 'question'; readonly requestId: string };

export interface Transition {
  readonly state: OwnershipState;
  readonly effects: readonly OwnershipEffect[];
}

export function emptyOwnership(resource: Pick<OwnershipState, 'environment' | 'kind' | 'name'>): OwnershipState {
  return { ...resource, lastTerm: 0, queue: [] };
}

/** The next term: above every term given, above every term seen on the objects, and not below the clock in seconds. */
export function nextTerm(lastTerm: number, observedTerm: number, nowMs: number): number {
  return Math.max(lastTerm + 1, observedTerm + 1, Math.floor(nowMs / 1000));
}

/** Asks for the resource. Never waits: the answer is granted, queued or refused. Asking again gives the same answer. */
export function acquire(
  state: OwnershipState,
  request: AcquireRequest,
  nowMs: number,
): Transition & { readonly answer: AcquireAnswer } {
  const holder = state.holder;
  if (holder === undefined) {
    const next = hold(state, request, nowMs);
    return { state: next, effects: [], answer: granted(next) };
  }
  if (holder.requestId === request.requestId) return { state, effects: [], answer: granted(state) };
  const place = state.queue.findIndex((waiter) => waiter.request.requestId === request.requestId);
  if (place >= 0)
    return { state, effects: [], answer: { answer: 'queued', position: place + 1, owner: nameOfOwner(holder) } };

  if (request.onBusy === 'preempt') return preempt(state, holder, request, nowMs);
  // A restore ends by itself and nobody asked for it: whoever comes waits for it instead of being turned away.
  if (request.onBusy === 'reject' && !holder.restoring) {
    return {
      state,
      effects: [{ kind: 'question', requestId: holder.requestId }],
      answer: { answer: 'refused', owner: nameOfOwner(holder) },
    };
  }
  return enqueue(state, holder, request, nowMs);
}

function enqueue(state: OwnershipState, holder: Holder, request: AcquireRequest, nowMs: number) {
  const replaces = request.onBusy === 'replace';
  const ahead = replaces
    ? state.queue.filter((waiter) => waiter.request.onBusy === 'replace').length
    : state.queue.length;
  const queue = [...state.queue];
  queue.splice(ahead, 0, { request, sinceMs: nowMs });
  const askNow = replaces && !holder.restoring && !holder.replaceAsked;
  const effects: OwnershipEffect[] = [{ kind: 'question', requestId: holder.requestId }];
  if (askNow) {
    const signal = { by: request.workflowId, requestedBy: request.requestedBy, reason: request.reason };
    effects.push({ kind: 'replace', workflowId: holder.workflowId, runId: holder.runId, signal });
  }
  return {
    state: { ...state, queue, holder: askNow ? { ...holder, replaceAsked: true } : holder },
    effects,
    answer: { answer: 'queued', position: ahead + 1, owner: nameOfOwner(holder) } as const,
  };
}

function preempt(state: OwnershipState, holder: Holder, request: AcquireRequest, nowMs: number) {
  const next = hold(state, request, nowMs, holder.deposit);
  const by = nameOfOwner(next.holder);
  const signal: LostSignal = { term: next.holder.term, by, reason: request.reason };
  return {
    state: next,
    effects: [{ kind: 'lost', workflowId: holder.workflowId, runId: holder.runId, signal } as const],
    answer: granted(next),
  };
}

function hold(
  state: OwnershipState,
  request: AcquireRequest,
  nowMs: number,
  inherited?: Deposit,
): OwnershipState & { readonly holder: Holder } {
  const term = nextTerm(state.lastTerm, request.observedTerm, nowMs);
  const { requestId, workflowId, runId, purpose, requestedBy, reason } = request;
  return {
    ...state,
    lastTerm: term,
    holder: {
      requestId,
      workflowId,
      runId,
      purpose,
      requestedBy,
      reason,
      sinceMs: nowMs,
      term,
      ...(inherited && { deposit: inherited }),
      restoring: false,
      restoreAttempt: 0,
      replaceAsked: false,
      owesRestore: inherited !== undefined,
    },
  };
}

function granted(state: OwnershipState): AcquireAnswer {
  const holder = state.holder;
  if (holder === undefined) throw new Error('ownership: granted without a holder');
  return { answer: 'granted', term: holder.term, ...(holder.deposit && { inherited: holder.deposit }) };
}

/** Keeps what must be made whole should this owner end. Ignored from anyone but the owner. */
export function deposit(state: OwnershipState, requestId: string, record: Deposit): Transition {
  if (state.holder?.requestId !== requestId) return { state, effects: [] };
  return { state: { ...state, holder: { ...state.holder, deposit: record, owesRestore: false } }, effects: [] };
}

/** The owner is done; the next in line is granted. Ignored from anyone but the owner. */
export function release(state: OwnershipState, requestId: string, result: DeployResult, nowMs: number): Transition {
  if (state.holder?.requestId !== requestId) return withdraw(state, requestId, nowMs);
  // It may have been cancelled before it learned of the record it took over: looking again does no harm.
  if (state.holder.owesRestore)
    return ownerEnded({ ...state, last: result, lastWorkflowId: state.holder.workflowId }, requestId, nowMs);
  return grantNext({ ...free(state), last: result, lastWorkflowId: state.holder.workflowId }, nowMs);
}

/** A waiter gives up its place. An owner that has deposited nothing has changed nothing and may leave this way. */
export function withdraw(state: OwnershipState, requestId: string, nowMs: number): Transition {
  if (state.holder?.requestId === requestId && state.holder.deposit === undefined) return grantNext(free(state), nowMs);
  return {
    state: { ...state, queue: state.queue.filter((waiter) => waiter.request.requestId !== requestId) },
    effects: [],
  };
}

/** The workflow behind a request is closed. An owner with a deposit leaves a duty: a restore with a higher term. */
export function ownerEnded(state: OwnershipState, requestId: string, nowMs: number): Transition {
  const holder = state.holder;
  if (holder?.requestId !== requestId) return withdraw(state, requestId, nowMs);
  if (holder.deposit === undefined) {
    const next = grantNext(free(state), nowMs);
    return { ...next, effects: [...next.effects, tellEnded(holder, next.state)] };
  }
  const term = nextTerm(state.lastTerm, 0, nowMs);
  const attempt = holder.restoring ? holder.restoreAttempt + 1 : 0;
  const workflowId = `restore/${state.environment}/${state.name}/${term}`;
  const successor: Holder = {
    requestId: workflowId,
    workflowId,
    runId: '',
    purpose: `restore ${state.name} after ${holder.workflowId} ended without release`,
    requestedBy: 'ownership',
    reason: `${holder.workflowId} ended without release`,
    sinceMs: nowMs,
    term,
    deposit: holder.deposit,
    restoring: true,
    restoreAttempt: attempt,
    replaceAsked: false,
    owesRestore: false,
  };
  return {
    state: { ...state, lastTerm: term, holder: successor },
    effects: [
      {
        kind: 'startRestore',
        workflowId,
        requestId: workflowId,
        term,
        deposit: holder.deposit,
        delayMs: attempt === 0 ? 0 : Math.min(300_000, 1000 * 2 ** attempt),
        endedOwner: { ...nameOfOwner(holder), ...(holder.runId !== '' && { runId: holder.runId }) },
      },
      tellEnded(holder, { ...state, holder: successor }),
    ],
  };
}

/** Its guard may have been cancelled by hand, or its run been reset: one that runs after all must change nothing more. */
function tellEnded(ended: Holder, now: OwnershipState): OwnershipEffect {
  const by = nameOfOwner(now.holder ?? ended);
  const signal: LostSignal = { requestId: ended.requestId, term: by.term, by, reason: 'it was reported as ended' };
  return { kind: 'lost', workflowId: ended.workflowId, runId: '', signal };
}

function free(state: OwnershipState): OwnershipState {
  const { holder: _gone, ...rest } = state;
  return rest;
}

function grantNext(state: OwnershipState, nowMs: number): Transition {
  const [next, ...queue] = state.queue;
  if (next === undefined) return { state, effects: [] };
  const held = hold({ ...state, queue }, next.request, nowMs);
  const { workflowId, runId, requestId } = next.request;
  return {
    state: held,
    effects: [{ kind: 'grant', workflowId, runId, signal: { requestId, term: held.holder.term } }],
  };
}

/** Nothing is owned and nobody waits: after an idle hour the entity may close. */
export function isIdle(state: OwnershipState): boolean {
  return state.holder === undefined && state.queue.length === 0;
}

export function viewOwnership(state: OwnershipState): OwnershipView {
  return {
    environment: state.environment,
    kind: state.kind,
    name: state.name,
    term: state.lastTerm,
    ...(state.holder && { owner: nameOfOwner(state.holder) }),
    restoring: state.holder?.restoring ?? false,
    queue: state.queue.map((waiter) => ({ ...nameOfOwner({ ...waiter.request, sinceMs: waiter.sinceMs, term: 0 }) })),
    ...(state.last && { last: state.last }),
    ...(state.lastWorkflowId !== undefined && { lastWorkflowId: state.lastWorkflowId }),
  };
}
