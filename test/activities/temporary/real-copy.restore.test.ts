/** The activities in their order, on real Postgres servers with the suite itself. */
import pg from 'pg';
import { expect, it } from 'vitest';
import { HERE, inContext, openAwsLab } from '../database/aws-lab.ts';

it('restores a backup, disarms it, runs the suite as verifier, and leaves nothing', { timeout: 120_000 }, async () => {
  const lab = await openAwsLab({ clockFactor: 0.001 }, undefined, true);
  const { act, plan, temporary, soon, clients } = lab;
  const source = new pg.Client({ connectionString: process.env.CRM_TEST_URL });
  // Ended with the servers when the test fails.
  source.on('error', () => undefined);
  await source.connect();
  await source.query(`create table orders (id bigserial primary key, at timestamptz not null default now(), total numeric);
    insert into orders (total) select g from generate_series(1, 500) g; create publication orders for table orders`);
  const { manifest } = await inContext(act.takeManifest, { plan, nominalAtMs: Date.now() });
  const snapshot = await lab.backup();
  const restored = await inContext(act.restoreInstance, { plan, temporary, snapshot });
  expect(restored).toMatchObject({ outcome: 'started' });
  const ready = await inContext(act.awaitInstance, { temporary, untilMs: soon(60_000), pollMs: 50 });
  expect(ready).toMatchObject({ outcome: 'ready' });
  const prepared = await inContext(act.prepareCopy, { plan, temporary, untilMs: soon(60_000) });
  if (prepared.outcome !== 'prepared') throw new Error(prepared.reason);
  const input = { plan, temporary, endpoint: prepared.endpoint, manifest, asOfMs: Date.now() };
  const ran = await inContext(act.runRestoreSuite, input);
  expect(ran).toMatchObject({ verdict: 'PASS', resumed: 0 });
  expect(ran.rows).toBeGreaterThanOrEqual(500);
  expect(ran.report?.bytes).toBeGreaterThan(500);
  // The copy has passwords of its own: the source's are still the source's.
  const { port } = prepared.endpoint;
  const url = new URL(process.env.CRM_TEST_URL ?? '');
  url.port = String(port);
  await expect(new pg.Client({ connectionString: url.href }).connect()).rejects.toThrow(/password/);
  expect((await source.query('select 1 as alive')).rows).toEqual([{ alive: 1 }]);
  await source.end();

  await inContext(act.deleteTemporary, { temporary });
  const proof = await inContext(act.proveGone, { temporary, untilMs: soon(60_000), pollMs: 50 });
  expect(proof).toMatchObject({ outcome: 'gone' });
  const left = await clients.rds(HERE).listInstances();
  expect(left.map(({ identifier }) => identifier)).toEqual(['crm-production']);
});
