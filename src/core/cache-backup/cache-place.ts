/** Where the parts of a copy of a cache, or of a cluster's objects, lie. */
import { parseSecondsTime, secondsTime } from '../dumps/dump-place.ts';
import type { KeptCopy } from '../dumps/plan-dump-retention.ts';
import type { OperationMark } from '../model/backup.ts';
import { sha256 } from '../model/sha256.ts';

export const COPY_PARTS = { rdb: 'dump.rdb', objects: 'objects.yaml.gz', secrets: 'secrets.enc' } as const;
export const COPY_PROOFS = { manifest: 'manifest.json', verified: 'verified.json' } as const;

/** `caches/production/sessions/`: ends with a slash. */
export function copiesRoot(prefix: string, ...names: readonly string[]): string {
  const start = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  return `${start}${names.join('/')}/`;
}

/** `<root>20261101T020000Z-9f03ab12cd/`: follows from workflow and moment, so that every attempt names the same. */
export function copyFolder(root: string, nominalAtMs: number, { operation, run }: OperationMark): string {
  return `${root}${secondsTime(nominalAtMs)}-${sha256(`${operation}/${run}`).slice(0, 10)}/`;
}

/** The copies among the keys under a root, oldest first, with the parts they hold. Other keys are left alone. */
export function copiesAmong(
  root: string,
  keys: readonly string[],
): readonly (KeptCopy & { readonly parts: readonly string[] })[] {
  const known: readonly string[] = [...Object.values(COPY_PARTS), ...Object.values(COPY_PROOFS)];
  const folders = new Map<string, string[]>();
  for (const key of keys) {
    if (!key.startsWith(root)) continue;
    const [name = '', part = '', ...deeper] = key.slice(root.length).split('/');
    if (deeper.length > 0 || !/^\d{8}T\d{6}Z-[0-9a-f]{10}$/.test(name) || !known.includes(part)) continue;
    folders.set(name, [...(folders.get(name) ?? []), part]);
  }
  return [...folders]
    .map(([name, parts]) => ({
      folder: `${root}${name}/`,
      takenAtMs: parseSecondsTime(name.slice(0, 16)) ?? Number.NaN,
      hasManifest: parts.includes(COPY_PROOFS.manifest),
      isVerified: parts.includes(COPY_PROOFS.manifest) && parts.includes(COPY_PROOFS.verified),
      parts,
    }))
    .filter(({ takenAtMs }) => !Number.isNaN(takenAtMs))
    .sort((a, b) => a.takenAtMs - b.takenAtMs || (a.folder < b.folder ? -1 : 1));
}
