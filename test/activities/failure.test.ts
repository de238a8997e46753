import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { guarded, toActivityFailure } from '../../src/activities/failure.ts';
import { CodedError } from '../../src/errors/coded-error.ts';
import { ERROR_CODES, type ErrorCode, isRetryable } from '../../src/errors/codes.ts';

describe('toActivityFailure', () => {
  it.each(Object.keys(ERROR_CODES) as ErrorCode[])(
    'turns %s into a failure of that type, retryable as its table says',
    (code) => {
      const failure = toActivityFailure(
        new CodedError(code, 'what happened', { details: { object: 'Service crm/a' } }),
      );
      expect(failure).toBeInstanceOf(ApplicationFailure);
      expect(failure).toMatchObject({ type: code, message: 'what happened', nonRetryable: !isRetryable(code) });
      expect((failure as ApplicationFailure).details).toEqual([{ object: 'Service crm/a' }]);
      expect((failure as ApplicationFailure).category).toBe(code === 'NotReady' ? 'BENIGN' : undefined);
    },
  );

  it.each([
    { when: 'the server named a delay', retryAfterMs: 2500, delay: 2500 },
    { when: 'the server named an hour', retryAfterMs: 3_600_000, delay: 60_000 },
    { when: 'the server named none', retryAfterMs: undefined, delay: undefined },
  ])('waits $delay ms when $when', ({ retryAfterMs, delay }) => {
    const failure = toActivityFailure(new CodedError('Throttled', 'slow down', { retryAfterMs }));
    expect((failure as ApplicationFailure).nextRetryDelay ?? undefined).toBe(delay);
  });

  it.each([
    { what: 'a cancellation', error: new CancelledFailure('cancelled') },
    { what: 'an ApplicationFailure', error: ApplicationFailure.nonRetryable('on purpose', 'BuildFailed') },
    { what: 'a bug', error: new TypeError('x is not a function') },
  ])('lets $what pass', ({ error }) => {
    expect(toActivityFailure(error)).toBe(error);
  });

  it('keeps the cause, which may hold more than a message should, out of the failure', () => {
    const failure = toActivityFailure(
      new CodedError('Unavailable', 'no answer', { cause: new Error('authorization: Bearer abc') }),
    );
    expect(failure.cause).toBeUndefined();
  });
});

describe('guarded', () => {
  it('returns what the body returns and turns what it throws', async () => {
    const double = guarded(async (input: { n: number }) => {
      if (input.n < 0) throw new CodedError('InvalidInput', 'n: expected 0 or more');
      return input.n * 2;
    });
    await expect(double({ n: 2 })).resolves.toBe(4);
    await expect(double({ n: -1 })).rejects.toMatchObject({ type: 'InvalidInput', nonRetryable: true });
  });
});
