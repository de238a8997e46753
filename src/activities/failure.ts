import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { type CodedError, isCoded } from '../errors/coded-error.ts';
import { ERROR_CODES, isRetryable } from '../errors/codes.ts';

/** A server that asks for an hour must not delay an undo for an hour: the next attempt asks again. */
const MAX_RETRY_DELAY_MS = 60_000;

/**
 * What an activity throws for an error: a CodedError becomes an ApplicationFailure of its code (retryable as the table
 * of codes says, with the server's Retry-After up to 60 s; *not yet* is benign). Everything else passes through
 * unchanged: cancellations, failures that were made on purpose, and bugs.
 *
 * The cause stays out of the failure: messages stand in history for long, and ours already say what was seen.
 */
export function toActivityFailure(error: unknown): Error {
  if (isCoded(error)) return fromCoded(error);
  return error instanceof Error ? error : new Error(String(error));
}

function fromCoded(error: CodedError): ApplicationFailure {
  const nonRetryable = !isRetryable(error.code);
  const delayMs = error.retryAfterMs === undefined ? undefined : Math.min(error.retryAfterMs, MAX_RETRY_DELAY_MS);
  return ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable,
    ...(error.details === undefined ? {} : { details: [error.details] }),
    ...(nonRetryable || delayMs === undefined ? {} : { nextRetryDelay: delayMs }),
    ...(ERROR_CODES[error.code].retry === 'notYet' ? { category: ApplicationFailureCategory.BENIGN } : {}),
  });
}

/** The activity body with its errors turned by {@link toActivityFailure}. */
export function guarded<Args extends unknown[], Result>(
  body: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  return async (...args) => {
    try {
      return await body(...args);
    } catch (error) {
      throw toActivityFailure(error);
    }
  };
}
