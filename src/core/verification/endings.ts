/** From what was seen to how a verification ends. Every step that could not be done is named; none of them is a pass. */
import type { BackupEnding, BackupReasonCode } from '../model/backup-operation.ts';
import type { SuiteVerdict } from '../model/restore.ts';

/** The steps of a verification that can fail, as reason codes name them. */
export type VerificationStep = 'plan' | 'choose' | 'keep' | 'restore' | 'await' | 'prepare' | 'suite';

const STEP_CODES: Readonly<Record<VerificationStep, BackupReasonCode>> = {
  plan: 'PlanFailed',
  choose: 'ChooseFailed',
  keep: 'KeeperFailed',
  restore: 'RestoreFailed',
  await: 'AwaitFailed',
  prepare: 'PrepareFailed',
  suite: 'SuiteFailed',
};

/** A step ended with an error that no retry mends. */
export function endingOfStep(step: VerificationStep, problem: string): BackupEnding {
  return couldNot(STEP_CODES[step], `step ${step}: ${problem}`);
}

export function couldNot(reasonCode: BackupReasonCode, reason: string): BackupEnding {
  return { outcome: 'couldNotVerify', reasonCode, reason };
}

const NOT_STARTED = {
  foreign: 'RestoreForeign',
  sourceGone: 'RestoreSourceGone',
  quota: 'RestoreQuota',
  capacity: 'RestoreCapacity',
  precondition: 'RestorePrecondition',
} as const satisfies Record<string, BackupReasonCode>;

/** The provider did not begin the restore. */
export function endingOfNotStarted(reasonCode: keyof typeof NOT_STARTED, reason: string): BackupEnding {
  return couldNot(NOT_STARTED[reasonCode], reason);
}

/** The copy did not become ready: it ended badly, or its time is over. */
export function endingOfWait(outcome: 'failed' | 'deadline', reason: string): BackupEnding {
  return couldNot(outcome === 'failed' ? 'InstanceFailed' : 'NotReadyInTime', reason);
}

export function endingOfPreparation(reasonCode: string, reason: string): BackupEnding {
  return couldNot(reasonCode === 'notIsolated' ? 'NotIsolated' : 'PrepareFailed', reason);
}

/** Nothing but PASS passes. */
export function endingOfSuite(verdict: SuiteVerdict, reasons: readonly string[]): BackupEnding {
  const why = reasons.slice(0, 3).join('; ');
  switch (verdict) {
    case 'PASS':
      return { outcome: 'passed', reasonCode: 'Passed', reason: why === '' ? 'every check passed' : why };
    case 'FAIL':
      return { outcome: 'failed', reasonCode: 'ChecksFailed', reason: why === '' ? 'the suite gave no reason' : why };
    case 'COULD-NOT-VERIFY':
      return couldNot('SuiteCouldNotVerify', why === '' ? 'the suite gave no reason' : why);
  }
}

/**
 * What is left at the provider costs money and carries real data: it is a FAIL, whatever the data said. A dry run and
 * a verification that never had a copy leave nothing.
 */
export function endingAfterTeardown(ending: BackupEnding, left: readonly string[]): BackupEnding {
  if (left.length === 0) return ending;
  const { cancelled } = ending;
  return {
    outcome: 'failed',
    reasonCode: 'Leftover',
    reason: `STILL RUNNING AND BILLING: ${left.join('; ')}. Before that: ${ending.outcome}, ${ending.reason}`,
    ...(cancelled && { cancelled }),
  };
}
