/** Which dumps may go. Shared by dumps, copies of caches and of clusters: each is a folder with a moment. */
import { formatDuration } from '../model/duration.ts';

/** A stored copy as the rules see it. */
export interface KeptCopy {
  readonly folder: string;
  readonly takenAtMs: number;
  /** Its manifest was written: it was whole then. */
  readonly hasManifest: boolean;
  /** It was read back, and holds what it should. */
  readonly isVerified: boolean;
}

export interface DumpRetention {
  readonly keepMs: number;
  readonly nowMs: number;
  /** Never touched: the one that is being made. */
  readonly own: string;
  /** Younger ones without a manifest may still be written to. */
  readonly deadlineMs: number;
}

export interface RetentionStep {
  readonly folder: string;
  readonly reason: string;
}

/**
 * Those older than `keepMs`, and broken ones that nobody can still be writing. Never the newest verified one (S7: the
 * last good one stays however old it is); while none is verified, never the newest whole one.
 */
export function planDumpRetention(copies: readonly KeptCopy[], rules: DumpRetention): readonly RetentionStep[] {
  const { keepMs, nowMs, own, deadlineMs } = rules;
  const lastGood = newest(copies.filter(({ isVerified }) => isVerified));
  const lastWhole = newest(copies.filter(({ hasManifest }) => hasManifest));
  const floor = lastGood ?? lastWhole;
  return copies.flatMap((copy) => {
    const { folder, takenAtMs, hasManifest } = copy;
    if (folder === own || folder === floor?.folder) return [];
    const ageMs = nowMs - takenAtMs;
    if (ageMs > keepMs && ageMs > deadlineMs) return [{ folder, reason: `older than ${formatDuration(keepMs)}` }];
    if (!hasManifest && ageMs > 2 * deadlineMs) return [{ folder, reason: 'not whole: it was never finished' }];
    return [];
  });
}

function newest(copies: readonly KeptCopy[]): KeptCopy | undefined {
  return copies.reduce<KeptCopy | undefined>(
    (last, copy) => (last === undefined || copy.takenAtMs >= last.takenAtMs ? copy : last),
    undefined,
  );
}
