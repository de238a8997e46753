/** A sequence must not be behind the column it fills: the next insert would meet a key that exists. */
import { type Finding, finding } from './finding.ts';

export interface SequenceSeen {
  /** The value given out last, or the one before the first; a text, it may exceed 53 bits. */
  readonly last: string;
  /** The largest value in the column (the smallest for a descending sequence); null: no rows. */
  readonly extreme: string | null;
  readonly increment: string;
}

export function isBehind({ last, extreme, increment }: SequenceSeen): boolean {
  if (extreme === null) return false;
  return BigInt(increment) > 0n ? BigInt(extreme) > BigInt(last) : BigInt(extreme) < BigInt(last);
}

/** @param behindAtSource undefined: no manifest says */
export function assessSequence(column: string, seen: SequenceSeen, behindAtSource: boolean | undefined): Finding {
  if (!isBehind(seen)) return finding('pass', `at ${seen.last}, not behind ${column}`);
  const says = `at ${seen.last}, behind ${column} with ${seen.extreme ?? 'no value'}: the next insert meets a key that exists`;
  if (behindAtSource === true) return finding('warn', `${says}; it was so when the manifest was taken (explicit ids)`);
  if (behindAtSource === false) return finding('fail', `${says}; it was not so when the manifest was taken`);
  return finding('couldNotVerify', `${says}; without a manifest nobody knows whether the source is so too`);
}
