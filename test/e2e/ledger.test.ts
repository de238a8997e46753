/** The release ledger beside real deployments: reports of a promoted and a terminated one, and a ledger that goes away. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { releaseReportSchema } from '../../src/contracts/release-report.ts';
import type { ReleaseReport } from '../../src/core/report/release-report.ts';
import type { Run } from '../harness/e2e/run.ts';
import type { Stage } from '../harness/e2e/stage.ts';
import { openTcpGate, type TcpGate } from '../harness/e2e/tcp-gate.ts';
import { until } from '../harness/e2e/until.ts';
import type { CommandEnd } from '../harness/command-line.ts';
import { useE2e } from '../harness/e2e.ts';
import { openDatabase, type TestDatabase } from '../harness/postgres.ts';
import { isMissing } from '../harness/tools.ts';

const LONG = {
  steps: [
    { weight: 10, duration: '120s' },
    { weight: 100, duration: '4s' },
  ],
};
const LIMIT_MS = 120_000;

describe.skipIf(isMissing('temporal'))('the release ledger', () => {
  const e2e = useE2e({ worker: false });
  let database: TestDatabase;
  let gate: TcpGate;
  let settings: Readonly<Record<string, string>>;

  beforeAll(async () => {
    database = await openDatabase();
    gate = await openTcpGate(database.server.port);
    const url = database.url.replace(`:${database.server.port}/`, `:${gate.port}/`);
    settings = { MAINSTAY_LEDGER: 'on', MAINSTAY_DATABASE_URL: 'env:LEDGER_URL', LEDGER_URL: url };
    await e2e().startWorker('default', settings);
  }, LIMIT_MS);
  afterAll(() => gate?.close());

  function report(...args: readonly string[]): Promise<CommandEnd> {
    return e2e().mainstay(['report', ...args], 'default', settings);
  }

  async function reportOf(id: string): Promise<ReleaseReport> {
    const { code, stdout, stderr } = await report(id, '--format', 'json');
    expect([code, stderr]).toEqual([0, '']);
    const parsed: unknown = JSON.parse(stdout);
    expect(releaseReportSchema.safeParse(parsed).error).toBeUndefined();
    return parsed as ReleaseReport;
  }

  /** Polls the report until it is as it should be. */
  async function untilReport(
    id: string,
    what: string,
    isSo: (found: ReleaseReport) => boolean,
  ): Promise<ReleaseReport> {
    let last: ReleaseReport | undefined;
    const look = async (): Promise<ReleaseReport | undefined> => {
      last = await reportOf(id);
      return isSo(last) ? last : undefined;
    };
    return until(what, look, 60_000, () => JSON.stringify({ ...last, plan: undefined }));
  }

  const hasEndInLedger = ({ sources }: ReleaseReport): boolean =>
    sources.some(({ from, says }) => from === 'ledger' && says.includes('with its end'));

  async function deployed(name: string, strategy?: object): Promise<{ readonly stage: Stage; readonly run: Run }> {
    const stage = await e2e().stage(name, strategy === undefined ? {} : { strategy: { ...strategy } });
    return { stage, run: await stage.deploy('v1.4.2', { reason: 'the monthly release' }) };
  }

  it('tells all of a promoted deployment, in three forms', { timeout: LIMIT_MS }, async () => {
    const { run } = await deployed('told');
    expect(await run.result()).toMatchObject({ outcome: 'promoted' });
    const found = await untilReport(run.id, 'the end to be in the ledger', hasEndInLedger);
    expect(found).toMatchObject({ outcome: 'promoted', requestedBy: 'release-manager', missing: [] });
    expect(found.steps.map(({ name, phase }) => [name, phase])).toEqual([
      ['Step 1 at 10 %', 'passed'],
      ['Step 2 at 25 %', 'passed'],
      ['Step 3 at 100 %', 'passed'],
      ['Bake', 'passed'],
    ]);
    for (const step of found.steps) expect(step.stable?.requests ?? 0).toBeGreaterThan(0);
    for (const step of found.steps.slice(0, 3)) expect(step.canary?.requests ?? 0).toBeGreaterThan(0);
    expect(found.events.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['claimService', 'scaleCanary', 'shiftTraffic', 'promoteStable', 'removeCanary']),
    );
    expect(found.notices.map(({ subject }) => subject)).toEqual([
      'crm-api v1.4.2: canary begins in told',
      'crm-api v1.4.2 in told: promoted',
    ]);

    const file = join(e2e().folder, 'report.md');
    const [text, markdown, list] = await Promise.all([
      report('crm-api', '--environment', 'told'),
      report(run.id, '--format', 'markdown', '--output', file),
      report('--list'),
    ]);
    expect([text.code, markdown.code, list.code]).toEqual([0, 0, 0]);
    expect(text.stdout).toContain('PROMOTED  crm-api v1.4.2 in told');
    expect(text.stdout).toMatch(/^asked by +release-manager: the monthly release$/m);
    expect(await readFile(file, 'utf8')).toMatch(/^\| Step 1 at 10 % \| passed \| .* of \d+ \(0\.00 %\) \|/m);
    expect(list.stdout).toMatch(/crm-api v1\.4\.2 in told {2}promoted after .* by release-manager/);
    // S11: whatever stands in the ledger, no password does.
    const everything = await database.query('select to_jsonb(o) as row from mainstay.operation o');
    expect(JSON.stringify(everything)).not.toContain(new URL(database.url).password);
  });

  it('goes away in the middle without any effect, and is told everything later', { timeout: LIMIT_MS }, async () => {
    const [away, terminated] = await Promise.all([deployed('away'), deployed('terminated', LONG)]);
    const before = await terminated.stage.standing();
    await Promise.all([away.run.untilWatching(10), terminated.run.untilWatching(10)]);
    gate.shut();
    await terminated.run.update('pause', { by: 'release-manager', reason: 'a look' });
    await e2e().client().workflow.getHandle(terminated.run.id).terminate('by hand');
    await until('what was found to serve again', async () => !(await terminated.stage.whyNotS1(before)), 60_000);
    expect(await away.run.result()).toMatchObject({ outcome: 'promoted' });

    // Without the ledger Temporal tells, and the report says so.
    const meanwhile = await reportOf(away.run.id);
    expect(meanwhile).toMatchObject({
      outcome: 'promoted',
      requestedBy: 'release-manager',
      askedBecause: 'the monthly release',
    });
    expect(meanwhile.missing.join()).toMatch(/ledger: connect/);
    const byHand = await untilReport(terminated.run.id, 'its restore to be known', ({ restoredBy }) => !!restoredBy);
    expect(byHand.outcome).toBe('terminated');
    expect((await report('--list')).code).toBe(69);

    gate.open();
    const later = await untilReport(away.run.id, 'the ledger to catch up', hasEndInLedger);
    expect(later).toMatchObject({ outcome: 'promoted', requestedBy: 'release-manager', missing: [] });
    expect(later.steps.every(({ stable }) => (stable?.requests ?? 0) > 0)).toBe(true);
    const ended = await untilReport(terminated.run.id, 'its restore to be in the ledger', hasEndInLedger);
    expect(ended).toMatchObject({ outcome: 'terminated', requestedBy: 'release-manager' });
    expect(ended.restored.length).toBeGreaterThan(0);
    expect(ended.restored.every(({ restored }) => restored)).toBe(true);
    expect(ended.decisions).toMatchObject([{ what: 'pause', by: 'release-manager' }]);
    // The watch that nobody heard the end of.
    expect(ended.steps).toMatchObject([{ name: 'Step 1 at 10 %', judged: false }]);
    expect(ended.next.map(({ command }) => command)).toContain(`mainstay report ${ended.restoredBy ?? ''}`);
  });

  it('says what it does not know', { timeout: LIMIT_MS }, async () => {
    const nobody = await report('deploy/told/crm-api/never');
    expect([nobody.code, nobody.stderr]).toEqual([16, expect.stringContaining('neither ledger nor Temporal knows')]);
    const unwritable = await report('crm-api', '--environment', 'told', '--output', '/nowhere/report.md');
    expect([unwritable.code, unwritable.stderr]).toEqual([73, expect.stringContaining('/nowhere/report.md')]);
    expect((await report()).code).toBe(64);
  });
});
