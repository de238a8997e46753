/**
 * How everything is made at a provider that has no client tokens (S9):
 * - reply lost: it is looked for by its name, which follows from the operation, and adopted by its tags and its source;
 * - worker dies right after the call: the next attempt finds it the same way;
 * - runs twice: the second finds it; two at the same time: one is told that the name is taken, looks, and adopts;
 * - someone else has the name: told as `foreign`, nothing is touched;
 * - cancelled: looked at before the call; a call on its way is finished, so that nothing appears after the clean-up.
 */
import { Context } from '@temporalio/activity';
import type { OperationMark } from '../../core/model/backup.ts';
import type { AwsTags } from '../../core/model/temporary.ts';
import { assessAdoption } from '../../core/backup/assess-adoption.ts';
import { awsKindOf } from '../../errors/classify-aws.ts';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import { checkCancelled } from '../mutation.ts';
import type { CouldNotStart, NotStarted } from './types.ts';

const MAX_ROUNDS = 6;
const ROUND_DELAY_MS = 500;

export interface Start<T> {
  /** `snapshot mainstay-production-crm-...` */
  readonly object: string;
  readonly mark: OperationMark;
  /** What it is made from, as the provider says it of what exists. */
  readonly source: string;
  look(): Promise<T | undefined>;
  tagsOf(found: T): AwsTags;
  sourceOf(found: T): string | undefined;
  make(): Promise<T>;
}

export type Started<T> =
  | { readonly outcome: 'started'; readonly made: T; readonly adopted: boolean }
  | (NotStarted & { readonly made?: undefined });

export async function startOrAdopt<T>(start: Start<T>): Promise<Started<T>> {
  let last: unknown;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    checkCancelled();
    const found = await start.look();
    if (found !== undefined) {
      const object = { object: start.object, tags: start.tagsOf(found), source: start.sourceOf(found) };
      const adoption = assessAdoption(object, start.mark, start.source);
      if (adoption.kind === 'adopt') return { outcome: 'started', made: found, adopted: true };
      return { outcome: 'couldNotStart', reasonCode: 'foreign', reason: adoption.reason };
    }
    checkCancelled();
    try {
      return { outcome: 'started', made: await start.make(), adopted: false };
    } catch (error) {
      // What exists may not be seen for a moment after it was made.
      if (!isCoded(error, 'OutcomeUnknown') && awsKindOf(error) !== 'alreadyExists') {
        const reasonCode = whyNotStarted(error);
        if (reasonCode === undefined || !isCoded(error)) throw error;
        return { outcome: 'couldNotStart', reasonCode, reason: error.message };
      }
      last = error;
      await Context.current().sleep(ROUND_DELAY_MS * (round + 1));
    }
  }
  if (awsKindOf(last) === 'alreadyExists' && isCoded(last)) {
    const reason = `${last.message}; it cannot be seen with our rights, so it is not ours`;
    return { outcome: 'couldNotStart', reasonCode: 'foreign', reason };
  }
  throw last instanceof Error ? last : new CodedError('OutcomeUnknown', `${start.object}: neither there nor made`);
}

/** What no repetition within minutes will change. */
export function whyNotStarted(error: unknown): CouldNotStart | undefined {
  if (isCoded(error, 'NotFound')) return 'sourceGone';
  if (!isCoded(error, 'PreconditionFailed')) return undefined;
  const kind = awsKindOf(error);
  return kind === 'quota' || kind === 'capacity' ? kind : 'precondition';
}
