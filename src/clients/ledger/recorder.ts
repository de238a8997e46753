/**
 * The way from a worker to the ledger. Nothing that happens to the ledger may hold a deployment: an entry is kept on
 * the disk first, written when the ledger takes it, and tried again until it does.
 */
import type { LedgerEntry } from '../../core/model/ledger.ts';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import type { Outbox } from './outbox.ts';
import type { Ledger, ServiceRecords } from './port.ts';

/** `written`: it stands in the ledger. `kept`: on the disk of this host, to be written later. `lost`: neither. */
export type Recorded = 'written' | 'kept' | 'lost' | 'off';

/** Records of services are asked for within about 3 s, else the ledger is Unavailable. */
export interface LedgerRecorder extends ServiceRecords {
  /** Returns at once; never throws. */
  note(entry: LedgerEntry): void;
  /** Returns when all entries are written, or after `withinMs`. Never throws. */
  record(entries: readonly LedgerEntry[], withinMs: number): Promise<Recorded>;
  /** Keeps what is under way and lets go of the ledger; takes at most about a second. */
  close(): Promise<void>;
}

export interface RecorderOptions {
  /** Connects; called again, at most every `retryMs`, as long as it fails. */
  readonly open: () => Promise<Ledger>;
  readonly outbox: Outbox;
  /** What a person who runs the worker should know: said once for each change. */
  readonly say: (line: string) => void;
  /** Time between two tries to reach a ledger that is away. */
  readonly retryMs?: number;
}

const RETRY_MS = 5_000;
const CLOSE_LIMIT_MS = 500;
const RECORD_LIMIT_MS = 3_000;

