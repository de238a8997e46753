/** The comparison on real traffic: a record of earlier releases, a canary that doubles the errors, and too little traffic. */
import { beforeAll, describe, expect, it } from 'vitest';
import { openLedger } from '../../src/clients/ledger/postgres/open-ledger.ts';
import { until } from '../harness/e2e/until.ts';
import { useE2e } from '../harness/e2e.ts';
import { openDatabase } from '../harness/postgres.ts';
import { isMissing } from '../harness/tools.ts';

const LIMIT_MS = 180_000;
const MINUTE_MS = 60_000;

const ERRORS = {
  name: 'errors',
  source: { from: 'pods', port: 8080, path: '/metrics' },
  query: {
    kind: 'errorRatio',
    total: { name: 'http_requests_total' },
    errors: { name: 'http_requests_total', labels: { code: '~5..' } },
  },
};

describe.skipIf(isMissing('temporal'))('a canary that is compared', () => {
  const e2e = useE2e({ worker: false });
  let url = '';

  beforeAll(async () => {
    const database = await openDatabase();
    ({ url } = database);
    await e2e().startWorker('default', {
      MAINSTAY_LEDGER: 'on',
      MAINSTAY_DATABASE_URL: 'env:LEDGER_URL',
      LEDGER_URL: url,
    });
  }, LIMIT_MS);

  /** What the ledger would have kept of releases of the last hours. */
  async function remember(environment: string, perMinute: (minute: number) => { n: number; e: number }): Promise<void> {
    const ledger = await openLedger(url);
    const nowMs = Date.now();
    const bins = Array.from({ length: 240 }, (_, minute) => ({
      atMs: nowMs - (240 - minute) * MINUTE_MS,
      ...perMinute(minute),
    }));
    await ledger.saveRecord({ service: 'crm-api', environment, metric: 'errors' }, bins, nowMs);
    await ledger.close();
  }

  it('is rolled back at 100 requests/s where its errors are doubled, and says why', { timeout: LIMIT_MS }, async () => {
    await remember('doubled', (minute) => ({ n: 6000, e: 600 + (minute % 2) }));
    const stage = await e2e().stage('doubled', {
      rps: 100,
      strategy: {
        steps: [
          { weight: 50, duration: '10m' },
          { weight: 100, duration: '5s' },
        ],
      },
      analysis: { metrics: [{ ...ERRORS, judge: { kind: 'sequential', objective: '30%' } }] },
    });
    const { faults } = e2e().sandbox;
    const failing = (version: string, errorRatio: number) =>
      faults.add({ kind: 'service', namespace: 'doubled', version, errorRatio });
    const shared = await failing('v1.4.1', 0.1);
    await failing('v1.4.2', 0.2);
    const before = await stage.standing();
    const run = await stage.deploy('v1.4.2');
    const result = await run.result();
    // The errors that the stable version has anyway are in the way of looking at who answers.
    await faults.remove(shared.id);
    await until('stable alone to serve', async () => (await stage.whyNotS1(before)) === undefined, 30_000);
    expect(result).toMatchObject({ outcome: 'rolledBack', reasonCode: 'AnalysisFailed' });
    expect(result.reason).toMatch(
      /^errors: canary \d+\.\d\d % \([\d,]+\/[\d,]+\) against stable \d+\.\d\d % .*, \d\.\d times; evidence \d+\.\d of 4\.6 needed; record 240 min/,
    );
    const seen = result.preflight.find(({ name }) => name === 'detection');
    expect(seen).toMatchObject({ result: 'pass', mode: 'advisory' });
    expect(seen?.reason).toContain('4 h kept by the ledger');
  });

  it('says at 2 requests/s beforehand that it cannot decide, and asks', { timeout: LIMIT_MS }, async () => {
    await remember('quiet', (minute) => ({ n: 120, e: minute % 4 === 0 ? 1 : 0 }));
    const stage = await e2e().stage('quiet', { rps: 2, analysis: { metrics: [ERRORS] } });
    const before = await stage.standing();
    const run = await stage.deploy('v1.4.2');
    await run.untilPhase('awaitingStart');
    const status = await run.status();
    expect(status.why).toMatch(
      /The data cannot decide, so a person is asked.*low traffic: .* canary requests are needed/,
    );
    expect(status.preflight.find(({ name }) => name === 'detection')).toMatchObject({ result: 'fail' });
    expect(status.may.map(({ action }) => action)).toEqual(expect.arrayContaining(['approve', 'reject']));
    expect(await stage.standing()).toEqual(before);
    await run.update('reject', { by: 'on-call engineer', reason: 'too little traffic at night' });
    expect(await run.result()).toMatchObject({ outcome: 'rejected', reasonCode: 'ApprovalRejected' });
  });
});
