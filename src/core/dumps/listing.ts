/** What `pg_restore --list` says of an archive, and whether that is what the source held. */
import { DUMPED_KINDS, type ListedEntry, type SourceRelation } from '../model/dump.ts';

/** Longest first: `TABLE DATA` begins with `TABLE`. */
const KINDS = [
  'MATERIALIZED VIEW DATA',
  'MATERIALIZED VIEW',
  'FOREIGN TABLE',
  'SEQUENCE OWNED BY',
  'SEQUENCE SET',
  'SEQUENCE',
  'TABLE ATTACH',
  'TABLE DATA',
  'TABLE',
  'VIEW',
] as const;

/**
 * The entries of the listing, its comments left out; undefined when it is no listing.
 *
 * `3344; 0 16386 TABLE DATA public orders crm` -> { oid: 16386, kind: 'TABLE DATA', rest: 'public orders crm' }
 */
export function parseListing(text: string): readonly ListedEntry[] | undefined {
  if (!/^;\s+Format: CUSTOM/m.test(text)) return undefined;
  const entries: ListedEntry[] = [];
  for (const line of text.split('\n')) {
    const match = /^\d+; \d+ (\d+) (.+)$/.exec(line);
    if (match?.[2] === undefined) continue;
    const kind = KINDS.find((known) => match[2]?.startsWith(`${known} `)) ?? match[2].split(' ', 1)[0] ?? '';
    entries.push({ oid: Number(match[1]), kind, rest: match[2].slice(kind.length + 1) });
  }
  return entries;
}

/** What the listing lacks of the source, in words: nothing is missing when it is empty. */
export function missingFrom(entries: readonly ListedEntry[], relations: readonly SourceRelation[]): readonly string[] {
  const listed = new Set(entries.map(({ oid, kind }) => `${oid} ${kind}`));
  return relations.flatMap(({ oid, kind, name, hasData }) => [
    ...(listed.has(`${oid} ${kind}`) ? [] : [`${kind.toLowerCase()} ${name}`]),
    ...(!hasData || listed.has(`${oid} TABLE DATA`) ? [] : [`rows of ${name}`]),
  ]);
}

/** Relations in the listing that the source did not have. */
export function unknownIn(entries: readonly ListedEntry[], relations: readonly SourceRelation[]): readonly string[] {
  const known = new Set(relations.map(({ oid }) => oid));
  const kinds: readonly string[] = DUMPED_KINDS;
  return entries
    .filter(({ oid, kind }) => kinds.includes(kind) && !known.has(oid))
    .map(({ kind, rest }) => `${kind} ${rest}`);
}
