/** Where the parts of a dump lie. The folder follows from workflow and moment, so that every attempt names the same. */
import type { OperationMark } from '../model/backup.ts';
import type { DatabaseName } from '../model/database.ts';
import type { StoredDump } from '../model/dump.ts';
import { sha256 } from '../model/sha256.ts';

export const DUMP_PARTS = { archive: 'archive.dump', manifest: 'manifest.json', verified: 'verified.json' } as const;

/** `20261101T020000Z` */
export function secondsTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

/** Undefined when the text is no such moment. */
export function parseSecondsTime(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** `dumps/production/crm/`: ends with a slash. */
export function dumpsFolder(prefix: string, { environment, database }: DatabaseName): string {
  return `${withSlash(prefix)}${environment}/${database}/`;
}

/** `dumps/production/crm/20261101T020000Z-9f03ab12cd/` */
export function dumpFolder(prefix: string, name: DatabaseName, nominalAtMs: number, mark: OperationMark): string {
  const digest = sha256(`${mark.operation}/${mark.run}`).slice(0, 10);
  return `${dumpsFolder(prefix, name)}${secondsTime(nominalAtMs)}-${digest}/`;
}

/** The dumps among the keys under a folder of dumps, oldest first. Keys that are not ours are left alone. */
export function dumpsAmong(root: string, keys: readonly string[]): readonly StoredDump[] {
  const parts = new Map<string, Set<string>>();
  for (const key of keys) {
    if (!key.startsWith(root)) continue;
    const [name = '', part = '', ...deeper] = key.slice(root.length).split('/');
    const isOurs = deeper.length === 0 && /^\d{8}T\d{6}Z-[0-9a-f]{10}$/.test(name);
    if (!isOurs || !Object.values<string>(DUMP_PARTS).includes(part)) continue;
    const known = parts.get(name) ?? new Set();
    parts.set(name, known.add(part));
  }
  return [...parts]
    .map(([name, held]) => ({
      folder: `${root}${name}/`,
      takenAtMs: parseSecondsTime(name.slice(0, 16)) ?? Number.NaN,
      hasArchive: held.has(DUMP_PARTS.archive),
      hasManifest: held.has(DUMP_PARTS.manifest),
      isVerified: held.has(DUMP_PARTS.archive) && held.has(DUMP_PARTS.manifest) && held.has(DUMP_PARTS.verified),
    }))
    .filter(({ takenAtMs }) => !Number.isNaN(takenAtMs))
    .sort((a, b) => a.takenAtMs - b.takenAtMs || (a.folder < b.folder ? -1 : 1));
}

function withSlash(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}
