import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openOutbox } from '../../../src/clients/ledger/outbox.ts';
import type { Ledger } from '../../../src/clients/ledger/port.ts';
import { createLedgerRecorder, type LedgerRecorder } from '../../../src/clients/ledger/recorder.ts';
import type { LedgerEntry } from '../../../src/core/model/ledger.ts';
import { CodedError } from '../../../src/errors/coded-error.ts';
import { until } from '../../harness/until.ts';
import { end, event, start, watch } from './entries.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A ledger that takes entries, is away, hangs, or refuses some of them, as the test says. */
class FakeLedger implements Ledger {
  readonly written: LedgerEntry[] = [];
  mood: 'takes' | 'away' | 'hangs' = 'takes';
  refuses: (entry: LedgerEntry) => boolean = () => false;
  opened = 0;
  private readonly hanging: (() => void)[] = [];

  letGoOfAll(): void {
    for (const fail of this.hanging.splice(0)) fail();
  }

  open = async (): Promise<Ledger> => {
    if (this.mood === 'away') throw new CodedError('Unavailable', 'ledger db.example.com: connection refused');
    this.opened += 1;
    return this;
  };

  async write(entry: LedgerEntry): Promise<void> {
    if (this.mood === 'hangs') {
      await new Promise<void>((_, reject) => this.hanging.push(() => reject(new CodedError('Timeout', 'cancelled'))));
    }
    if (this.mood === 'away') throw new CodedError('Unavailable', 'ledger db.example.com: connection ended');
    if (this.refuses(entry)) {
      throw new CodedError('PreconditionFailed', 'not-null violation', { details: { sqlState: '23502' } });
    }
    this.written.push(entry);
  }

  async readRelease() {
    return undefined;
  }
  async list() {
    return [];
  }
  async readBackup() {
    return undefined;
  }
  async listBackups() {
    return [];
  }
  async saveRecord() {}
  async loadRecord() {
    return [];
  }
  async close() {}
}

interface Place {
  readonly folder: string;
  readonly ledger: FakeLedger;
  readonly said: string[];
  recorder(): LedgerRecorder;
  kept(): Promise<readonly string[]>;
}

async function place(mood: FakeLedger['mood'] = 'takes'): Promise<Place> {
  const folder = join(await mkdtemp(join(tmpdir(), 'mainstay-outbox-')), 'outbox');
  stops.push(() => rm(join(folder, '..'), { recursive: true, force: true }));
  const ledger = new FakeLedger();
  ledger.mood = mood;
  const said: string[] = [];
  return {
    folder,
    ledger,
    said,
    recorder: () => {
      const made = createLedgerRecorder({
        open: ledger.open,
        outbox: openOutbox(folder),
        say: (line) => said.push(line),
        retryMs: 20,
      });
      stops.push(() => made.close());
      return made;
    },
    kept: () => openOutbox(folder).names(),
  };
}

