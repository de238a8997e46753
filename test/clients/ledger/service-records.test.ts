import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ledger, RECORD_AGE_MS, RECORD_BINS } from '../../../src/clients/ledger/port.ts';
import { openLedger } from '../../../src/clients/ledger/postgres/open-ledger.ts';
import { openDatabase } from '../../harness/postgres.ts';

const NOW = 1_789_899_300_000;
const MINUTE = 60_000;
let ledger: Ledger;

beforeAll(async () => {
  ledger = await openLedger((await openDatabase()).url);
});
afterAll(() => ledger?.close());

function key(metric: string) {
  return { service: 'crm-api', environment: 'production', metric };
}

/** `count` minutes that end now, with the minute's number as its requests. */
function minutes(count: number, endMs = NOW) {
  return Array.from({ length: count }, (_, index) => ({
    atMs: endMs - (count - index) * MINUTE,
    n: index,
    e: 0.5,
  }));
}

describe('the record of a service', () => {
  it('is empty before it was ever saved, and belongs to service, environment and metric', async () => {
    await ledger.saveRecord(key('own'), minutes(2), NOW);
    expect(await ledger.loadRecord(key('other'), NOW)).toEqual([]);
    expect(await ledger.loadRecord({ ...key('own'), environment: 'staging' }, NOW)).toEqual([]);
    expect(await ledger.loadRecord({ ...key('own'), service: 'web' }, NOW)).toEqual([]);
  });

  it('comes back oldest first, whatever order it was saved in', async () => {
    await ledger.saveRecord(key('order'), minutes(3).toReversed(), NOW);
    expect(await ledger.loadRecord(key('order'), NOW)).toEqual(minutes(3));
  });

  it(`grows from release to release and keeps the newest ${RECORD_BINS} minutes`, async () => {
    await ledger.saveRecord(key('grows'), minutes(200, NOW - 100 * MINUTE), NOW - 100 * MINUTE);
    await ledger.saveRecord(key('grows'), minutes(90), NOW);
    const record = await ledger.loadRecord(key('grows'), NOW);
    expect(record).toHaveLength(RECORD_BINS);
    expect(record.at(-1)).toEqual({ atMs: NOW - MINUTE, n: 89, e: 0.5 });
    expect(record[0]?.atMs).toBe(NOW - (100 + (RECORD_BINS - 90)) * MINUTE);
  });

  it('takes the later numbers of a minute, and one row for two bins of a minute', async () => {
    const at = NOW - MINUTE;
    await ledger.saveRecord(key('again'), [{ atMs: at, n: 1, e: 0 }], NOW);
    await ledger.saveRecord(
      key('again'),
      [
        { atMs: at, n: 2, e: 1 },
        { atMs: at + 30_000, n: 7, e: 3 },
      ],
      NOW,
    );
    expect(await ledger.loadRecord(key('again'), NOW)).toEqual([{ atMs: at, n: 7, e: 3 }]);
  });

  it('forgets what is older than a week, and does not believe the future or what is no number', async () => {
    const bins = [
      { atMs: NOW - RECORD_AGE_MS - MINUTE, n: 1, e: 0 },
      { atMs: NOW - RECORD_AGE_MS + MINUTE, n: 2, e: 0 },
      { atMs: NOW + 2 * MINUTE, n: 3, e: 0 },
      { atMs: NOW - MINUTE, n: Number.NaN, e: 0 },
      { atMs: NOW - MINUTE, n: 4, e: -1 },
    ];
    await ledger.saveRecord(key('age'), bins, NOW);
    expect((await ledger.loadRecord(key('age'), NOW)).map(({ n }) => n)).toEqual([2]);
    expect(await ledger.loadRecord(key('age'), NOW + 2 * MINUTE)).toEqual([]);
  });
});
