import type { Context } from '@temporalio/activity';

/** True when the workflow asked; not when this worker shuts down, timed out, or lost the activity. */
export function isAskedToStop(context: Context): boolean {
  if (!context.cancellationSignal.aborted) return false;
  const details = context.cancellationDetails;
  if (details?.cancelRequested === true) return true;
  const reason: unknown = context.cancellationSignal.reason;
  return details === undefined && reason instanceof Error && reason.message === 'CANCELLED';
}
