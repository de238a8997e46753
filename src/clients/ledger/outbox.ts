/**
 * Entries on their way to the ledger, one file each: they outlive the ledger's absence and a killed worker. Any number
 * of processes may share the folder, because writing an entry twice is the same as once.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LedgerEntry } from '../../core/model/ledger.ts';

/** More than that and something is wrong for days: ends are kept, the rest is refused. */
export const OUTBOX_LIMIT = 20_000;

export interface KeptEntry {
  /** Name of its file; names sort by the time of keeping. */
  readonly name: string;
  readonly entry: LedgerEntry;
}

export interface Outbox {
  /** Returns when the entry is on the disk. Throws when it cannot be kept. */
  keep(entry: LedgerEntry): Promise<KeptEntry>;
  /** Names, oldest first. */
  names(): Promise<readonly string[]>;
  /** Undefined when someone else has written it meanwhile. Throws SyntaxError when it is no entry. */
  read(name: string): Promise<KeptEntry | undefined>;
  done(name: string): Promise<void>;
  /** Out of the way of the others, where a person can look at it: `<folder>/refused`. */
  setAside(name: string): Promise<void>;
}

let counter = 0;

/** @param folder made when the first entry is kept; readable by its owner only */
export function openOutbox(folder: string): Outbox {
  const names = async (): Promise<readonly string[]> => {
    const found = await readdir(folder).catch(ifMissing<string[]>([]));
    return found.filter((name) => name.endsWith('.json')).sort();
  };
  return {
    keep: async (entry) => {
      const mustKeep = entry.kind !== 'event' && entry.kind !== 'watch';
      counter += 1;
      // A look at the folder is a system call: only every hundredth entry pays for it.
      if (!mustKeep && counter % 100 === 0 && (await names()).length > OUTBOX_LIMIT)
        throw new Error(
          `outbox ${folder}: expected at most ${OUTBOX_LIMIT} entries that wait for the ledger, found more`,
        );
      const name = `${String(Date.now()).padStart(14, '0')}-${process.pid}-${String(counter).padStart(8, '0')}.json`;
      await writeNew(folder, name, JSON.stringify(entry, withoutNul));
      return { name, entry };
    },
    names,
    read: async (name) => {
      const text = await readFile(join(folder, name), 'utf8').catch(ifMissing(undefined));
      return text === undefined ? undefined : { name, entry: JSON.parse(text) as LedgerEntry };
    },
    done: (name) => rm(join(folder, name), { force: true }),
    setAside: async (name) => {
      await mkdir(join(folder, 'refused'), { recursive: true, mode: 0o700 });
      await rename(join(folder, name), join(folder, 'refused', name)).catch(ifMissing(undefined));
    },
  };
}

/** Postgres has no such character; a page of garbage that a service answered may. */
function withoutNul(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\0', '') : value;
}

/** It appears under its name in one step: nobody reads half of it. */
async function writeNew(folder: string, name: string, text: string): Promise<void> {
  const part = join(folder, `${name}.part`);
  const write = () => writeFile(part, text, { mode: 0o600 });
  await write().catch(async (error: unknown) => {
    ifMissing(undefined)(error);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await write();
  });
  await rename(part, join(folder, name));
}

function ifMissing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return instead;
    throw error;
  };
}
