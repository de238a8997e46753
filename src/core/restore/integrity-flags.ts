/** The four flags that a test of a backup is often reduced to. `undefined`: nobody looked, which is not `true`. */
import type { CheckResult, SuiteReport } from '../model/restore.ts';

export interface IntegrityFlags {
  readonly snapshotExists: boolean | undefined;
  readonly canRestore: boolean | undefined;
  readonly dataIntegrity: boolean | undefined;
  readonly performanceAcceptable: boolean | undefined;
}

export function integrityFlags(
  report: Pick<SuiteReport, 'verdict' | 'checks'>,
  restored: { readonly snapshotExists?: boolean; readonly canRestore?: boolean } = {},
): IntegrityFlags {
  const isProbe = (check: CheckResult) => check.kind === 'probe';
  return {
    snapshotExists: restored.snapshotExists,
    canRestore: restored.canRestore,
    dataIntegrity: flagOf(report.checks.filter((check) => !isProbe(check))),
    performanceAcceptable: flagOf(report.checks.filter(isProbe), true),
  };
}

/** A slow probe is a warning in the verdict, and a no here. */
function flagOf(checks: readonly CheckResult[], isStrict = false): boolean | undefined {
  const has = (state: CheckResult['state']) => checks.some((check) => check.state === state);
  if (has('fail') || (isStrict && has('warn'))) return false;
  return has('couldNotVerify') || has('skip') || !has('pass') ? undefined : true;
}