export function createLedgerRecorder({ open, outbox, say, retryMs = RETRY_MS }: RecorderOptions): LedgerRecorder {
  let ledger: Ledger | undefined;
  let triedAtMs = Number.NEGATIVE_INFINITY;
  let opening: Promise<Ledger> | undefined;
  let trouble = '';
  let draining: Promise<void> | undefined;
  let isAskedAgain = false;
  let isLosing = false;
  let isClosed = false;
  const keeping = new Set<Promise<unknown>>();
  /** Told what became of the file of that name. */
  const waiting = new Map<string, (how: Recorded) => void>();
  const timer = setInterval(drainSoon, retryMs);
  timer.unref();
  drainSoon();

  return {
    note: (entry) => void keep(entry).then(drainSoon, tellLost),
    record,
    saveRecord: (key, bins, nowMs) => soon(() => asking((to) => to.saveRecord(key, bins, nowMs))),
    loadRecord: (key, nowMs) => soon(() => asking((to) => to.loadRecord(key, nowMs))),
    close,
  };

  async function record(entries: readonly LedgerEntry[], withinMs: number): Promise<Recorded> {
    try {
      const kept = await Promise.all(entries.map((entry) => keep(entry)));
      const ends = Promise.all(kept.map(({ name }) => new Promise<Recorded>((done) => waiting.set(name, done))));
      drainSoon();
      const result = await within<Recorded, Recorded>(
        withinMs,
        ends.then((all) => (all.includes('kept') ? 'kept' : 'written')),
        'kept',
      );
      for (const { name } of kept) waiting.delete(name);
      return result;
    } catch (error) {
      tellLost(error);
      return recordDirectly(entries, withinMs);
    }
  }

  async function asking<T>(ask: (to: Ledger) => Promise<T>): Promise<T> {
    const to = await connected();
    try {
      return await ask(to);
    } catch (error) {
      await letGo(to);
      throw error;
    }
  }

  /** A disk that is full: the ledger itself is the only place left. */
  async function recordDirectly(entries: readonly LedgerEntry[], withinMs: number): Promise<Recorded> {
    const writing = connected().then(async (to) => {
      for (const entry of entries) await to.write(entry);
      return 'written' as const;
    });
    return within<Recorded, Recorded>(withinMs, writing, 'lost').catch(() => 'lost');
  }

  async function keep(entry: LedgerEntry) {
    const kept = outbox.keep(entry);
    keeping.add(kept);
    try {
      const done = await kept;
      isLosing = false;
      return done;
    } finally {
      keeping.delete(kept);
    }
  }

  /** Said once, until something can be kept again. */
  function tellLost(error: unknown): void {
    if (!isLosing) say(`notes cannot be kept and are lost: ${String(error)}`);
    isLosing = true;
  }

  function drainSoon(): void {
    if (isClosed) return;
    if (draining) {
      isAskedAgain = true;
      return;
    }
    draining = drain()
      .catch((error: unknown) => tell(error instanceof Error ? error.message : String(error)))
      .finally(() => {
        draining = undefined;
        if (isAskedAgain && trouble === '') drainSoon();
        isAskedAgain = false;
      });
  }

  /** Oldest first; ends at the first entry that the ledger does not take now. */
  async function drain(): Promise<void> {
    let to = ledger ?? (await connected());
    for (let names = await listed(); names.length > 0 && !isClosed; names = await listed()) {
      for (const name of names) {
        if (isClosed) return;
        to = ledger ?? to;
        await deliver(to, name);
      }
    }
    if (trouble !== '') say('the ledger answers again; what was kept is written');
    trouble = '';
  }

  /** What is no longer in the folder was written by another worker of this host. */
  async function listed(): Promise<readonly string[]> {
    const asked = [...waiting.keys()];
    const names = await outbox.names();
    const left = new Set(names);
    for (const name of asked) if (!left.has(name)) settle(name, 'written');
    return names;
  }

  function settle(name: string, how: Recorded): void {
    waiting.get(name)?.(how);
    waiting.delete(name);
  }

  async function deliver(to: Ledger, name: string): Promise<void> {
    let how: Recorded = 'written';
    try {
      const kept = await outbox.read(name);
      if (kept) await to.write(kept.entry);
      await outbox.done(name);
    } catch (error) {
      if (!isRefusal(error)) {
        await letGo(to);
        throw error;
      }
      // One entry that can never be written must not hold up the others.
      how = 'kept';
      await outbox.setAside(name);
      say(`the ledger refuses ${name}: ${String(error)}; it was set aside`);
    }
    settle(name, how);
  }

  /** Opened anew for the next try: its address, its password or its server may be others by then. */
  async function letGo(to: Ledger): Promise<void> {
    if (ledger !== to) return;
    ledger = undefined;
    triedAtMs = Date.now();
    await within(
      CLOSE_LIMIT_MS,
      to.close().catch(() => undefined),
      undefined,
    );
  }

  /** One connection attempt at a time, and not more often than every `retryMs`. */
  async function connected(): Promise<Ledger> {
    if (ledger) return ledger;
    if (isClosed) throw new CodedError('Unavailable', 'ledger: this worker is ending');
    if (!opening && Date.now() - triedAtMs < retryMs / 2)
      throw new CodedError('Unavailable', trouble || 'ledger: away');
    triedAtMs = Date.now();
    opening ??= open().finally(() => {
      opening = undefined;
    });
    const opened = await opening;
    if (isClosed) await opened.close().catch(() => undefined);
    else ledger = opened;
    return opened;
  }

  /** The same trouble is said once, not every five seconds for a weekend. */
  function tell(problem: string): void {
    if (trouble === '' && problem !== '')
      say(`${problem}; deployments go on, their records are kept on this host until it answers`);
    trouble = problem;
  }

  async function close(): Promise<void> {
    isClosed = true;
    clearInterval(timer);
    await within(CLOSE_LIMIT_MS, Promise.allSettled([...keeping, draining ?? Promise.resolve()]), undefined);
    const closing = ledger?.close().catch(() => undefined) ?? Promise.resolve();
    await within(CLOSE_LIMIT_MS, closing, undefined);
  }
}

/** Refused as it is, and would be again: no entry, or values that a table does not take. All else may be better later. */
function isRefusal(error: unknown): boolean {
  if (error instanceof SyntaxError || error instanceof TypeError) return true;
  if (!isCoded(error)) return false;
  const { sqlState } = (error.details ?? {}) as { readonly sqlState?: unknown };
  return typeof sqlState === 'string' ? /^2[23]/.test(sqlState) : error.code === 'BadResponse';
}

/** Our own server may still be on its way up: nobody waits for that. */
async function soon<T>(work: () => Promise<T>): Promise<T> {
  const late = new CodedError(
    'Unavailable',
    `ledger: expected an answer within ${RECORD_LIMIT_MS / 1000} s, found none`,
  );
  const result = await within(RECORD_LIMIT_MS, work(), late);
  if (result === late) throw late;
  return result as T;
}

async function within<T, U>(ms: number, work: Promise<T>, otherwise: U): Promise<T | U> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<U>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** For a worker that was told to keep no ledger. */
export const NO_LEDGER: LedgerRecorder = {
  note: () => undefined,
  record: async () => 'off',
  saveRecord: async () => undefined,
  loadRecord: async () => [],
  close: async () => undefined,
};
