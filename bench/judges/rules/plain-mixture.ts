/**
 * The evidence without what makes it bear bursts: no tempering, no cap, nothing that enters anew (so that all of alpha is
 * spent on faults that are there from the start), and no least number of errors. For comparison.
 */
import { blockEvidence } from '../../../src/core/analysis/sequential/block-evidence.ts';
import { DELTAS, ERROR_DEFAULTS } from '../../../src/core/analysis/sequential/constants.ts';
import { evidenceLimit, logMeanExp } from '../../../src/core/analysis/sequential/evidence.ts';
import type { Stream } from '../streams/stream.ts';

const UNTEMPERED = { v: 0, r: 0, cap: Number.POSITIVE_INFINITY };

/** First slot, from 1, at which the plain mixture rolls back; 0 when it never does. */
export function plainRollbackSlot(stream: Stream): number {
  const limit = evidenceLimit(ERROR_DEFAULTS);
  const sums: number[] = DELTAS.map(() => 0);
  for (let at = 0; at < stream.slots; at += 1) {
    const counts = {
      nC: stream.nC[at] ?? 0,
      eC: stream.eC[at] ?? 0,
      nS: stream.nS[at] ?? 0,
      eS: stream.eS[at] ?? 0,
    };
    const x = blockEvidence(counts, UNTEMPERED)?.x;
    if (!x) continue;
    for (let of = 0; of < sums.length; of += 1) sums[of] = (sums[of] ?? 0) + (x[of] ?? 0);
    if (counts.eC > 0 && logMeanExp(sums) >= limit) return at + 1;
  }
  return 0;
}
