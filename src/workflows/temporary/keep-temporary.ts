/**
 * The keeper of a temporary instance: started before the instance is created, abandoned by its parent's end. It deletes
 * when it is asked, when its parent ended (however that came) and at the expiry, and ends only when absence is proven.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  TemporalFailure,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { BackupActivities } from '../../activities/backup-activities.ts';
import type {
  BackupStatus,
  FinishSignal,
  KeeperReport,
  KeeperState,
  KeepTemporaryInput,
} from '../../core/model/backup-operation.ts';
import { KEEPER_MESSAGES, MEMO, MESSAGES, OWNERSHIP_MESSAGES } from '../../core/model/names.ts';
import type { OwnerEndedSignal } from '../../core/model/ownership.ts';
import { describeKeeper, keeperDetails, keeperMemo } from '../../core/status/describe-keeper.ts';
import {
  afterProof,
  afterTrouble,
  emptyKeeper,
  keeperAsked,
  keeperReport,
  recordOfEnded,
  withCause,
} from '../../core/temporary/keeping.ts';
import { problemOf } from '../backup/backup-run.ts';
import { closingProfile, questionProfile, removalProfile, waitProfile } from '../shared/profiles.ts';

/** How long one round tries to have a deletion accepted, before it says that it could not. */
const ROUND_MS = 600_000;

const finishSignal = defineSignal<[FinishSignal]>(KEEPER_MESSAGES.finish);
const ownerEndedSignal = defineSignal<[OwnerEndedSignal]>(OWNERSHIP_MESSAGES.ownerEnded);
const statusQuery = defineQuery<BackupStatus>(MESSAGES.status);

export async function keepTemporary(input: KeepTemporaryInput): Promise<KeeperReport> {
  const { workflowId } = workflowInfo();
  const isFirst = input.state === undefined;
  let state = input.state ?? emptyKeeper(Date.now());
  let told = '';

  const become = (next: KeeperState): void => {
    state = next;
    setCurrentDetails(keeperDetails(input, state, Date.now()));
    const memo = keeperMemo(input, state, Date.now());
    const text = JSON.stringify({ ...memo, atMs: 0 });
    if (text === told) return;
    told = text;
    upsertMemo({ [MEMO.status]: memo });
  };

  setHandler(finishSignal, (signal) => become(keeperAsked(state, signal, Date.now())));
  // The guard of the parent: it was closed, by whatever means.
  setHandler(ownerEndedSignal, () => become(withCause(state, 'parentEnded', Date.now())));
  setHandler(statusQuery, () => describeKeeper(input, state, workflowId, Date.now()));
  become(state);

  // A cancelled keeper would leave a copy of real data running: it takes the cancellation as the wish to delete.
  const wish = new CancellationScope();
  try {
    await wish.run(async () => {
      if (isFirst) await tellParent(input, KEEPER_MESSAGES.keeperReady, { identifier: input.temporary.identifier });
      if (state.cause === undefined) await keep(input, () => state.cause !== undefined);
    });
  } catch (error) {
    if (!isCancellation(error)) throw error;
    become(withCause(state, 'asked', Date.now()));
  }
  return CancellationScope.nonCancellable(async () => {
    if (state.cause === undefined) {
      const cause = Date.now() >= input.temporary.expiresAtMs ? 'expired' : 'parentEnded';
      become(withCause(state, cause, Date.now()));
    }
    for (;;) {
      const { next, ...after } = await removeOnce(input, () => state, become);
      become(after.state);
      if (next === 'end') {
        if (state.cause === 'parentEnded') await recordParent(input, state);
        return keeperReport(state, Date.now());
      }
      // Said to the parent only where something is in the way: it fails its verification for it.
      if (state.rounds > 0) await tellParent(input, KEEPER_MESSAGES.keeperReport, keeperReport(state, Date.now()));
      const waitedFor = state;
      const waitMs = 'waitMs' in after ? after.waitMs : 0;
      await condition(() => state.settled && !waitedFor.settled, Math.max(1, waitMs));
      if (workflowInfo().continueAsNewSuggested && allHandlersFinished()) {
        await continueAsNew<typeof keepTemporary>({ ...input, state });
      }
    }
  });
}

/** Until something is the cause to delete: a message, the end of the parent, the expiry. */
async function keep({ parent, questionMs, temporary }: KeepTemporaryInput, isAsked: () => boolean): Promise<void> {
  const { awaitOwnerEnd } = proxyActivities<BackupActivities>(questionProfile(questionMs));
  let ended = false;
  const asking = new CancellationScope();
  const question = asking
    .run(() => awaitOwnerEnd(parent))
    .then(
      () => {
        ended = true;
      },
      (error: unknown) => {
        // The guard, the expiry and the sweep are still there.
        if (!isCancellation(error)) log.warn('the parent cannot be asked about', { problem: String(error) });
      },
    );
  try {
    await condition(() => ended || isAsked(), Math.max(1, temporary.expiresAtMs - Date.now()));
  } finally {
    if (!ended) asking.cancel();
    await CancellationScope.nonCancellable(() => question);
  }
}

/** One round: delete, then look whether it is gone. */
async function removeOnce(
  input: KeepTemporaryInput,
  now: () => KeeperState,
  become: (state: KeeperState) => void,
): Promise<ReturnType<typeof afterProof>> {
  const { temporary, goneWithinMs, pollMs } = input;
  try {
    become({ ...now(), phase: 'deleting' });
    const { deleteTemporary } = proxyActivities<BackupActivities>(removalProfile(ROUND_MS));
    const deleted = await deleteTemporary({ temporary });
    become({ ...now(), phase: 'proving', seen: now().seen || deleted.outcome === 'deleting' });
    const { proveGone } = proxyActivities<BackupActivities>(waitProfile(goneWithinMs));
    const proof = await proveGone({ temporary, untilMs: Date.now() + goneWithinMs, pollMs });
    return afterProof(input, now(), proof, Date.now());
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    const problem = problemOf(error);
    log.warn('a round of deletion failed', { identifier: temporary.identifier, problem });
    return afterTrouble(input, now(), problem);
  }
}

/** The parent could not: without this nobody would find in the ledger what became of it. Changes nothing else. */
async function recordParent(input: KeepTemporaryInput, state: KeeperState): Promise<void> {
  const { recordBackupOperation } = proxyActivities<BackupActivities>(closingProfile());
  try {
    await recordBackupOperation({ result: recordOfEnded(input, state, Date.now()), of: input.parent });
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error;
    log.warn('the end of the parent could not be recorded', { problem: problemOf(error) });
  }
}

async function tellParent({ parent }: KeepTemporaryInput, signal: string, says: unknown): Promise<void> {
  try {
    await getExternalWorkflowHandle(parent.workflowId, parent.runId).signal(signal, says);
  } catch (error) {
    // It is closed: the keeper stands alone, which is what it is for.
    if (isCancellation(error)) throw error;
    log.info('the parent is closed', { parent: parent.workflowId, failure: String(error) });
  }
}
