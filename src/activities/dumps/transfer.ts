import { Context } from '@temporalio/activity';
import { formatDuration } from '../../core/model/duration.ts';
import { CodedError } from '../../errors/coded-error.ts';
import { toActivityFailure } from '../failure.ts';
import type { TransferProgress } from './types.ts';

const HEARTBEAT_EVERY_MS = 2000;

/** What a body that moves bytes is given. */
export interface Transfer {
  /** Aborted by a cancellation, or by the deadline. */
  readonly signal: AbortSignal;
  readonly tell: (doing: string, bytes: number) => void;
}

/**
 * Runs a body that moves bytes: heartbeats tell how many, a cancellation or the deadline ends it by its signal. Errors
 * become failures of their code.
 */
export async function withTransfer<T>(deadlineMs: number, body: (transfer: Transfer) => Promise<T>): Promise<T> {
  const context = Context.current();
  const startedAtMs = Date.now();
  let last: TransferProgress = { doing: 'beginning', bytes: 0, elapsedMs: 0 };
  const beat = (): void => context.heartbeat({ ...last, elapsedMs: Date.now() - startedAtMs });
  const timer = setInterval(beat, HEARTBEAT_EVERY_MS);
  beat();
  const late = AbortSignal.timeout(deadlineMs);
  try {
    return await body({
      signal: AbortSignal.any([context.cancellationSignal, late]),
      tell: (doing, bytes) => {
        last = { doing, bytes, elapsedMs: 0 };
      },
    });
  } catch (error) {
    const isLate = late.aborted && !context.cancellationSignal.aborted;
    throw toActivityFailure(isLate ? tooLate(deadlineMs, last) : error);
  } finally {
    clearInterval(timer);
  }
}

/** Final: another attempt would have the same time. */
function tooLate(deadlineMs: number, { doing, bytes }: TransferProgress): CodedError {
  return new CodedError(
    'PreconditionFailed',
    `${doing}: expected the end within ${formatDuration(deadlineMs)}, had moved ${bytes} bytes by then`,
  );
}
