/** The catalogue of the copy against the manifest's, as a set difference in which each fault has its name. */
import type { FingerprintRow } from '../model/restore.ts';
import { type Finding, finding } from './finding.ts';

export interface SchemaFault extends Finding {
  /** `policy public.orders.tenant`. */
  readonly object: string;
}

/** Kinds that a dump does not carry, or carries by the rights of whoever loads it. */
const NOT_IN_A_DUMP: readonly string[] = ['role', 'membership', 'setting', 'database', 'grant', 'defaultGrant'];
const LONGEST = 300;

/** Every difference; empty when the catalogues are equal. Sorted by kind and name. */
export function compareFingerprints(
  expected: readonly FingerprintRow[],
  seen: readonly FingerprintRow[],
  { physical }: { readonly physical: boolean },
): readonly SchemaFault[] {
  const before = byKey(expected);
  const now = byKey(seen);
  const faults: SchemaFault[] = [];
  for (const [key, row] of before) {
    const found = now.get(key);
    const state = !physical && NOT_IN_A_DUMP.includes(row.kind) ? 'warn' : 'fail';
    if (found === undefined) {
      faults.push({ object: key, ...finding(state, `missing; it was ${shortened(row.definition)}`) });
    } else if (found.definition !== row.definition) {
      faults.push({ object: key, ...finding(state, differenceOf(row.definition, found.definition)) });
    }
  }
  for (const [key, row] of now) {
    if (before.has(key)) continue;
    const state = !physical && NOT_IN_A_DUMP.includes(row.kind) ? 'warn' : 'fail';
    faults.push({ object: key, ...finding(state, `not in the manifest: ${shortened(row.definition)}`) });
  }
  return faults.toSorted((one, other) => compareText(one.object, other.object));
}

/**
 * The parts that differ of two definitions made of `; `: `differenceOf('a; b', 'a; c')` ->
 * `the manifest has b, the copy c`.
 */
export function differenceOf(expected: string, seen: string): string {
  const [before, now] = [expected.split('; '), seen.split('; ')];
  const gone = before.filter((part) => !now.includes(part)).join('; ');
  const come = now.filter((part) => !before.includes(part)).join('; ');
  return `the manifest has ${shortened(gone || expected)}, the copy ${shortened(come || seen)}`;
}

function byKey(rows: readonly FingerprintRow[]): ReadonlyMap<string, FingerprintRow> {
  return new Map(rows.map((row) => [`${row.kind} ${row.name}`, row]));
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line || 'nothing';
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
