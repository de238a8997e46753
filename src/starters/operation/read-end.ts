/** How a closed operation ended: its result, or what it left when it has none. */
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import type { BackupResult } from '../../core/model/backup-operation.ts';
import { isBackupOperation } from '../../core/model/backup-record.ts';
import { WORKFLOWS } from '../../core/model/names.ts';
import type { DeployResult } from '../../core/model/operation.ts';
import { describeProblem, type Problem } from '../../core/model/problem.ts';
import { type ExitName, exitOf, exitOfBackup } from '../exit-codes.ts';
import { call, messageOf, type Session } from '../session.ts';
import type { OperationFailure, OperationView } from './operation-view.ts';

/** Completes the view of a closed operation. A cancelled one has no result: its memo carries the report. */
export async function readEnd(session: Session, view: OperationView): Promise<OperationView> {
  const handle = session.client.workflow.getHandle(view.workflowId, view.runId);
  try {
    const result = await call(session, () => handle.result() as Promise<unknown>);
    // A keeper ends with a report of its own; its memo tells it.
    if (view.operation === WORKFLOWS.keepTemporary) return view;
    if (isBackupOperation(view.operation)) return { ...view, backup: result as BackupResult };
    return { ...view, result: result as DeployResult };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return { ...view, failure: failureOf(error.cause) };
  }
}

function failureOf(error: Error | undefined): OperationFailure {
  const type = closedBy(error);
  let cause = error;
  while (cause?.cause instanceof Error) cause = cause.cause;
  if (cause instanceof ApplicationFailure) {
    return { type: cause.type ?? type, message: cause.message, problems: problemsIn(cause.details?.[0]) };
  }
  return { type, message: messageOf(cause ?? error ?? 'the workflow left no message'), problems: [] };
}

function closedBy(error: Error | undefined): string {
  if (error instanceof CancelledFailure) return 'cancelled';
  if (error instanceof TerminatedFailure) return 'terminated';
  if (error instanceof TimeoutFailure) return 'timedOut';
  return 'failed';
}

/** Problems of an InvalidInput: a list of problems with path and expectation, or of texts. */
function problemsIn(details: unknown): readonly string[] {
  const list: unknown = isRecord(details) ? details.problems : details;
  if (!Array.isArray(list)) return [];
  return list.map((problem: unknown) => {
    if (typeof problem === 'string') return problem;
    return isProblem(problem) ? describeProblem(problem) : JSON.stringify(problem);
  });
}

function isProblem(value: unknown): value is Problem {
  return isRecord(value) && typeof value.path === 'string' && typeof value.expected === 'string' && 'found' in value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The exit code that tells this end to the shell. */
export function exitOfView(view: OperationView): ExitName {
  if (view.result) return exitOf(view.result);
  if (view.backup) return exitOfBackup(view.backup);
  if (view.operation === WORKFLOWS.keepTemporary && view.run === 'COMPLETED') return 'ok';
  switch (view.failure?.type) {
    case 'InvalidInput':
      return 'badInput';
    case 'cancelled':
      return 'aborted';
    default:
      return 'noResult';
  }
}
