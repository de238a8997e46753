import { describe, expect, it } from 'vitest';
import type { BackupEnding } from '../../../src/core/model/backup-operation.ts';
import {
  endingAfterTeardown,
  endingOfNotStarted,
  endingOfStep,
  endingOfSuite,
  endingOfWait,
} from '../../../src/core/verification/endings.ts';

describe('how a verification ends', () => {
  it('passes by PASS alone', () => {
    expect(endingOfSuite('PASS', [])).toMatchObject({ outcome: 'passed' });
    const others = [
      endingOfSuite('FAIL', []),
      endingOfSuite('COULD-NOT-VERIFY', []),
      endingOfStep('suite', 'x'),
      endingOfNotStarted('quota', 'x'),
      endingOfWait('failed', 'x'),
      endingOfWait('deadline', 'x'),
    ];
    expect(others.filter(({ outcome }) => outcome === 'passed')).toEqual([]);
  });

  it.each([
    { outcome: 'passed', reasonCode: 'Passed', reason: 'every check passed' },
    { outcome: 'couldNotVerify', reasonCode: 'SuiteFailed', reason: 'x' },
    { outcome: 'aborted', reasonCode: 'Cancelled', reason: 'x', cancelled: true },
  ] satisfies BackupEnding[])('is a FAIL after $outcome when something is left', (ending) => {
    const after = endingAfterTeardown(ending, ['DB instance a: still there']);
    expect(after).toMatchObject({ outcome: 'failed', reasonCode: 'Leftover' });
    expect(after.reason).toContain('STILL RUNNING AND BILLING: DB instance a: still there');
    expect(after.cancelled).toBe(ending.cancelled);
    expect(endingAfterTeardown(ending, [])).toBe(ending);
  });
});
