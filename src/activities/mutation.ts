/**
 * How every guarded mutation is written (S1, S2, S9):
 * - reply lost: the loop reads again and finds its own fence pair and fields, and is done;
 * - worker dies right after the write: the retry on another worker finds the same;
 * - runs twice: the second run finds the same;
 * - someone else changed a field we own: reported as a foreign change, nothing is written (an undo writes its fields back and reports);
 * - cancelled: looked at before each write; a write on its way is finished, so that none lands after the undo.
 */
import { Context } from '@temporalio/activity';
import { assessFence, formatFence } from '../core/rollout/fence.ts';
import type { Fence, ForeignChange } from '../core/model/operation.ts';
import { CodedError, isCoded } from '../errors/coded-error.ts';
import { toActivityFailure } from './failure.ts';

const HEARTBEAT_EVERY_MS = 1000;
const MAX_ROUNDS = 8;
const ROUND_DELAY_MS = 250;

/** Runs a body with heartbeats that say what it waits for; cancellation arrives through them. Errors become failures of their code. */
export async function withHeartbeats<T>(body: (tell: (doing: string) => void) => Promise<T>): Promise<T> {
  const context = Context.current();
  let doing = '';
  const timer = setInterval(() => context.heartbeat({ doing }), HEARTBEAT_EVERY_MS);
  context.heartbeat({ doing });
  try {
    return await body((text) => {
      doing = text;
    });
  } catch (error) {
    throw toActivityFailure(error);
  } finally {
    clearInterval(timer);
  }
}

/** Throws when the activity was cancelled. */
export function checkCancelled(): void {
  Context.current().cancellationSignal.throwIfAborted();
}

/** What a guarded write needs to know of its object. */
export interface GuardedTarget<State> {
  /** `HTTPRoute crm/crm-api` */
  readonly name: string;
  /** Undefined when the object does not exist. */
  read(): Promise<State | undefined>;
  stamp(state: State): string | undefined;
  /** The fields we own, in words; equal text means equal fields. */
  fields(state: State): string;
  write(state: State, stamp: string): Promise<void>;
}

export interface GuardedWish {
  readonly fence: Fence;
  readonly field: string;
  readonly wanted: string;
  /** What stands there unless someone else wrote; undefined in an undo, which writes its fields back whatever stands. */
  readonly expected?: string;
  /** The first write of a term finds no stamp, or an old one. */
  readonly first?: boolean;
}

export type GuardedOutcome<State> =
  | { readonly outcome: 'done'; readonly before: string; readonly changed: boolean; readonly state: State }
  | { readonly outcome: 'foreign'; readonly changes: readonly ForeignChange[] }
  | { readonly outcome: 'gone' };

/** Looks, checks fence and fields, writes; looks again after a conflict or a lost reply. Throws Fenced, Conflict, OutcomeUnknown. */
export async function guardedWrite<State>(
  target: GuardedTarget<State>,
  wish: GuardedWish,
): Promise<GuardedOutcome<State>> {
  let last: unknown;
  let firstSeen: string | undefined;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    checkCancelled();
    const state = await target.read();
    if (state === undefined) return { outcome: 'gone' };
    const found = assessFence(target.stamp(state), wish.fence);
    if (found === 'fenced') throw fenced(target.name, target.stamp(state), wish.fence);
    const fields = target.fields(state);
    firstSeen ??= fields;
    if (found === 'ours' && fields === wish.wanted) {
      return { outcome: 'done', before: firstSeen, changed: firstSeen !== wish.wanted, state };
    }
    const foreign = whatIsForeign(target, wish, found, fields);
    if (foreign.length > 0) return { outcome: 'foreign', changes: foreign };
    checkCancelled();
    try {
      await target.write(state, formatFence(wish.fence));
    } catch (error) {
      if (!isCoded(error, 'Conflict') && !isCoded(error, 'OutcomeUnknown')) throw error;
      last = error;
      await Context.current().sleep(ROUND_DELAY_MS);
    }
  }
  throw last instanceof Error
    ? last
    : new CodedError('Conflict', `${target.name}: still changing after ${MAX_ROUNDS} attempts`);
}

function whatIsForeign<State>(
  target: GuardedTarget<State>,
  wish: GuardedWish,
  found: 'unstamped' | 'open' | 'ours',
  fields: string,
): readonly ForeignChange[] {
  if (wish.expected === undefined) return [];
  if (fields !== wish.expected && fields !== wish.wanted) {
    return [{ object: target.name, field: wish.field, expected: wish.expected, observed: fields }];
  }
  if (found === 'unstamped' && !wish.first) {
    return [
      {
        object: target.name,
        field: 'fence',
        expected: `a stamp up to ${formatFence(wish.fence)}`,
        observed: 'removed',
      },
    ];
  }
  return [];
}

export function fenced(name: string, stamp: string | undefined, mine: Fence): CodedError {
  return new CodedError(
    'Fenced',
    `${name}: carries ${stamp ?? 'no stamp'}, higher than the ${formatFence(mine)} of this operation: a newer owner has it, or someone wrote that stamp`,
  );
}
