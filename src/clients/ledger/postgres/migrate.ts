/** Brings the schema of the ledger to the version this code knows. Two workers that start together take turns. */
import { CodedError } from '../../../errors/coded-error.ts';
import { checksumOf, SCHEMA_VERSIONS, type SchemaVersion } from '../schema/index.ts';
import type { Sql } from './sql.ts';

/** Any number that nobody else uses: the first eight letters of the product's name. */
const LOCK = "x'6d61696e73746179'";

/**
 * Applies what is missing, in one transaction. A schema that is newer than this code is left as it is: versions are
 * additive, and an older worker must not stop during an upgrade.
 *
 * @param sql inside a transaction
 * @returns the versions that were applied now
 * @throws CodedError PreconditionFailed when an applied version has another text, or there are gaps
 */
export async function migrateLedger(
  sql: Sql,
  versions: readonly SchemaVersion[] = SCHEMA_VERSIONS,
): Promise<readonly number[]> {
  await sql.query(`select pg_advisory_xact_lock(${LOCK}::bit(64)::bigint)`);
  await prepare(sql);
  const applied = await sql.query<{ version: number; checksum: string }>(
    'select version, checksum from mainstay.schema_version order by version',
  );
  const known = new Map(applied.map(({ version, checksum }) => [version, checksum]));
  const now: number[] = [];
  for (const version of versions) {
    const found = known.get(version.version);
    if (found === undefined) {
      await apply(sql, version);
      now.push(version.version);
    } else if (found !== checksumOf(version)) {
      throw new CodedError(
        'PreconditionFailed',
        `ledger schema version ${version.version} (${version.name}): expected the text it was applied with (sha256 ${found.slice(0, 12)}), found another one (${checksumOf(version).slice(0, 12)}); this worker's code does not belong to that database`,
      );
    }
  }
  return now;
}

/** A role without the right to make schemas may use one that was made for it. */
async function prepare(sql: Sql): Promise<void> {
  const [found] = await sql.query<{ schema: boolean; versions: boolean }>(
    `select to_regnamespace('mainstay') is not null as schema,
       to_regclass('mainstay.schema_version') is not null as versions`,
  );
  if (found?.schema !== true) await sql.query('create schema mainstay');
  if (found?.versions === true) return;
  await sql.query(
    `create table mainstay.schema_version (
       version integer primary key, name text not null, checksum text not null,
       applied_at timestamptz not null default now())`,
  );
  await sql.query(
    `comment on table mainstay.schema_version is 'Which versions of this schema were applied, with the sha256 of their text.'`,
  );
  for (const [column, says] of Object.entries(COLUMNS))
    await sql.query(`comment on column mainstay.schema_version.${column} is '${says}'`);
}

const COLUMNS = {
  version: 'Number, from 1.',
  name: 'Name of the version.',
  checksum: 'sha256 of the text.',
  applied_at: 'When it was applied.',
} as const;

async function apply(sql: Sql, version: SchemaVersion): Promise<void> {
  await sql.query(version.sql);
  await sql.query('insert into mainstay.schema_version (version, name, checksum) values ($1, $2, $3)', [
    version.version,
    version.name,
    checksumOf(version),
  ]);
}
