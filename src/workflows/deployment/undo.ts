/**
 * The undo: pushed before the do, run in reverse, outside the reach of cancellation. Each step is repeated until it is
 * confirmed, or until a person accepts that it cannot be. Nothing here has a deadline.
 */
import { ActivityFailure, CancellationScope, condition, isCancellation, rootCause } from '@temporalio/workflow';
import type { RestoreAccount } from '../../activities/kubernetes/restore-workload.ts';
import type { Decision } from '../../core/model/deploy-state.ts';
import type { ForeignChange, RestoredObject } from '../../core/model/operation.ts';
import type { Operation } from './operation.ts';

/** Ask for help when a step has not succeeded after this long; it goes on trying. */
const HELP_AFTER_MS = 60_000;
/** Then less and less often: a right that is missing over a weekend must not fill the history of the undo. */
const AGAIN_AFTER_MS = 30_000;
const AGAIN_AT_MOST_MS = 600_000;

export interface UndoStep {
  /** `HTTPRoute crm/crm-api` */
  readonly object: string;
  readonly doing: string;
  run(): Promise<RestoreAccount>;
}

export class Compensations {
  private readonly steps: UndoStep[] = [];
  private readonly op: Operation;

  constructor(op: Operation) {
    this.op = op;
  }

  push(step: UndoStep): void {
    this.steps.push(step);
  }

  /** Runs all steps, last first. Stops at once, changing nothing more, when ownership is lost. */
  async runAll(): Promise<void> {
    for (let step = this.steps.pop(); step !== undefined && !this.op.isLost; step = this.steps.pop()) {
      await this.runOne(step);
    }
  }

  private async runOne(step: UndoStep): Promise<void> {
    const { op } = this;
    op.accepted = undefined;
    op.say(step.doing);
    const sinceMs = Date.now();
    for (let againMs = AGAIN_AFTER_MS; ; againMs = Math.min(2 * againMs, AGAIN_AT_MOST_MS)) {
      const attempt = await this.attempt(step, sinceMs);
      if (op.isLost) return;
      const decision = op.accepted as Decision | undefined;
      if (attempt.account?.complete || decision) {
        this.record(step, attempt, decision?.by);
        op.accepted = undefined;
        op.waitFor(undefined);
        return;
      }
      op.waitFor({ for: 'help', sinceMs, object: step.object, problem: attempt.problem });
      await condition(() => op.accepted !== undefined || op.isLost, againMs);
    }
  }

  /** One run of the step's activity; ended early by an acceptance or by the loss of ownership. */
  private async attempt(
    step: UndoStep,
    sinceMs: number,
  ): Promise<{ readonly account?: RestoreAccount; readonly problem: string }> {
    const { op } = this;
    const scope = new CancellationScope();
    op.undoScope = scope;
    const running = scope.run(() => step.run());
    let over = false;
    const watching = condition(() => over || op.accepted !== undefined || op.isLost, HELP_AFTER_MS).then(
      async (answered) => {
        if (!answered) {
          op.waitFor({
            for: 'help',
            sinceMs,
            object: step.object,
            problem: 'not confirmed yet, still trying; see the pending activity for its last error',
          });
          await condition(() => over || op.accepted !== undefined || op.isLost);
        }
        if (!over) scope.cancel();
      },
    );
    try {
      const account = await running;
      return { account, problem: account.problem ?? '' };
    } catch (error) {
      if (isCancellation(error)) return { problem: 'the attempt was ended' };
      if (!(error instanceof ActivityFailure)) throw error;
      // Also when fenced: a newer owner is told of by ownership; a stamp that someone else wrote is a person's to judge.
      return { problem: rootCause(error) ?? error.message };
    } finally {
      over = true;
      op.undoScope = undefined;
      await watching;
    }
  }

  private record(
    step: UndoStep,
    attempt: { readonly account?: RestoreAccount; readonly problem: string },
    acceptedBy: string | undefined,
  ): void {
    const { op } = this;
    const rows: readonly RestoredObject[] = attempt.account?.restored ?? [
      {
        object: step.object,
        field: 'all',
        wanted: 'as before',
        observed: attempt.problem || 'unknown',
        restored: false,
        changed: false,
      },
    ];
    const note = acceptedBy === undefined ? {} : { note: `accepted as it is by ${acceptedBy}` };
    const foreign: readonly ForeignChange[] = attempt.account?.foreign ?? [];
    op.state.restored = [...op.state.restored, ...rows.map((row) => (row.restored ? row : { ...row, ...note }))];
    op.addForeign(foreign);
  }
}
