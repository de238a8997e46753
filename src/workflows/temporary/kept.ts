/** The parent's side of a keeper: start it, hear that it owns the name, ask it to delete, wait for its proof. */
import {
  type ChildWorkflowHandle,
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  proxyActivities,
  setHandler,
  startChild,
  TemporalFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { BackupActivities } from '../../activities/backup-activities.ts';
import type { FinishSignal, KeeperReport, KeepTemporaryInput } from '../../core/model/backup-operation.ts';
import type { RemovedObject } from '../../core/model/backup-record.ts';
import type { DatabasePlan } from '../../core/model/database.ts';
import type { GuardInput } from '../../core/model/ownership.ts';
import { KEEPER_MESSAGES, keeperId, WORKFLOWS } from '../../core/model/names.ts';
import type { TemporaryInstance } from '../../core/model/temporary.ts';
import { objectName } from '../../core/temporary/keeping.ts';
import { problemOf } from '../backup/backup-run.ts';
import { removalProfile, waitProfile } from '../shared/profiles.ts';
import type { keepTemporary } from './keep-temporary.ts';

/** A keeper that says nothing for so long is not there: nothing may be created. */
const READY_WITHIN_MS = 120_000;
/** Longest time a call that creates may be under way after its workflow ended: its start-to-close, and some. */
const LATE_CREATE_MS = 180_000;
const ROUND_MS = 600_000;
const MINUTE = 60_000;

export const keeperReadySignal = defineSignal<[{ readonly identifier: string }]>(KEEPER_MESSAGES.keeperReady);
export const keeperReportSignal = defineSignal<[KeeperReport]>(KEEPER_MESSAGES.keeperReport);

/** What stands at the provider after the teardown. */
export interface Teardown {
  readonly removed: readonly RemovedObject[];
  /** In words; empty when everything is proven absent. */
  readonly left: readonly string[];
}

export class Kept {
  readonly workflowId: string;
  private readonly plan: DatabasePlan;
  private readonly temporary: TemporaryInstance;
  private handle: ChildWorkflowHandle<typeof keepTemporary> | undefined;
  private isReady = false;
  private report: KeeperReport | undefined;
  private failure: string | undefined;

  constructor(plan: DatabasePlan, temporary: TemporaryInstance) {
    this.plan = plan;
    this.temporary = temporary;
    this.workflowId = keeperId(workflowInfo().workflowId);
    setHandler(keeperReadySignal, ({ identifier }) => {
      this.isReady ||= identifier === temporary.identifier;
    });
    setHandler(keeperReportSignal, (report) => {
      this.report = report;
    });
  }

  /** Returns why the keeper does not keep; undefined when it does. Never cancelled half-way. */
  async start(): Promise<string | undefined> {
    const { verification } = this.plan;
    const { workflowId, firstExecutionRunId } = workflowInfo();
    const input: KeepTemporaryInput = {
      temporary: this.temporary,
      parent: { workflowId, runId: firstExecutionRunId },
      questionMs: verification.keeperQuestionMs ?? MINUTE,
      goneWithinMs: verification.goneWithinMs,
      pollMs: verification.pollMs,
      lateCreateMs: LATE_CREATE_MS,
    };
    try {
      const handle = await startChild<typeof keepTemporary>(WORKFLOWS.keepTemporary, {
        workflowId: this.workflowId,
        args: [input],
        parentClosePolicy: ParentClosePolicy.ABANDON,
      });
      this.handle = handle;
      handle.result().then(
        (report) => {
          this.report = report;
        },
        (error: unknown) => {
          this.failure = problemOf(error);
        },
      );
      const guard: [GuardInput] = [{ ownershipId: this.workflowId, requestId: `${workflowId}/${firstExecutionRunId}` }];
      // The server cancels it when this workflow closes, however that came; it then tells the keeper at once.
      await startChild(WORKFLOWS.guardOwnership, {
        workflowId: `guard/${workflowId}/${firstExecutionRunId}`,
        args: guard,
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      });
    } catch (error) {
      if (!(error instanceof TemporalFailure)) throw error;
      return `keeper ${this.workflowId}: ${problemOf(error)}`;
    }
    await condition(() => this.isReady || this.report !== undefined || this.failure !== undefined, READY_WITHIN_MS);
    if (this.isReady && this.report === undefined && this.failure === undefined) return undefined;
    return `keeper ${this.workflowId}: expected its word that it keeps ${this.temporary.identifier}, found ${this.failure ?? 'none'}`;
  }

  /** The keeper ended although nobody asked it to: what it kept is gone, or is nobody's. */
  get isOver(): boolean {
    return this.failure !== undefined || this.report?.gone === true;
  }

  /** Asks for the deletion and waits for the proof; when there is no keeper any more, does its work. */
  async finish(settled: boolean): Promise<Teardown> {
    if (this.handle === undefined) return { removed: [], left: [] };
    if (!this.isOver) await this.ask({ settled });
    const { goneWithinMs } = this.plan.verification;
    const withinMs = goneWithinMs + (settled ? 0 : LATE_CREATE_MS) + MINUTE;
    await condition(() => this.isOver, withinMs);
    const { report, failure } = this;
    if (report?.gone === true) return { removed: report.removed, left: [] };
    if (failure !== undefined) return this.removeAlone(failure);
    const rows = report?.removed ?? [];
    const says = report?.problem ?? `no proof of absence within ${Math.round(withinMs / MINUTE)} min`;
    const removed = rows.length > 0 ? rows : [{ object: objectName(this.temporary), gone: false, says }];
    return { removed, left: leftIn(removed) };
  }

  private async ask(signal: FinishSignal): Promise<void> {
    try {
      await getExternalWorkflowHandle(this.workflowId).signal(KEEPER_MESSAGES.finish, signal);
    } catch (error) {
      if (!(error instanceof TemporalFailure)) throw error;
      // It is closed, and not by itself: a keeper ends with a report.
      log.warn('the keeper cannot be told', { keeper: this.workflowId, problem: String(error) });
      this.failure ??= problemOf(error);
    }
  }

  /** Someone terminated the keeper: whoever is left deletes. */
  private async removeAlone(failure: string): Promise<Teardown> {
    const { temporary } = this;
    const { goneWithinMs, pollMs } = this.plan.verification;
    const object = objectName(temporary);
    try {
      const { deleteTemporary } = proxyActivities<BackupActivities>(removalProfile(ROUND_MS));
      await deleteTemporary({ temporary });
      const { proveGone } = proxyActivities<BackupActivities>(waitProfile(goneWithinMs));
      const proof = await proveGone({ temporary, untilMs: Date.now() + goneWithinMs, pollMs });
      const gone = proof.outcome !== 'left';
      const says = proof.outcome === 'gone' ? `proven absent: ${proof.looked.join(', ')}` : proof.reason;
      const removed = [{ object, gone, says: `${says} (its keeper had ended: ${failure})` }];
      return { removed, left: leftIn(removed) };
    } catch (error) {
      if (!(error instanceof TemporalFailure)) throw error;
      const removed = [{ object, gone: false, says: `${problemOf(error)}; its keeper had ended: ${failure}` }];
      return { removed, left: leftIn(removed) };
    }
  }
}

function leftIn(removed: readonly RemovedObject[]): readonly string[] {
  return removed.filter(({ gone }) => !gone).map(({ object, says }) => `${object}: ${says}`);
}
