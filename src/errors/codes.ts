/**
 * Every failure code of the product, once. A code is a wire format: it stands in workflow histories as the
 * ApplicationFailure type and in people's scripts. `retry` says who handles it:
 * - `retry`: transient, the retry policy tries again;
 * - `notYet`: retryable and benign, bounded by a deadline;
 * - `observe`: a mutation whose reply is unknown; retried only because our mutations are idempotent and look first;
 * - `final`: never retried, the workflow decides (undo, report);
 * - `stop`: final, and a person is asked.
 */
export const ERROR_CODES = {
  Throttled: { retry: 'retry', says: 'The server asked us to slow down; the call is repeated after its Retry-After.' },
  Unavailable: { retry: 'retry', says: 'The server could not be reached or answered 5xx to a read.' },
  Timeout: { retry: 'retry', says: 'The server did not answer a read in time.' },
  Conflict: { retry: 'retry', says: 'Someone changed the object between our read and our write; it is read again.' },
  NotReady: { retry: 'notYet', says: 'The awaited state has not been reached yet.' },
  OutcomeUnknown: { retry: 'observe', says: 'A write lost its reply; the next attempt looks before it acts.' },
  InvalidInput: { retry: 'final', says: 'The input or the catalogue is wrong; every problem is listed.' },
  NotFound: { retry: 'final', says: 'The named object does not exist.' },
  Forbidden: { retry: 'final', says: 'The credentials do not allow this call.' },
  BadResponse: { retry: 'final', says: 'The server answered something that is not what its protocol promises.' },
  AmbiguousMetric: { retry: 'final', says: 'A metric query returned several values where one was expected.' },
  PreconditionFailed: { retry: 'final', says: 'A condition that the step needs does not hold.' },
  Fenced: { retry: 'final', says: 'A newer owner has taken the object; this operation changes nothing more.' },
  ForeignChange: { retry: 'final', says: 'Someone else changed a field that this operation owns.' },
  BuildFailed: { retry: 'final', says: 'The build command ended with an error.' },
  SafetyViolation: { retry: 'stop', says: 'Going on would break a safety promise; it stops in a named safe state.' },
} as const satisfies Record<string, { retry: 'retry' | 'notYet' | 'observe' | 'final' | 'stop'; says: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** True when another attempt may help. */
export function isRetryable(code: ErrorCode): boolean {
  const retry = ERROR_CODES[code].retry;
  return retry === 'retry' || retry === 'notYet' || retry === 'observe';
}
