/**
 * A running operation on backups: its record, its phases, and the scope of its way forward. Every step writes here, and
 * `status`, current details and memo are made from it.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineUpdate,
  isCancellation,
  rootCause,
  setCurrentDetails,
  setHandler,
  TemporalFailure,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import { parseMessage } from '../../core/messages/parse-message.ts';
import type { MessageInputs } from '../../core/messages/message-inputs.ts';
import type { BackupOperation } from '../../core/model/backup-record.ts';
import type { BackupEnding, BackupResult, BackupState, BackupStatus } from '../../core/model/backup-operation.ts';
import type { OperationMark } from '../../core/model/backup.ts';
import type { DatabaseName } from '../../core/model/database.ts';
import { MEMO, MESSAGES } from '../../core/model/names.ts';
import { backupDetails, backupMemo, describeBackup, whyNoAbort } from '../../core/status/describe-backup.ts';

const statusQuery = defineQuery<BackupStatus>(MESSAGES.status);
const abortUpdate = defineUpdate<
  { readonly accepted: true; readonly phase: string; readonly says: string },
  [MessageInputs['abort']]
>(MESSAGES.abort);

/** Set by the server on what a schedule started: the time that the schedule meant. */
const SCHEDULED_AT = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');
const SCHEDULED_BY = defineSearchAttributeKey('TemporalScheduledById', 'KEYWORD');

const CANCELLED: BackupEnding = {
  outcome: 'aborted',
  reasonCode: 'Cancelled',
  reason: 'the workflow was cancelled on the server',
  cancelled: true,
};

export class BackupRun {
  readonly state: BackupState;
  /** Whose the things are that it makes. */
  readonly mark: OperationMark;
  private readonly way = new CancellationScope();
  private aborted: BackupEnding | undefined;
  private published = '';

  constructor(
    operation: BackupOperation,
    name: DatabaseName,
    asked: { readonly requestedBy?: string; readonly reason?: string },
  ) {
    const { workflowId, firstExecutionRunId, startTime, typedSearchAttributes } = workflowInfo();
    const schedule = typedSearchAttributes.get(SCHEDULED_BY);
    const nowMs = Date.now();
    this.mark = { operation: workflowId, run: firstExecutionRunId };
    this.state = {
      operation,
      workflowId,
      name,
      requestedBy: asked.requestedBy ?? (schedule === undefined ? 'not stated' : `schedule ${schedule}`),
      askedBecause: asked.reason ?? '',
      startedAtMs: nowMs,
      // A backfill months later, or a start that was caught up, is about the time that was meant.
      nominalAtMs: (typedSearchAttributes.get(SCHEDULED_AT) ?? startTime).getTime(),
      phase: 'preparing',
      phaseSinceMs: nowMs,
      phases: [],
      seen: [],
      warnings: [],
      decisions: [],
      removed: [],
    };
    setHandler(statusQuery, () => describeBackup(this.state, Date.now()), {
      description: 'what runs, why, what was seen, what comes next, what one may do, what is left',
    });
    setHandler(abortUpdate, (input) => this.abort(input), {
      validator: (input) => this.refuse(input),
      description: 'stop; what was made is deleted first',
    });
  }

  /** A stretch of the work, timed under `name` also when it fails. */
  async timed<T>(name: string, phase: string, body: () => Promise<T>, deadlineMs?: number): Promise<T> {
    const startedAtMs = Date.now();
    this.enter(phase, deadlineMs);
    try {
      return await body();
    } finally {
      this.state.phases = [...this.state.phases, { name, startedAtMs, endedAtMs: Date.now() }];
      delete this.state.deadlineMs;
    }
  }

  enter(phase: string, deadlineMs?: number): void {
    const { state } = this;
    state.phase = phase;
    state.phaseSinceMs = Date.now();
    delete state.doing;
    if (deadlineMs === undefined) delete state.deadlineMs;
    else state.deadlineMs = deadlineMs;
    this.publish();
  }

  saw(line: string): void {
    this.state.seen = [...this.state.seen, line];
    this.tell();
  }

  warn(line: string): void {
    this.state.warnings = [...this.state.warnings, line];
    this.tell();
  }

