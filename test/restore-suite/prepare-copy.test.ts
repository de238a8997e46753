/** Preparing a copy: what it takes from it, what it brings, and what it does where it may not. */
import { describe, expect, it } from 'vitest';
import { prepareCopy } from '../../src/restore-suite/index.ts';
import { openDatabase } from '../harness/postgres.ts';
import { asVerifier, inState, PASSWORD, take, verify } from './harness/suite.ts';

describe('prepareCopy', () => {
  it('disarms a subscription without asking its publisher, and remembers that it was armed', async () => {
    const database = await openDatabase();
    await database.query(
      `create subscription feed connection 'host=127.0.0.1 port=1 dbname=none' publication p with (connect = false)`,
    );
    const first = await prepareCopy({ url: database.url, verifierPassword: PASSWORD });
    expect(first).toEqual({ disarmed: [`subscription feed of ${database.name}`], lacking: [] });
    expect(await prepareCopy({ url: database.url, verifierPassword: PASSWORD })).toEqual({ disarmed: [], lacking: [] });
    expect(await database.query('select subenabled, subslotname from pg_subscription')).toEqual([
      { subenabled: false, subslotname: null },
    ]);
    await database.query('drop subscription feed');
  });

  it('refuses a copy whose subscription could work', async () => {
    const database = await openDatabase();
    await database.query(
      `create subscription armed connection 'host=127.0.0.1 port=1 dbname=none' publication p with (connect = false);
       alter subscription armed enable`,
    );
    try {
      const prepared = await prepareCopy({ url: database.url, verifierPassword: PASSWORD });
      expect(prepared.refused).toContain('armed');
      expect(prepared.disarmed).toEqual([`subscription armed of ${database.name}`]);
      const again = await prepareCopy({ url: database.url, verifierPassword: PASSWORD });
      expect(again.refused).toBe(prepared.refused);
      const report = await verify(asVerifier(database));
      expect(report.verdict).toBe('FAIL');
      expect(inState(report, 'fail').map(({ kind }) => kind)).toEqual(['isolation']);
    } finally {
      await database.query('alter subscription armed disable');
      await database.query('alter subscription armed set (slot_name = none)');
      await database.query('drop subscription armed');
    }
  });

  it('does what a master without superuser can, and names what it cannot', async () => {
    const database = await openDatabase();
    await database.query(
      `create role owner_of_app; create role master login password '${PASSWORD}' createrole;
       alter database ${database.name} owner to master; grant owner_of_app to master;
       create table theirs (id int primary key); alter table theirs owner to owner_of_app;
       create schema closed; create table closed.secret (id int)`,
    );
    const manifest = await take(database);
    // Another test's, or made here: of a superuser, but this master may set its password.
    await database.query('create role mainstay_verifier').catch(() => undefined);
    await database.query(
      'alter role mainstay_verifier nobypassrls; grant mainstay_verifier to master with admin option',
    );
    const url = database.url.replace(/\/\/postgres:[^@]*@/, `//master:${PASSWORD}@`);
    const prepared = await prepareCopy({ url, verifierPassword: PASSWORD });
    const lacking = prepared.lacking.join('\n');
    expect(lacking).toMatch(/amcheck/);
    expect(lacking).toMatch(/BYPASSRLS/);
    expect(lacking).toMatch(/closed/);
    const report = await verify(asVerifier(database), { manifest });
    expect(inState(report, 'fail')).toEqual([]);
    expect(report.verdict).toBe('COULD-NOT-VERIFY');
    expect(report.checks.find(({ kind, object }) => kind === 'digest' && object === 'public.theirs')?.state).toBe(
      'pass',
    );
    expect(report.checks.find(({ kind, object }) => kind === 'digest' && object === 'closed.secret')?.state).toBe(
      'couldNotVerify',
    );
  });

  it('hands the password to the server only as its verifier', async () => {
    const database = await openDatabase();
    await database.query(`set log_statement = 'none'`);
    await prepareCopy({ url: database.url, verifierPassword: PASSWORD });
    const [row] = await database.query<{ secret: string }>(
      `select rolpassword as secret from pg_authid where rolname = 'mainstay_verifier'`,
    );
    expect(row?.secret).toMatch(/^SCRAM-SHA-256\$4096:/);
  });
});