describe('the recorder of the ledger', () => {
  it('writes what is noted, in order, and keeps nothing', async () => {
    const { recorder, ledger, kept } = await place();
    const made = recorder();
    for (const entry of [start(), event('9'), watch(2)]) made.note(entry);
    expect(await made.record([end()], 10_000)).toBe('written');
    await until('all are written', () => ledger.written.length === 4 || undefined);
    expect(ledger.written.map(({ kind }) => kind).sort()).toEqual(['end', 'event', 'start', 'watch']);
    await until('nothing is kept', async () => (await kept()).length === 0 || undefined);
  });

  it('answers soon without a ledger, and writes everything once it is there', async () => {
    const { recorder, ledger, kept, said } = await place('away');
    const made = recorder();
    made.note(start());
    expect(await made.record([end()], 100)).toBe('kept');
    expect((await kept()).length).toBe(2);
    await until('it was said', () => said.length > 0 || undefined);
    ledger.mood = 'takes';
    await until('both are written', () => ledger.written.length === 2 || undefined);
    expect(ledger.written.map(({ kind }) => kind)).toEqual(['start', 'end']);
    await until('nothing is kept', async () => (await kept()).length === 0 || undefined);
    await until('it is told again', () => said.length === 2 || undefined);
    // Once for the trouble, however often it was tried, and once for its end.
    expect(said).toEqual([expect.stringContaining('connection refused'), expect.stringContaining('answers again')]);
  });

  it('goes on when the ledger ends in the middle', async () => {
    const { recorder, ledger } = await place();
    const made = recorder();
    expect(await made.record([start()], 10_000)).toBe('written');
    ledger.mood = 'away';
    expect(await made.record([watch(2)], 100)).toBe('kept');
    ledger.mood = 'takes';
    expect(await made.record([end()], 10_000)).toBe('written');
    expect(ledger.written.map(({ kind }) => kind)).toEqual(['start', 'watch', 'end']);
    expect(ledger.opened).toBeGreaterThan(1);
  });

  it('is not held by a ledger that hangs, nor by its own end', async () => {
    const { recorder, kept } = await place('hangs');
    const made = recorder();
    expect(await made.record([end()], 100)).toBe('kept');
    const startedMs = Date.now();
    await made.close();
    expect(Date.now() - startedMs).toBeLessThan(5_000);
    expect((await kept()).length).toBe(1);
  });

  it('leaves to the next worker what one left behind', async () => {
    const { recorder, ledger } = await place('away');
    const first = recorder();
    first.note(start());
    expect(await first.record([end()], 50)).toBe('kept');
    await first.close();
    ledger.mood = 'takes';
    recorder();
    await until('both are written', () => ledger.written.length === 2 || undefined);
  });

  it('is told of what another worker of the host wrote', async () => {
    const { recorder, ledger, folder } = await place('hangs');
    const made = recorder();
    const recorded = made.record([end()], 20_000);
    const outbox = openOutbox(folder);
    const [name] = await until('it is kept', async () =>
      (await outbox.names()).length > 0 ? outbox.names() : undefined,
    );
    await outbox.done(name ?? '');
    ledger.mood = 'takes';
    ledger.letGoOfAll();
    expect(await recorded).toBe('written');
    expect(ledger.written).toEqual([]);
  });

  it('sets aside what can never be written, and writes the rest', async () => {
    const { recorder, ledger, folder, said } = await place();
    ledger.refuses = ({ kind }) => kind === 'event';
    const made = recorder();
    made.note(event('9'));
    await until('it was kept', async () => (await refusedIn(folder)).length === 1 || undefined);
    await writeFile(join(folder, '00000000000001-1-1.json'), 'half a fi');
    expect(await made.record([end()], 10_000)).toBe('written');
    expect(await made.record([event('10')], 10_000)).toBe('kept');
    await until('three are set aside', async () => (await refusedIn(folder)).length === 3 || undefined);
    expect(said).toHaveLength(3);
    expect(said[0]).toContain('not-null');
    expect(ledger.written.map(({ kind }) => kind)).toEqual(['end']);
  });

  it('writes past a disk that cannot keep, and says when nothing is left', async () => {
    const { recorder, ledger, folder } = await place();
    // A file where the folder should be.
    await writeFile(folder, '');
    const made = recorder();
    expect(await made.record([end()], 10_000)).toBe('written');
    expect(ledger.written).toHaveLength(1);
    ledger.mood = 'away';
    expect(await made.record([end()], 10_000)).toBe('lost');
    made.note(event('9'));
  });

  it('keeps no character that Postgres has not', async () => {
    const { recorder, ledger } = await place();
    await recorder().record([event('9', { says: 'a\0b' })], 10_000);
    expect(ledger.written).toMatchObject([{ says: 'ab' }]);
  });
});

async function refusedIn(folder: string): Promise<readonly string[]> {
  return readdir(join(folder, 'refused')).catch(() => []);
}
