/**
 * Count and order-free digest of a table: the sum of its rows' 64-bit hashes.
 *
 * Equal in the sense of the type is not identical (1.0 and 1.00, 0 and -0, 'a' and 'A' of citext): such types are hashed
 * by their text. Texts are hashed by their bytes (collation "C"), whatever collation they are sorted by.
 */
import { DIGEST_ALGORITHM } from '../core/model/restore.ts';
import { type Column, type Table, quotedTable } from './catalog/tables.ts';
import { quoteName } from './names.ts';

/** Rows of version 13 cannot be hashed, their texts can. */
const TEXT_ALGORITHM = 'hashtextextended/1';

export function digestAlgorithm(serverMajor: number): string {
  return serverMajor >= 14 ? DIGEST_ALGORITHM : TEXT_ALGORITHM;
}

export interface DigestRequest {
  readonly table: Pick<Table, 'schema' | 'table' | 'columns'>;
  readonly algorithm: string;
  /** Condition of the closed range. */
  readonly where?: string;
  /** Share of the pages; 1 for all. */
  readonly sampled: number;
}

/** Answers `rows`, `range_rows`, `digest` and, with a range and no sample, `whole_digest`; all as text. */
export function digestSql({ table, algorithm, where, sampled }: DigestRequest): string {
  const alias = aliasFor(table.columns);
  const hash = hashOf(table.columns, alias, algorithm);
  const from = fromSql(table, alias, sampled);
  const isSample = sampled < 1;
  const rows = isSample ? `(select count(*) from only ${quotedTable(table)})` : 'count(*)';
  if (where === undefined) {
    return `select ${rows}::text as rows, count(*)::text as range_rows, coalesce(sum(${hash}), 0)::text as digest from ${from}`;
  }
  const whole = isSample ? '' : ', coalesce(sum(h), 0)::text as whole_digest';
  // The fence (offset 0) keeps the hash from being computed for each sum.
  return `select ${rows}::text as rows, count(*) filter (where c)::text as range_rows,
    coalesce(sum(h) filter (where c), 0)::text as digest${whole}
    from (select ${hash} as h, (${where}) is true as c from ${from} offset 0) y`;
}

/** The same over the rows that are older than transaction `xid` (64 bits): `rows`, `digest`. */
export function oldRowsSql({ table, algorithm, sampled }: DigestRequest, xid: string): string {
  const alias = aliasFor(table.columns);
  const hash = hashOf(table.columns, alias, algorithm);
  return `select count(*)::text as rows, coalesce(sum(${hash}), 0)::text as digest
    from ${fromSql(table, alias, sampled)}
    where age(${alias}.xmin) > age('${BigInt(xid)}'::xid8::xid)`;
}

function hashOf(columns: readonly Column[], alias: string, algorithm: string): string {
  if (columns.length === 0) return '0';
  const values = columns.map((column) => valueOf(column, alias)).join(', ');
  return algorithm === TEXT_ALGORITHM
    ? `hashtextextended(row(${values})::text collate "C", 0)`
    : `hash_record_extended(row(${values}), 0)`;
}

function valueOf({ name, hash }: Column, alias: string): string {
  const value = `${alias}.${quoteName(name)}`;
  switch (hash) {
    case 'plain':
      return value;
    case 'text':
      return `${value} collate "C"`;
    case 'cast':
      return `${value}::text collate "C"`;
  }
}

/** `x`, or longer: an alias that is a column's name would mean the column. */
function aliasFor(columns: readonly Column[]): string {
  let alias = 'x';
  while (columns.some(({ name }) => name === alias)) alias += 'x';
  return alias;
}

/** Which pages are in a sample depends on their number and the seed alone: the same in a physical copy. */
function fromSql(table: DigestRequest['table'], alias: string, sampled: number): string {
  const sample = sampled < 1 ? ` tablesample system (${sampled * 100}) repeatable (0)` : '';
  return `only ${quotedTable(table)} as ${alias}${sample}`;
}

/** 1 up to the limit, then what keeps the bytes read near the limit, at least a thousandth. */
export function sampleShare(bytes: number, sampleAboveBytes: number): number {
  if (bytes <= sampleAboveBytes) return 1;
  return Math.max(0.001, Number((sampleAboveBytes / bytes).toPrecision(2)));
}
