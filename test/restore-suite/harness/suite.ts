/** The suite with what a small test needs written out. */
import type { CheckResult, Manifest, SuiteReport } from '../../../src/core/model/restore.ts';
import { takeManifest, verifyDatabase } from '../../../src/restore-suite/index.ts';
import type { TakeManifestOptions, VerifyOptions } from '../../../src/restore-suite/port.ts';
import type { TestDatabase } from '../../harness/postgres.ts';

export const PASSWORD = 'a-password-of-this-test';

export const take = (database: TestDatabase, more: Partial<TakeManifestOptions> = {}): Promise<Manifest> =>
  takeManifest({ url: database.url, closedRanges: [], sampleAboveBytes: 1e12, canary: true, connections: 2, ...more });

export const verify = (url: string, more: Partial<VerifyOptions> = {}): Promise<SuiteReport> =>
  verifyDatabase({
    url,
    connections: 2,
    checkTimeoutMs: 60_000,
    sampleAboveBytes: 1e12,
    criticalTables: [],
    allowedLosses: {},
    rules: [],
    probes: [],
    nowMs: Date.now(),
    physical: true,
    ...more,
  });

export const asVerifier = ({ url }: TestDatabase): string =>
  url.replace(/\/\/postgres:[^@]*@/, `//mainstay_verifier:${PASSWORD}@`);
export const inState = (report: SuiteReport, state: CheckResult['state']) =>
  report.checks.filter((check) => check.state === state).map(({ kind, object, says }) => ({ kind, object, says }));
export const rule = (name: string, sql: string, expects = '= 0') =>
  ({ name, sql, expect: expects, severity: 'fail' }) as const;
