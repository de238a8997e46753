/** What holds a deployment between two changes: a pause, an approval. It is watched as long as it holds. */
import { condition, isCancellation } from '@temporalio/workflow';
import type { Ending } from '../../core/rollout/ending.ts';
import type { ApprovalPlan } from '../../core/model/plan.ts';
import type { Operation } from './operation.ts';
import { type Release, watch } from './watch.ts';

interface At {
  readonly step: number;
  readonly weightPercent: number;
}

/** `pause` stops weight changes, not watching: a paused bad canary is still rolled back. */
export async function holdWhilePaused(op: Operation, release: Release, at: At): Promise<Ending | undefined> {
  const paused = op.state.paused;
  if (paused === undefined) return undefined;
  const { pauseMs } = release.deposit.plan.deadlines;
  const deadlineMs = paused.sinceMs + pauseMs;
  op.waitFor({ for: 'resume', sinceMs: paused.sinceMs, deadlineMs });
  const ending = await holdUntil(op, release, at, () => op.state.paused === undefined, deadlineMs - Date.now());
  op.waitFor(undefined);
  if (ending) return ending;
  if (op.state.paused === undefined) return undefined;
  const reason = `paused by ${paused.by} for ${Math.round(pauseMs / 3_600_000)} h without a resume, taking the safe side`;
  return { outcome: 'rolledBack', reasonCode: 'PauseExpired', reason };
}

/** Asks before the next step, at the weight of the last one. */
export async function askApproval(op: Operation, release: Release, at: At, why?: string): Promise<Ending | undefined> {
  const approval = release.deposit.plan.stepApproval;
  op.enter('awaitingApproval');
  return ask(op, approval, why, () => holdUntil(op, release, at, () => op.approved, approval.deadlineMs));
}

/** Asks at weight 0, where nothing runs yet that would need watching: it may wait for months. */
export async function askStartApproval(
  op: Operation,
  approval: ApprovalPlan,
  why?: string,
): Promise<Ending | undefined> {
  op.enter('awaitingStart');
  return ask(op, approval, why, async () => {
    await condition(() => op.approved, approval.deadlineMs);
    return undefined;
  });
}

async function ask(
  op: Operation,
  approval: ApprovalPlan,
  why: string | undefined,
  hold: () => Promise<Ending | undefined>,
): Promise<Ending | undefined> {
  op.approved = false;
  const sinceMs = Date.now();
  const waiting = {
    for: 'approval',
    sinceMs,
    deadlineMs: sinceMs + approval.deadlineMs,
    onDeadline: approval.onDeadline,
    ...(why !== undefined && { why }),
  } as const;
  op.waitFor(waiting);
  let over = false;
  const escalation = escalate(
    approval,
    () => over || op.approved,
    () => op.waitFor({ ...waiting, escalatedAtMs: Date.now() }),
  );
  try {
    const ending = await hold();
    if (ending || op.approved || approval.onDeadline === 'approve') return ending;
    const reason = `no decision within ${Math.round(approval.deadlineMs / 60_000)} min; the default is to reject`;
    return { outcome: 'rejected', reasonCode: 'ApprovalExpired', reason };
  } finally {
    over = true;
    await escalation;
    op.approved = false;
    op.waitFor(undefined);
  }
}

/** Tells once more, in status, current details and memo, when nobody has decided for a while. */
async function escalate(approval: ApprovalPlan, over: () => boolean, tell: () => void): Promise<void> {
  if (approval.escalateAfterMs === undefined || approval.escalateAfterMs >= approval.deadlineMs) return;
  try {
    if (!(await condition(over, approval.escalateAfterMs))) tell();
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
}

/** Holds at a weight for a while, watched where there is traffic to watch. */
export async function holdFor(op: Operation, release: Release, at: At, ms: number): Promise<Ending | undefined> {
  return holdUntil(op, release, at, () => false, ms);
}

async function holdUntil(
  op: Operation,
  release: Release,
  at: At,
  done: () => boolean,
  withinMs: number,
): Promise<Ending | undefined> {
  if (at.weightPercent === 0) {
    await condition(done, Math.max(1, withinMs));
    return undefined;
  }
  let expired = false;
  let over = false;
  const clock = condition(() => over || done(), Math.max(1, withinMs)).then(
    (met) => {
      expired = !met;
    },
    () => undefined,
  );
  try {
    // An observer that ends without a verdict while we still hold is begun anew, less and less eagerly.
    for (let pauseMs = 30_000; ; pauseMs *= 2) {
      const ending = await watch(op, release, { mode: 'hold', ...at, until: () => expired || done() });
      if (ending || expired || done()) return ending;
      await condition(() => expired || done(), pauseMs);
      if (expired || done()) return undefined;
    }
  } finally {
    over = true;
    await clock;
  }
}
