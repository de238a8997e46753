import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ledger } from '../../../src/clients/ledger/port.ts';
import { openLedger } from '../../../src/clients/ledger/postgres/open-ledger.ts';
import type { LedgerEntry } from '../../../src/core/model/ledger.ts';
import { openDatabase, type TestDatabase } from '../../harness/postgres.ts';
import { BEFORE, end, event, KEY, PLAN, restoreEnd, result, start, STEP, story, T0, watch } from './entries.ts';

const FIRST_SEED = 1;
let database: TestDatabase;
const open: Ledger[] = [];

beforeAll(async () => {
  database = await openDatabase();
});
afterAll(async () => {
  for (const ledger of open) await ledger.close();
});

/** A ledger of its own: the tables are emptied, which is quicker than a new database for each test. */
async function ledgerWith(entries: readonly LedgerEntry[]): Promise<Ledger> {
  const ledger = open[0] ?? (await openLedger(database.url));
  if (open.length === 0) open.push(ledger);
  await database.query(
    'truncate mainstay.operation, mainstay.notification, mainstay.incident, mainstay.service_minute cascade',
  );
  for (const entry of entries) await ledger.write(entry);
  return ledger;
}

describe('a release in the ledger', () => {
  it('is read back as it was told', async () => {
    const release = await (await ledgerWith(story())).readRelease(KEY);
    expect(release).toMatchObject({
      key: KEY,
      operation: 'deployService',
      requestedBy: 'release-manager',
      askedBecause: 'the monthly release',
      startedAtMs: T0,
      endedAtMs: T0 + 90_000,
      outcome: 'rolledBack',
      reasonCode: 'AnalysisFailed',
      term: 12,
      planDigest: 'a'.repeat(64),
    });
    expect(release?.plan).toEqual(PLAN);
    expect(release?.before).toEqual(BEFORE);
    expect(release?.verdicts).toEqual([STEP]);
    expect(release?.decisions).toEqual(end().decisions);
    expect(release?.restored).toEqual(result().restored);
    expect(release?.foreign).toEqual(result().foreign);
    expect(release?.preflight).toEqual(result().preflight);
    expect(release?.events.map(({ activityId, says }) => [activityId, says])).toEqual([
      ['9', 'traffic: 10 % to the canary'],
      ['20', 'traffic as before'],
    ]);
    // The look without numbers of the canary counts for stable only.
    const counts = { looks: 3, canary: { requests: 20, errors: 2 }, stable: { requests: 270, errors: 0 } };
    expect(release?.watches).toEqual([
      expect.objectContaining({ record: 0, mode: 'step', ended: 'verdict', weightPercent: 10, ...counts }),
    ]);
  });

  it('is the same after any order and any number of repetitions', async () => {
    const wanted = await (await ledgerWith(story())).readRelease(KEY);
    const random = pseudoRandom(FIRST_SEED);
    for (let round = 0; round < 6; round += 1) {
      const entries = [...story(), ...story()].sort(() => random() - 0.5);
      expect(await (await ledgerWith(entries)).readRelease(KEY)).toEqual(wanted);
    }
  });

  it('takes the last attempt of an event, and the fuller tally of a watch', async () => {
    const failed = event('9', { attempt: 2, outcome: 'failed', says: 'Conflict' });
    const ledger = await ledgerWith([
      event('9', { attempt: 3 }),
      failed,
      watch(3),
      watch(5, { endedAtMs: T0 + 20_000 }),
    ]);
    const release = await ledger.readRelease(KEY);
    expect(release?.events).toEqual([expect.objectContaining({ attempt: 3, outcome: 'done' })]);
    expect(release?.watches[0]?.looks).toBe(3);
    expect(release?.endedAtMs).toBeUndefined();
  });

  it('that was terminated is ended by its restore, whichever arrives first', async () => {
    const wanted = {
      outcome: 'terminated',
      reasonCode: 'OwnerEnded',
      requestedBy: 'release-manager',
      restoredBy: 'restore/production/crm-api/13',
    };
    const late = await ledgerWith([restoreEnd(), start(), watch(2)]);
    expect(await late.readRelease(KEY)).toMatchObject(wanted);
    const inOrder = await ledgerWith([start(), restoreEnd(), restoreEnd()]);
    expect(await inOrder.readRelease({ workflowId: KEY.workflowId })).toMatchObject(wanted);
    const restore = await inOrder.readRelease({ workflowId: 'restore/production/crm-api/13' });
    expect(restore).toMatchObject({ operation: 'restoreService', restores: KEY.workflowId, requestedBy: 'ownership' });
    expect(await inOrder.list({ limit: 10 })).toHaveLength(2);
  });

  it('that spoke for itself after all keeps its own end', async () => {
    const ledger = await ledgerWith([restoreEnd(), end(), restoreEnd()]);
    expect(await ledger.readRelease(KEY)).toMatchObject({ outcome: 'rolledBack', reasonCode: 'AnalysisFailed' });
  });

  it('is found by its latest run, and by none that is not there', async () => {
    const again = { workflowId: KEY.workflowId, runId: 'run-9' };
    const ledger = await ledgerWith([end({ key: again, result: result({ startedAtMs: T0 + 1 }) }), end()]);
    expect((await ledger.readRelease({ workflowId: KEY.workflowId }))?.key).toEqual(again);
    expect(await ledger.readRelease({ workflowId: 'deploy/production/crm-api/other' })).toBeUndefined();
  });

  it('is listed newest first, by environment and service', async () => {
    const other = end({
      key: { workflowId: 'b', runId: 'r' },
      result: result({ service: 'web', startedAtMs: T0 + 5 }),
    });
    const ledger = await ledgerWith([end(), other]);
    expect((await ledger.list({ limit: 5 })).map(({ service }) => service)).toEqual(['web', 'crm-api']);
    expect((await ledger.list({ limit: 5, service: 'crm-api' })).map(({ key }) => key)).toEqual([KEY]);
    expect(await ledger.list({ limit: 5, environment: 'staging' })).toEqual([]);
  });

  it('notices and incidents are one for each key', async () => {
    const about = { workflowId: KEY.workflowId, environment: 'production', service: 'crm-api', body: 'why' };
    const notice = { ...about, event: 'ended', urgency: 'high', subject: 'rolled back', atMs: T0 } as const;
    const incident = { ...about, severity: 'high', title: 'rolled back', openedAtMs: T0 } as const;
    const entries: LedgerEntry[] = [
      { kind: 'notification', dedupeKey: 'k/ended', ...notice },
      { kind: 'incident', dedupeKey: 'k/incident', ...incident },
    ];
    const release = await (await ledgerWith([end(), ...entries, ...entries])).readRelease(KEY);
    expect(release?.notifications).toEqual([{ dedupeKey: 'k/ended', ...notice }]);
    expect(release?.incidents).toEqual([{ dedupeKey: 'k/incident', ...incident }]);
  });

  it('can be deleted whole', async () => {
    await ledgerWith(story());
    await database.query('delete from mainstay.operation');
    const [left] = await database.query<{ n: number }>(
      'select (select count(*) from mainstay.event) + (select count(*) from mainstay.observation) + (select count(*) from mainstay.verdict) as n',
    );
    expect(Number(left?.n)).toBe(0);
  });
});

/** A generator with a seed, so that a failure can be repeated. */
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
