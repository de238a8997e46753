/** The release ledger beside real deployments: reports of a promoted and a terminated one, and a ledger that goes away. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { releaseReportSchema } from '../../src/contracts/release-report.ts';
import { OWNERSHIP_MESSAGES, ownershipId } from '../../src/core/model/names.ts';
import type { OwnershipView } from '../../src/core/model/ownership.ts';
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
const LIMIT_MS = 240_000;

interface Deployed {
  readonly stage: Stage;
  readonly run: Run;
}

describe.skipIf(isMissing('temporal'))('the release ledger', () => {
  const e2e = useE2e({ worker: false });
  let database: TestDatabase;
  let gate: TcpGate;
  let settings: Readonly<Record<string, string>>;
  let told: Deployed;
  let away: Deployed;
  let terminated: Deployed;

  beforeAll(async () => {
    database = await openDatabase();
    gate = await openTcpGate(database.server.port);
    const url = database.url.replace(`:${database.server.port}/`, `:${gate.port}/`);
    settings = { MAINSTAY_LEDGER: 'on', MAINSTAY_DATABASE_URL: 'env:LEDGER_URL', LEDGER_URL: url };
    await e2e().startWorker('default', settings);
    // All at once: what is held at its first step waits for its turn.
    [told, away, terminated] = await Promise.all([
      deployed('told'),
      deployed('away', LONG),
      deployed('terminated', LONG),
    ]);
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

  /** Asked past the gate: starting the command line again and again takes most of a small machine. */
  function untilWritten(id: string): Promise<string> {
    const look = async (): Promise<string | undefined> => {
      const [row] = await database.query<{ outcome: string | null }>(
        'select outcome from mainstay.operation where workflow_id = $1',
        [id],
      );
      return row?.outcome ?? undefined;
    };
    return until(`the end of ${id} in the ledger`, look, 60_000);
  }

  const hasEndInLedger = ({ sources }: ReleaseReport): boolean =>
    sources.some(({ from, says }) => from === 'ledger' && says.includes('with its end'));

  function restoreOf(stage: Stage): Promise<string> {
    const entity = e2e()
      .client()
      .workflow.getHandle(ownershipId(stage.name, 'service', 'crm-api'));
    const look = async (): Promise<string | undefined> => {
      const { last, lastWorkflowId } = await entity.query<OwnershipView>(OWNERSHIP_MESSAGES.ownership);
      return last?.reasonCode === 'OwnerEnded' ? lastWorkflowId : undefined;
    };
    return until(`the restore of ${stage.name}`, look, 60_000);
  }

  async function deployed(name: string, strategy?: object): Promise<Deployed> {
    const stage = await e2e().stage(name, strategy === undefined ? {} : { strategy: { ...strategy } });
    return { stage, run: await stage.deploy('v1.4.2', { reason: 'the monthly release' }) };
  }

  it('tells all of a promoted deployment, in three forms', { timeout: LIMIT_MS }, async () => {
    const { run } = told;
    expect(await run.result()).toMatchObject({ outcome: 'promoted' });
    expect(await untilWritten(run.id)).toBe('promoted');
    const found = await reportOf(run.id);
    expect(hasEndInLedger(found)).toBe(true);
    expect(found).toMatchObject({ outcome: 'promoted', requestedBy: 'release-manager', missing: [] });
    expect(found.steps.map(({ name, phase }) => [name, phase])).toEqual([
      ['Step 1 at 10 %', 'passed'],
      ['Step 2 at 25 %', 'passed'],
      ['Step 3 at 100 %', 'passed'],
      ['Bake', 'passed'],
    ]);
    // At 100 % the stable arm gets nothing.
    const comparing = found.steps.filter(({ name }) => !name.includes('100 %'));
    for (const step of comparing) expect(step.stable?.requests ?? 0).toBeGreaterThan(0);
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
    await Promise.all([away.run.untilWatching(10), terminated.run.untilWatching(10)]);
    gate.shut();
    await away.run.update('promoteNow', { by: 'release-manager', reason: 'seen enough' });
    await terminated.run.update('pause', { by: 'release-manager', reason: 'a look' });
    await e2e().client().workflow.getHandle(terminated.run.id).terminate('by hand');
    const restore = await restoreOf(terminated.stage);
    expect(await terminated.stage.whyNotS1({ image: e2e().image('v1.4.1') })).toBeUndefined();
    expect(await away.run.result()).toMatchObject({ outcome: 'promoted' });

    // Without the ledger Temporal tells, and the report says so.
    const [meanwhile, byHand, list] = await Promise.all([
      reportOf(away.run.id),
      reportOf(terminated.run.id),
      report('--list'),
    ]);
    expect(meanwhile).toMatchObject({ outcome: 'promoted', requestedBy: 'release-manager' });
    expect(meanwhile.missing.join()).toMatch(/ledger: connect/);
    expect(byHand).toMatchObject({ outcome: 'terminated', restoredBy: restore });
    expect(list.code).toBe(69);

    gate.open();
    expect(await untilWritten(away.run.id)).toBe('promoted');
    expect(await untilWritten(terminated.run.id)).toBe('terminated');
    const [later, ended] = await Promise.all([reportOf(away.run.id), reportOf(terminated.run.id)]);
    expect([hasEndInLedger(later), hasEndInLedger(ended)]).toEqual([true, true]);
    expect(later).toMatchObject({ outcome: 'promoted', missing: [] });
    expect(later.decisions).toMatchObject([{ what: 'promoteNow', by: 'release-manager', reason: 'seen enough' }]);
    expect(later.steps.every(({ stable }) => (stable?.requests ?? 0) > 0)).toBe(true);
    expect(ended).toMatchObject({ outcome: 'terminated', requestedBy: 'release-manager', restoredBy: restore });
    expect(ended.restored.length).toBeGreaterThan(0);
    expect(ended.restored.every(({ restored }) => restored)).toBe(true);
    expect(ended.decisions).toMatchObject([{ what: 'pause', by: 'release-manager' }]);
    // The watch that nobody heard the end of.
    expect(ended.steps).toMatchObject([{ name: 'Step 1 at 10 %', judged: false }]);
    expect(ended.next.map(({ command }) => command)).toContain(`mainstay report ${restore}`);
  });
});
