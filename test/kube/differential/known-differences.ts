import type { Difference } from './compare.ts';

/** A difference that is meant. One that is not in the table fails the suite, and so does one that occurs no more. */
export interface KnownDifference {
  readonly name: string;
  /** Why it is left as it is. */
  readonly reason: string;
  readonly covers: (difference: Omit<Difference, 'known'>) => boolean;
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [];
