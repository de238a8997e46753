/** Is nothing left of a temporary instance? An automated backup or a snapshot of it costs money, and keeps its data. */
import type { AutomatedBackupFacts, InstanceFacts, SnapshotFacts } from '../model/backup.ts';
import type { TemporaryInstance } from '../model/temporary.ts';
import { whyNotOurs } from './assess-adoption.ts';

export interface GoneObservation {
  readonly instance: Pick<InstanceFacts, 'identifier' | 'status' | 'tags'> | undefined;
  readonly automatedBackups: readonly AutomatedBackupFacts[];
  readonly snapshots: readonly Pick<SnapshotFacts, 'identifier' | 'status' | 'type'>[];
}

export interface Left {
  readonly kind: 'instance' | 'automatedBackup' | 'snapshot';
  readonly identifier: string;
  readonly status: string;
}

export type GoneAssessment =
  | { readonly state: 'gone' }
  | { readonly state: 'wait'; readonly left: readonly Left[]; readonly reason: string }
  | { readonly state: 'foreign'; readonly reason: string };

export function assessGone(temporary: TemporaryInstance, seen: GoneObservation): GoneAssessment {
  const { instance, automatedBackups, snapshots } = seen;
  const left: Left[] = [];
  if (instance) {
    const reason = whyNotOurs(instance.tags, temporary);
    if (reason !== undefined) {
      return { state: 'foreign', reason: `instance ${instance.identifier} is somebody else's now: ${reason}` };
    }
    left.push({ kind: 'instance', identifier: instance.identifier, status: instance.status });
  }
  for (const { resourceId, status } of automatedBackups) {
    if (status !== 'deleted') left.push({ kind: 'automatedBackup', identifier: resourceId, status });
  }
  for (const { identifier, status } of snapshots) left.push({ kind: 'snapshot', identifier, status });
  if (left.length === 0) return { state: 'gone' };
  return { state: 'wait', left, reason: `still there: ${left.map(inWords).join(', ')}` };
}

const KINDS = { instance: 'instance', automatedBackup: 'automated backup of', snapshot: 'snapshot' } as const;

function inWords({ kind, identifier, status }: Left): string {
  return `${KINDS[kind]} ${identifier} (${status})`;
}
