/** What a verification tells of the copy it had: choice, checks in words, and the facts that the ledger keeps. */
import type { BackupEnding } from '../model/backup-operation.ts';
import type { VerificationFacts } from '../model/backup-record.ts';
import type { ObjectReference } from '../model/backup.ts';
import { type DatabasePlan, SNAPSHOT_CHOICES, type SnapshotChoice } from '../model/database.ts';
import type { CheckResult, CheckState, SuiteVerdict } from '../model/restore.ts';

/** What the suite brought home. */
export interface SuiteFacts {
  readonly verdict: SuiteVerdict;
  readonly reasons: readonly string[];
  readonly notProven: readonly string[];
  readonly checks: Readonly<Record<CheckState, number>>;
  readonly notable: readonly CheckResult[];
  readonly report?: ObjectReference;
  readonly serverVersion: number;
  readonly databaseBytes: number;
  readonly rows: number;
  readonly newestDataAtMs?: number;
}

/** `latest`, `random` and `oldest` are choices, everything else the name of a snapshot (or its ARN). */
export function choiceOf(
  plan: DatabasePlan,
  written: string | undefined,
): { readonly choice: SnapshotChoice; readonly identifier?: string } {
  if (written === undefined) return { choice: plan.verification.choice };
  const choice = SNAPSHOT_CHOICES.find((each) => each === written && each !== 'named');
  if (choice !== undefined) return { choice };
  return { choice: 'named', identifier: written.replace(/^arn:.*:snapshot:/, '') };
}

/** `41 checks: 39 pass, 1 warn, 1 fail` */
export function checksInWords({ checks }: Pick<SuiteFacts, 'checks'>): string {
  const counted = Object.entries(checks).filter(([, count]) => count > 0);
  const all = counted.reduce((sum, [, count]) => sum + count, 0);
  return `${all} checks: ${counted.map(([state, count]) => `${count} ${state}`).join(', ')}`;
}

/** Without a suite the verdict is that nothing is known: never a pass. `nominalAtMs` is what the data's age counts from. */
export function verificationFacts(
  plan: DatabasePlan,
  ending: BackupEnding,
  nominalAtMs: number,
  restoreMs: number | undefined,
  suite: SuiteFacts | undefined,
): VerificationFacts {
  const { rtoMs, rpoMs } = plan;
  const timing = { ...(restoreMs !== undefined && { restoreMs }), rtoMs, rpoMs };
  const verdict: SuiteVerdict =
    ending.outcome === 'passed' ? 'PASS' : ending.outcome === 'failed' ? 'FAIL' : 'COULD-NOT-VERIFY';
  if (!suite) return { verdict, ...timing, checks: [], notProven: [], reasons: [ending.reason] };
  const { newestDataAtMs, report } = suite;
  return {
    verdict,
    ...timing,
    ...(newestDataAtMs !== undefined && { dataAgeMs: Math.max(0, nominalAtMs - newestDataAtMs) }),
    databaseBytes: suite.databaseBytes,
    rows: suite.rows,
    serverVersion: suite.serverVersion,
    checks: suite.notable,
    notProven: suite.notProven,
    reasons: suite.verdict === verdict ? suite.reasons : [ending.reason, ...suite.reasons],
    ...(report && { report: `s3://${report.bucket}/${report.key}` }),
  };
}
