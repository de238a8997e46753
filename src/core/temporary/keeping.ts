/** What a keeper decides: when to delete, whether absence is proven for good, and what it says meanwhile. Pure. */
import type { Leftover, ProveGoneLike } from './proof.ts';
import type {
  FinishSignal,
  KeeperCause,
  KeeperReport,
  KeeperState,
  KeepTemporaryInput,
} from '../model/backup-operation.ts';
import type { BackupRecord, RemovedObject } from '../model/backup-record.ts';
import type { TemporaryInstance } from '../model/temporary.ts';

/** Between two rounds of deletion: soon at first, then less and less eagerly, for ever. */
const AGAIN_AFTER_MS = 15_000;
const AGAIN_AT_MOST_MS = 600_000;

export function emptyKeeper(startedAtMs: number): KeeperState {
  return { phase: 'keeping', startedAtMs, settled: false, seen: false, rounds: 0, problem: '', removed: [] };
}

/** The first cause counts; that everything is settled is believed whenever it is said. */
export function keeperAsked(state: KeeperState, { settled }: FinishSignal, nowMs: number): KeeperState {
  return withCause({ ...state, settled: state.settled || settled }, 'asked', nowMs);
}

export function withCause(state: KeeperState, cause: KeeperCause, nowMs: number): KeeperState {
  if (state.cause !== undefined) return state;
  return { ...state, cause, causeAtMs: nowMs, phase: state.phase === 'gone' ? 'gone' : 'deleting' };
}

export type AfterProof =
  | { readonly next: 'end'; readonly state: KeeperState }
  /** Not proven, or a late call may still create it: wait, then delete and prove again. */
  | { readonly next: 'again'; readonly state: KeeperState; readonly waitMs: number };

/**
 * Absence counts when nothing that could create the instance is under way any more. A call that was sent before its
 * workflow was terminated may arrive later: until then the keeper looks again.
 */
export function afterProof(
  input: KeepTemporaryInput,
  before: KeeperState,
  proof: ProveGoneLike,
  nowMs: number,
): AfterProof {
  const { temporary } = input;
  if (proof.outcome === 'left') {
    const rounds = before.rounds + 1;
    const removed = proof.left.map((each) => leftRow(temporary, each));
    const state = { ...before, phase: 'deleting', seen: true, rounds, removed, problem: proof.reason } as const;
    return { next: 'again', state, waitMs: againMs(rounds) };
  }
  const says = proof.outcome === 'gone' ? `proven absent: ${proof.looked.join(', ')}` : proof.reason;
  const removed: readonly RemovedObject[] = [{ object: objectName(temporary), gone: true, says }];
  const lateUntilMs = (before.causeAtMs ?? nowMs) + input.lateCreateMs;
  if (!before.settled && !before.seen && nowMs < lateUntilMs) {
    const problem = `${temporary.identifier} was never seen; a call that was under way may still create it`;
    return { next: 'again', state: { ...before, phase: 'deleting', removed, problem }, waitMs: lateUntilMs - nowMs };
  }
  return { next: 'end', state: { ...before, phase: 'gone', removed, problem: '' } };
}

/** A round that ended with an error that no retry of the activity mended: said, and tried again. */
export function afterTrouble(input: KeepTemporaryInput, before: KeeperState, problem: string): AfterProof {
  const rounds = before.rounds + 1;
  const removed = [{ object: objectName(input.temporary), gone: false, says: problem }];
  return { next: 'again', state: { ...before, phase: 'deleting', rounds, problem, removed }, waitMs: againMs(rounds) };
}

/** 15 s, 30 s, 1 min, ... 10 min. */
export function againMs(rounds: number): number {
  return Math.min(AGAIN_AFTER_MS * 2 ** Math.max(0, rounds - 1), AGAIN_AT_MOST_MS);
}

export function keeperReport(state: KeeperState, nowMs: number): KeeperReport {
  return {
    gone: state.phase === 'gone',
    cause: state.cause ?? 'asked',
    endedAtMs: nowMs,
    removed: state.removed,
    ...(state.problem !== '' && { problem: state.problem }),
  };
}

/** What the ledger is told of a verification that ended without a word of its own: terminated, timed out, failed. */
export function recordOfEnded(input: KeepTemporaryInput, state: KeeperState, nowMs: number): Omit<BackupRecord, 'key'> {
  const { temporary } = input;
  const slash = temporary.database.indexOf('/');
  const reason = `it was ended from outside (terminated, timed out or failed); its keeper deleted ${temporary.identifier}`;
  return {
    operation: 'verifyRestore',
    environment: temporary.database.slice(0, slash),
    database: temporary.database.slice(slash + 1),
    requestedBy: 'not known',
    askedBecause: '',
    nominalAtMs: state.startedAtMs,
    startedAtMs: state.startedAtMs,
    endedAtMs: nowMs,
    outcome: 'terminated',
    reasonCode: 'ParentEnded',
    reason,
    phases: [{ name: 'delete', startedAtMs: state.causeAtMs ?? nowMs, endedAtMs: nowMs }],
    removed: state.removed,
  };
}

/** `DB instance mainstay-verify-crm-0f3a9c21d7 (eu-central-1)` */
export function objectName({ identifier, region }: TemporaryInstance): string {
  return `DB instance ${identifier} (${region})`;
}

const KINDS = { instance: 'DB instance', automatedBackup: 'automated backup', snapshot: 'DB snapshot' } as const;

function leftRow({ region }: TemporaryInstance, { kind, identifier, status }: Leftover): RemovedObject {
  return { object: `${KINDS[kind]} ${identifier} (${region})`, gone: false, says: `still there: ${status}` };
}

/** For a person at a terminal without Mainstay. */
export function deleteByHand({ identifier, region }: TemporaryInstance): string {
  return `aws rds delete-db-instance --region ${region} --db-instance-identifier ${identifier} --skip-final-snapshot --delete-automated-backups`;
}