  /** Runs the way forward; every way it can end becomes an ending. Bugs and bad input are thrown. */
  async forward(body: () => Promise<BackupEnding>, trouble: (problem: string) => BackupEnding): Promise<BackupEnding> {
    try {
      return this.stopped(await this.way.run(body));
    } catch (error) {
      // A step whose worker died after the request fails in its own words; the request is what counts.
      if (isCancellation(error) || (this.way.consideredCancelled && error instanceof TemporalFailure)) {
        return this.stopped(CANCELLED);
      }
      // Nothing is made yet when the plan is resolved: bad input fails the workflow with its own type.
      if (isInvalidInput(error) && this.state.phase === 'preparing') throw error;
      if (!(error instanceof TemporalFailure)) throw error;
      return trouble(problemOf(error));
    }
  }

  /** A request to stop counts, but for what was found to be wrong: nobody may abort a FAIL away. */
  private stopped(ending: BackupEnding): BackupEnding {
    if (this.aborted) return ending.outcome === 'failed' ? ending : this.aborted;
    if (!this.way.consideredCancelled) return ending;
    return ending.outcome === 'failed' ? { ...ending, cancelled: true } : CANCELLED;
  }

  /** The part of the result that every operation has. */
  result(ending: BackupEnding): BackupResult {
    const { state } = this;
    return {
      ...state.name,
      operation: state.operation,
      requestedBy: state.requestedBy,
      askedBecause: state.askedBecause,
      nominalAtMs: state.nominalAtMs,
      startedAtMs: state.startedAtMs,
      endedAtMs: Date.now(),
      outcome: ending.outcome,
      reasonCode: ending.reasonCode,
      reason: ending.reason,
      phases: state.phases,
      removed: state.removed,
      warnings: state.warnings,
    };
  }

  /** A cancelled run returns nothing: its result stands in the memo, in short. */
  end(result: BackupResult, isCancelled: boolean): void {
    this.state.result = result;
    if (isCancelled) {
      const { plan: _plan, verification: _verification, ...short } = result;
      upsertMemo({ [MEMO.report]: { ...short, phases: [] } });
    }
    this.enter('ended');
  }

  /** Waits, but not longer than `ms`; false when the time is over. */
  async until(done: () => boolean, ms: number): Promise<boolean> {
    return condition(done, Math.max(1, ms));
  }

  private refuse(input: unknown): void {
    const parsed = parseMessage('abort', input);
    if ('problem' in parsed) throw ApplicationFailure.nonRetryable(parsed.problem, 'InvalidInput');
    const why = whyNoAbort(this.state);
    if (why !== undefined) throw ApplicationFailure.nonRetryable(`abort: ${why}`, 'PreconditionFailed');
  }

  private abort(input: MessageInputs['abort']) {
    const { by, reason } = input;
    this.state.decisions = [...this.state.decisions, { what: 'abort', by, reason, atMs: Date.now() }];
    this.aborted = { outcome: 'aborted', reasonCode: 'Aborted', reason: `aborted by ${by}: ${reason}` };
    this.way.cancel();
    this.tell();
    const says = this.state.temporary ? 'it stops; the copy is deleted first' : 'it stops';
    return { accepted: true, phase: this.state.phase, says } as const;
  }

  private tell(): void {
    setCurrentDetails(backupDetails(this.state, Date.now()));
  }

  private publish(): void {
    this.tell();
    const memo = backupMemo(this.state, Date.now());
    const text = JSON.stringify({ ...memo, atMs: 0 });
    if (text === this.published) return;
    this.published = text;
    upsertMemo({ [MEMO.status]: memo });
  }
}

/** The words of what failed: of the activity, not of the failure around it. */
export function problemOf(error: unknown): string {
  if (error instanceof ActivityFailure) return `${error.activityType}: ${rootCause(error) ?? error.message}`;
  return rootCause(error) ?? String(error);
}

function isInvalidInput(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure && cause.type === 'InvalidInput';
}

/** A failure of an activity or of the server, which no retry mends; a cancellation and a bug are thrown on. */
export function troubleIn(error: unknown): string {
  if (isCancellation(error) || !(error instanceof TemporalFailure)) throw error;
  return problemOf(error);
}
