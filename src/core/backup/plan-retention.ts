/**
 * Which backups are kept, and why each (S7). Deleting is the exception: a backup goes only when no rule keeps it, and
 * rules are looked at for each region by itself, because the other region may be the one that is lost.
 */
import type { BackupFacts } from '../model/backup.ts';
import type { RetentionTier } from '../model/database.ts';

export interface RetentionRules {
  readonly tiers: readonly RetentionTier[];
  /** The newest so many verified backups are kept; at least 1. */
  readonly verifiedFloor: number;
  readonly nowMs: number;
  /** ARNs. */
  readonly beingRestored: readonly string[];
}

export interface RetentionDecision {
  readonly backup: BackupFacts;
  readonly action: 'keep' | 'prune';
  /** Every rule that keeps it; or, of one that is pruned, why none does. */
  readonly reasons: readonly string[];
}

/** A failed attempt is of no use, but a person may want to see it first. */
const FAILED_KEPT_MS = 24 * 60 * 60 * 1000;

/** Newest first within each region; every backup is in it once. */
export function planRetention(backups: readonly BackupFacts[], rules: RetentionRules): readonly RetentionDecision[] {
  const regions = [...new Set(backups.map(({ region }) => region))].toSorted();
  return regions.flatMap((region) =>
    ofRegion(
      backups.filter((each) => each.region === region),
      rules,
    ),
  );
}

function ofRegion(backups: readonly BackupFacts[], rules: RetentionRules): readonly RetentionDecision[] {
  const sorted = backups.toSorted(newestFirst);
  const usable = sorted.filter(({ status }) => status === 'available');
  // The floor is filled by what stays anyway or is ours to keep: a foreign snapshot may go at any time.
  const ours = usable.filter((each) => each.ours);
  const verified = ours.filter(isVerified);
  const floor = verified.slice(0, Math.max(1, Math.floor(rules.verifiedFloor)));
  const newestCopy = ours.find(({ isCopy }) => isCopy);
  const keepers = tierKeepers(ours, rules);
  const newestVerified = verified[0];

  return sorted.map((backup): RetentionDecision => {
    const why: string[] = [];
    if (!backup.ours) why.push('not ours');
    if (backup.ours && backup.status === 'failed') {
      const isOld = rules.nowMs - backup.takenAtMs > FAILED_KEPT_MS;
      return isOld
        ? { backup, action: 'prune', reasons: ['it failed more than a day ago: nothing can be restored from it'] }
        : { backup, action: 'keep', reasons: ['it failed less than a day ago: to be looked at'] };
    }
    if (backup.status !== 'available') why.push(`its status is ${backup.status}: not judged`);
    if (rules.beingRestored.includes(backup.arn)) why.push('it is being restored');
    if (backup === ours[0]) why.push('the newest in its region');
    if (backup === newestCopy) why.push('the newest copy in its region: the next copy builds on it');
    if (floor.includes(backup)) {
      why.push(
        backup === newestVerified ? 'the newest verified one' : `among the newest ${floor.length} verified ones`,
      );
    }
    for (const tier of keepers.get(backup) ?? []) why.push(`kept by the ${tier} tier`);
    if (why.length > 0) return { backup, action: 'keep', reasons: why };
    // Age alone deletes nothing: when verification has stopped, what is older than the last proof is all there is.
    if (newestVerified === undefined || newestVerified.takenAtMs < backup.takenAtMs) {
      return { backup, action: 'keep', reasons: ['no newer backup is verified'] };
    }
    const proof = `${newestVerified.identifier}, which is newer, is verified`;
    return { backup, action: 'prune', reasons: ['no tier keeps it', proof] };
  });
}

/** Of each period of a tier the newest backup, until it is older than the tier keeps. */
function tierKeepers(ours: readonly BackupFacts[], { tiers, nowMs }: RetentionRules): Map<BackupFacts, string[]> {
  const kept = new Map<BackupFacts, string[]>();
  for (const { name, keepMs, everyMs } of tiers) {
    const periods = new Set<number>();
    for (const backup of ours) {
      if (nowMs - backup.takenAtMs > keepMs) continue;
      const period = Math.floor(backup.takenAtMs / Math.max(1, everyMs));
      if (periods.has(period)) continue;
      periods.add(period);
      kept.set(backup, [...(kept.get(backup) ?? []), name]);
    }
  }
  return kept;
}

function isVerified({ verifiedAtMs }: BackupFacts): boolean {
  return verifiedAtMs !== undefined;
}

function newestFirst(a: BackupFacts, b: BackupFacts): number {
  return b.takenAtMs - a.takenAtMs || (a.identifier < b.identifier ? -1 : a.identifier > b.identifier ? 1 : 0);
}
