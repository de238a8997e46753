import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ledger } from '../../../src/clients/ledger/port.ts';
import { openLedger } from '../../../src/clients/ledger/postgres/open-ledger.ts';
import type { BackupRecord } from '../../../src/core/model/backup-record.ts';
import { openDatabase } from '../../harness/postgres.ts';

/** 2026-11-01T04:00:00Z */
const T0 = Date.UTC(2026, 10, 1, 4);
const DAY = 86_400_000;
let ledger: Ledger;

beforeAll(async () => {
  ledger = await openLedger((await openDatabase()).url);
});
afterAll(() => ledger.close());

function verification(run: string, changes: Partial<BackupRecord> = {}): BackupRecord {
  return {
    key: { workflowId: `verify-restore/production/crm/${run}`, runId: `run-${run}` },
    operation: 'verifyRestore',
    environment: 'production',
    database: 'crm',
    requestedBy: 'schedule mainstay/verify-restore/production/crm',
    askedBecause: '',
    nominalAtMs: T0,
    startedAtMs: T0 + 1_000,
    endedAtMs: T0 + 900_000,
    outcome: 'failed',
    reasonCode: 'SuiteFailed',
    reason: 'public.orders: 501 rows are missing',
    phases: [{ name: 'restore', startedAtMs: T0 + 2_000, endedAtMs: T0 + 400_000 }],
    source: {
      name: 'mainstay-production-crm-20261101t0200z-1a2b3c',
      region: 'eu-central-1',
      takenAtMs: T0 - 7_200_000,
    },
    verification: {
      verdict: 'FAIL',
      restoreMs: 420_000,
      rtoMs: 7_200_000,
      dataAgeMs: 7_260_000,
      rpoMs: 3_600_000,
      databaseBytes: 495_000_000,
      rows: 2_500_000,
      serverVersion: 180_004,
      checks: [
        { kind: 'counts', object: 'public.orders', state: 'fail', says: 'expected 1000 rows, found 499', ms: 12.5 },
        { kind: 'heap', object: 'public.orders', state: 'pass', says: 'no damage', ms: 3 },
      ],
      notProven: ['public.events: changed since the manifest'],
      reasons: ['public.orders: 501 rows are missing'],
    },
    removed: [{ object: 'DB instance mainstay-verify-crm-1 (eu-central-1)', gone: true, says: 'not found any more' }],
    catalogueDigest: 'c'.repeat(64),
    ...changes,
  };
}

describe('a verification in the ledger', () => {
  it('is read back as it was told, and a second writing is the same row', async () => {
    const record = verification('one');
    await ledger.write({ kind: 'backup', ...record });
    await ledger.write({ kind: 'backup', ...record });
    expect(await ledger.readBackup({ workflowId: record.key.workflowId })).toEqual(record);
  });

  it('keeps the fuller account when an earlier one comes late', async () => {
    const record = verification('late');
    await ledger.write({ kind: 'backup', ...record });
    await ledger.write({ kind: 'backup', ...record, endedAtMs: record.endedAtMs - 1, outcome: 'aborted' });
    expect((await ledger.readBackup(record.key))?.outcome).toBe('failed');
  });

  it('needs no verification: a backup has none', async () => {
    const { verification: _none, ...rest } = verification('backup');
    const record: BackupRecord = { ...rest, operation: 'backUpDatabase', outcome: 'completed', removed: [] };
    await ledger.write({ kind: 'backup', ...record });
    expect(await ledger.readBackup(record.key)).toEqual(record);
  });

  it('is part of the history of its database, newest first', async () => {
    for (const [index, run] of ['h1', 'h2', 'h3'].entries()) {
      const nominalAtMs = T0 + index * 30 * DAY;
      await ledger.write({ kind: 'backup', ...verification(run, { database: 'history', nominalAtMs }) });
    }
    const found = await ledger.listBackups({ limit: 2, environment: 'production', database: 'history' });
    expect(found.map(({ key }) => key.runId)).toEqual(['run-h3', 'run-h2']);
    const before = await ledger.listBackups({ limit: 9, database: 'history', beforeMs: T0 + 29 * DAY });
    expect(before.map(({ key }) => key.runId)).toEqual(['run-h1']);
    expect(await ledger.listBackups({ limit: 9, database: 'history', operation: 'dumpDatabase' })).toEqual([]);
  });
});
