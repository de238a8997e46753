import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createLedgerConnector, isLedgerUnknown, ledgerFolder } from '../../src/clients/ledger/connect.ts';
import { type KeptLedger, keepLedger } from '../../src/worker/keep-ledger.ts';
import { readSettings, type Settings } from '../../src/config/settings.ts';
import { end, KEY } from '../clients/ledger/entries.ts';
import { makeReachableFolder } from '../harness/postgres.ts';
import { until } from '../harness/until.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function place(): Promise<Settings> {
  const folder = await makeReachableFolder();
  stops.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const stateDir = join(folder, 'state');
  await mkdir(stateDir);
  const read = readSettings({ MAINSTAY_STATE_DIR: stateDir });
  if ('problems' in read) throw new Error('these settings are good');
  stops.push(() => endLeftBehind(stateDir));
  return read.settings;
}

function kept(settings: Settings, said: string[] = []): KeptLedger {
  const ledger = keepLedger(settings, (line) => said.push(line), 200);
  stops.push(() => ledger.close());
  return ledger;
}

/** Process of the server in a state folder; undefined when there is none. */
async function postmaster(stateDir: string): Promise<number | undefined> {
  const text = await readFile(join(ledgerFolder(stateDir), 'cluster/postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  return pid > 0 && existsSync(`/proc/${pid}`) ? pid : undefined;
}

/** No test leaves a server behind, whatever happened. */
async function endLeftBehind(stateDir: string): Promise<void> {
  const pid = await postmaster(stateDir);
  if (pid !== undefined) process.kill(pid, 'SIGQUIT');
}

describe.skipIf(process.platform !== 'linux')('the ledger of a worker', { timeout: 60_000 }, () => {
  it('is a server in the state folder: shared by workers, started again when it is killed, ended by the last', async () => {
    const settings = await place();
    expect(isLedgerUnknown(settings)).toBe(true);
    const said: string[] = [];
    const [first, second] = [kept(settings, said), kept(settings)];
    expect(await first.recorder.record([end()], 30_000)).toBe('written');
    expect(await second.recorder.record([end()], 30_000)).toBe('written');
    const pid = await postmaster(settings.stateDir);
    if (pid === undefined) throw new Error('no server runs');

    process.kill(pid, 'SIGKILL');
    await until('it is gone', async () => (await postmaster(settings.stateDir)) !== pid || undefined);
    const again = { ...KEY, runId: 'run-after' };
    expect(await first.recorder.record([end({ key: again })], 40_000)).toBe('written');

    await first.close();
    expect(await second.recorder.record([end()], 30_000)).toBe('written');
    await second.close();
    await until(
      'the last one has ended it',
      async () => (await postmaster(settings.stateDir)) === undefined || undefined,
    );

    const connector = createLedgerConnector(settings);
    stops.push(() => connector.close());
    const ledger = await connector.open({ migrate: false });
    stops.push(() => ledger.close());
    expect((await ledger.readRelease(again))?.outcome).toBe('rolledBack');
  });

  it('that is off is none', async () => {
    const settings = { ...(await place()), ledger: 'off' as const };
    expect(await kept(settings).recorder.record([end()], 1_000)).toBe('off');
    expect(isLedgerUnknown(settings)).toBe(true);
  });

  it('that cannot be reached is told once, and holds nobody', async () => {
    const settings = { ...(await place()), databaseUrl: 'env:NO_SUCH_VARIABLE_HERE' };
    const said: string[] = [];
    const ledger = kept(settings, said);
    expect(await ledger.recorder.record([end()], 200)).toBe('kept');
    await until('it was said', () => said.length > 0 || undefined);
    expect(said).toEqual([expect.stringMatching(/^ledger: .*NO_SUCH_VARIABLE_HERE.*deployments go on/)]);
  });
});
