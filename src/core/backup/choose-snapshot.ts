/** Which backup is restored to be verified. The same question at the same nominal time has the same answer. */
import type { SnapshotFacts } from '../model/backup.ts';
import type { DatabaseName, RetentionTier, SnapshotChoice } from '../model/database.ts';
import { sha256 } from '../model/sha256.ts';
import { AWS_TAGS } from '../model/temporary.ts';
import { manifestOfTags } from './manifest-key.ts';
import { databasePath, MANAGED_BY } from './names.ts';

export interface ChooseSnapshot {
  readonly name: DatabaseName;
  readonly snapshots: readonly SnapshotFacts[];
  readonly choice: SnapshotChoice;
  /** With `named`. */
  readonly identifier?: string;
  /** Moment that the schedule meant: end of the window, and the seed. */
  readonly nominalAtMs: number;
  readonly windowMs: number;
  readonly retention: readonly RetentionTier[];
}

export type ChosenSnapshot =
  | {
      readonly outcome: 'chosen';
      readonly snapshot: SnapshotFacts;
      readonly candidates: number;
      readonly reason: string;
    }
  | { readonly outcome: 'none'; readonly reason: string };

interface Candidate {
  readonly snapshot: SnapshotFacts;
  readonly takenAtMs: number;
}

export function chooseSnapshot(asked: ChooseSnapshot): ChosenSnapshot {
  if (asked.choice === 'named') return named(asked);
  const { usable, refused } = candidatesOf(asked);
  const { choice, nominalAtMs, windowMs } = asked;
  const newest = usable.at(-1);
  const oldest = usable[0];
  if (newest === undefined || oldest === undefined)
    return { outcome: 'none', reason: `no backup to choose: ${refused}` };
  const among = `of ${usable.length}`;
  switch (choice) {
    case 'latest':
      return chosen(newest, usable.length, `the latest ${among}`);
    case 'oldest':
      return chosen(oldest, usable.length, `the oldest ${among} within retention`);
    case 'random': {
      const fromMs = nominalAtMs - windowMs;
      const inWindow = usable.filter(({ takenAtMs }) => takenAtMs >= fromMs && takenAtMs <= nominalAtMs);
      const days = Math.round(windowMs / 86_400_000);
      const picked = inWindow[seedOf(asked) % Math.max(inWindow.length, 1)];
      if (picked === undefined) {
        return {
          outcome: 'none',
          reason: `no backup of the ${days} days before ${iso(nominalAtMs)}, ${among} usable ones`,
        };
      }
      return chosen(picked, inWindow.length, `by lot of ${inWindow.length} of the last ${days} days`);
    }
  }
}

/** Of that instance and whole is enough for one that a person names. */
function named({ snapshots, identifier }: ChooseSnapshot): ChosenSnapshot {
  const found = snapshots.find((each) => each.identifier === identifier);
  if (found === undefined) return { outcome: 'none', reason: `snapshot ${identifier ?? ''}: not there` };
  if (found.status !== 'available' || found.takenAtMs === undefined) {
    return { outcome: 'none', reason: `snapshot ${found.identifier}: expected available, found ${found.status}` };
  }
  return { outcome: 'chosen', snapshot: found, candidates: 1, reason: 'as named' };
}

/** Oldest first. */
function candidatesOf(asked: ChooseSnapshot): { usable: readonly Candidate[]; refused: string } {
  const { name, snapshots, nominalAtMs, retention } = asked;
  const longestMs = Math.max(0, ...retention.map(({ keepMs }) => keepMs));
  const usable: Candidate[] = [];
  const refused = { 'not available': 0, 'not ours': 0, expired: 0 };
  for (const snapshot of snapshots) {
    const { takenAtMs } = snapshot;
    const isAutomated = snapshot.type === 'automated';
    const isOurs =
      snapshot.tags[AWS_TAGS.managedBy] === MANAGED_BY && snapshot.tags[AWS_TAGS.database] === databasePath(name);
    if (!isAutomated && !isOurs) refused['not ours'] += 1;
    else if (snapshot.status !== 'available' || takenAtMs === undefined) refused['not available'] += 1;
    // What retention may delete any moment is not begun with. The provider deletes automated ones by its own rule.
    else if (!isAutomated && longestMs > 0 && takenAtMs + longestMs <= nominalAtMs) refused.expired += 1;
    else usable.push({ snapshot, takenAtMs });
  }
  // Only against a manifest lost rows are seen: what has none, as the provider's own, is for when there is nothing better.
  const withManifest = usable.filter(({ snapshot }) => manifestOfTags(snapshot.tags, snapshot.region) !== undefined);
  if (withManifest.length > 0) usable.splice(0, usable.length, ...withManifest);
  usable.sort((a, b) => a.takenAtMs - b.takenAtMs || (a.snapshot.identifier < b.snapshot.identifier ? -1 : 1));
  const words = Object.entries(refused).flatMap(([why, count]) => (count > 0 ? [`${count} ${why}`] : []));
  return { usable, refused: words.join(', ') || 'there is none' };
}

function seedOf({ name, nominalAtMs }: ChooseSnapshot): number {
  return Number.parseInt(sha256(`${databasePath(name)}/${nominalAtMs}`).slice(0, 12), 16);
}

function chosen({ snapshot, takenAtMs }: Candidate, candidates: number, how: string): ChosenSnapshot {
  return { outcome: 'chosen', snapshot, candidates, reason: `${how}, taken ${iso(takenAtMs)}` };
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
