/** Is it a copy of that database, and was it made after the manifest? */
import type { Manifest } from '../model/restore.ts';
import { type Finding, finding } from './finding.ts';

export interface LineageSeen {
  readonly database: string;
  /** Undefined: the role may not ask. */
  readonly systemIdentifier?: string;
  readonly timelineId?: number;
  /** The next transaction id, 64 bits, as a text. */
  readonly nextXid: string;
  readonly inRecovery: boolean;
}

export interface Lineage extends Finding {
  /** False: comparing it with the manifest says nothing about the backup. */
  readonly isComparable: boolean;
}

export function assessLineage(manifest: Manifest, seen: LineageSeen, physical: boolean): Lineage {
  const { systemIdentifier, timelineId, nextXid, database } = seen;
  if (!physical) return { ...finding('pass', 'a loaded copy: another cluster by its nature'), isComparable: true };
  if (systemIdentifier === undefined || timelineId === undefined) {
    return { ...finding('couldNotVerify', 'this role may not call pg_control_system()'), isComparable: true };
  }
  if (systemIdentifier !== manifest.systemIdentifier) {
    const says = `another cluster: the manifest has system identifier ${manifest.systemIdentifier}, the copy ${systemIdentifier}`;
    return { ...finding('fail', says), isComparable: false };
  }
  if (database !== manifest.database) {
    const says = `another database of the cluster: the manifest is of ${manifest.database}, this is ${database}`;
    return { ...finding('fail', says), isComparable: false };
  }
  if (timelineId < manifest.timelineId) {
    const says = `timeline ${timelineId}, before the manifest's ${manifest.timelineId}: an earlier life of the database`;
    return { ...finding('fail', says), isComparable: true };
  }
  // An id that left no trace in the log may be given out twice; where there is a canary row, it decides.
  if (manifest.canary === undefined && BigInt(nextXid) < BigInt(manifest.xid)) {
    const says = `its next transaction is ${nextXid}, the manifest was taken at ${manifest.xid}: the copy is older than the manifest`;
    return { ...finding('fail', says), isComparable: true };
  }
  const what = `system identifier ${systemIdentifier}, timeline ${timelineId}`;
  return seen.inRecovery
    ? { ...finding('warn', `${what}; still in recovery: what is seen may change`), isComparable: true }
    : { ...finding('pass', what), isComparable: true };
}
