/** The catalogue as rows (kind, name, definition), the same text for the same catalogue. */
import { createHash } from 'node:crypto';
import type { FingerprintRow } from '../../core/model/restore.ts';
import type { SuiteSession } from '../open-suite.ts';
import { CODE_QUERIES } from './code-queries.ts';
import { RELATION_QUERIES } from './relation-queries.ts';
import { RIGHT_QUERIES } from './right-queries.ts';

const QUERIES: readonly (readonly [kind: string, texts: readonly string[]])[] = [
  ...Object.entries({ ...RELATION_QUERIES, ...CODE_QUERIES }).map(([kind, text]) => [kind, [text]] as const),
  ...Object.entries(RIGHT_QUERIES),
];

/** Sorted by kind and name. Names stand with their schema: the session's search_path is pg_catalog. */
export async function readFingerprint(session: SuiteSession): Promise<readonly FingerprintRow[]> {
  const found = new Map<string, { readonly kind: string; readonly name: string; readonly definitions: string[] }>();
  for (const [kind, texts] of QUERIES) {
    for (const text of texts) {
      const rows = await session.read<{ name: string; definition: string | null }>(`fingerprint: ${kind}`, text);
      for (const { name, definition } of rows) {
        const key = `${kind} ${name}`;
        const entry = found.get(key) ?? { kind, name, definitions: [] };
        entry.definitions.push(definition ?? '');
        found.set(key, entry);
      }
    }
  }
  return [...found]
    .toSorted(([one], [other]) => compare(one, other))
    .map(([, { kind, name, definitions }]) => ({ kind, name, definition: definitions.toSorted(compare).join(' | ') }));
}

export function hashFingerprint(rows: readonly FingerprintRow[]): string {
  const hash = createHash('sha256');
  for (const { kind, name, definition } of rows) hash.update(JSON.stringify([kind, name, definition])).update('\n');
  return hash.digest('hex');
}

/** By code units, the same everywhere. */
function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
