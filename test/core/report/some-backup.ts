import type { BackupRecord, VerificationFacts } from '../../../src/core/model/backup-record.ts';
import type { CheckResult } from '../../../src/core/model/restore.ts';

/** 2026-11-01T04:00:00Z */
export const NOMINAL = Date.UTC(2026, 10, 1, 4);
const MINUTE = 60_000;
const MONTH = 30 * 86_400_000;

const CHECKS: readonly CheckResult[] = [
  { kind: 'counts', object: 'public.orders', state: 'fail', says: 'expected 1,000,000 rows, found 999,499', ms: 80 },
  { kind: 'digest', object: 'public.orders', state: 'fail', says: 'expected 123, found 456 over every row', ms: 410 },
  { kind: 'digest', object: 'public.events', state: 'unproven', says: 'changed since the manifest', ms: 300 },
  { kind: 'index', object: 'public.places_gist', state: 'couldNotVerify', says: 'gist has no checker', ms: 0 },
  { kind: 'index', object: 'public.orders_pkey', state: 'pass', says: 'every row has its entry', ms: 700 },
  { kind: 'heap', object: 'public.orders', state: 'pass', says: 'no damage', ms: 120 },
];

const FACTS: VerificationFacts = {
  verdict: 'FAIL',
  restoreMs: 12 * MINUTE,
  rtoMs: 15 * MINUTE,
  dataAgeMs: 130 * MINUTE,
  rpoMs: 60 * MINUTE,
  databaseBytes: 495_000_000,
  rows: 2_500_000,
  serverVersion: 180_004,
  checks: CHECKS,
  notProven: ['public.events: rows changed after the manifest was taken'],
  reasons: ['public.orders: 501 rows are missing', 'public.orders: values differ from the manifest <script>'],
  report: 's3://crm-backups/reports/verify-restore/1.json',
};

export function someVerification(changes: Partial<BackupRecord> = {}): BackupRecord {
  const startedAtMs = NOMINAL + 2_000;
  const at = (minutes: number): number => startedAtMs + minutes * MINUTE;
  return {
    key: { workflowId: 'verify-restore/production/crm/20261101T040000Z-1a2b', runId: 'run-now' },
    operation: 'verifyRestore',
    environment: 'production',
    database: 'crm',
    requestedBy: 'schedule mainstay/verify-restore/production/crm',
    askedBecause: '',
    nominalAtMs: NOMINAL,
    startedAtMs,
    endedAtMs: at(21),
    outcome: 'failed',
    reasonCode: 'SuiteFailed',
    reason: 'public.orders: 501 rows are missing',
    phases: [
      { name: 'choose', startedAtMs, endedAtMs: at(0.02) },
      { name: 'restore', startedAtMs: at(0.02), endedAtMs: at(0.1) },
      { name: 'available', startedAtMs: at(0.1), endedAtMs: at(11.5) },
      { name: 'connect', startedAtMs: at(11.5), endedAtMs: at(12) },
      { name: 'checks', startedAtMs: at(12), endedAtMs: at(15) },
      { name: 'delete', startedAtMs: at(15), endedAtMs: at(21) },
    ],
    source: {
      name: 'mainstay-production-crm-20261101t0200z-1a2b3c',
      region: 'eu-central-1',
      takenAtMs: NOMINAL - 120 * MINUTE,
      bytes: 107_374_182_400,
      manifest: 's3://crm-backups/manifests/production/crm/1.json',
    },
    verification: FACTS,
    removed: [{ object: 'DB instance mainstay-verify-crm-1a2b3c4d5e (eu-central-1)', gone: true, says: 'not found' }],
    ...changes,
  };
}

/** The months before, all well. */
export function earlierRuns(count: number): readonly BackupRecord[] {
  return Array.from({ length: count }, (_none, index) => {
    const nominalAtMs = NOMINAL - (index + 1) * MONTH;
    const { checks: _left, ...facts } = FACTS;
    return someVerification({
      key: { workflowId: `verify-restore/production/crm/${index}`, runId: `run-${index}` },
      nominalAtMs,
      outcome: 'passed',
      verification: {
        ...facts,
        verdict: index === 2 ? 'COULD-NOT-VERIFY' : 'PASS',
        restoreMs: (11 - index * 0.4) * MINUTE,
        dataAgeMs: (20 + index) * MINUTE,
        databaseBytes: 495_000_000 - index * 20_000_000,
        checks: [],
      },
    });
  });
}
