/** What the suite itself makes in a database, and what it therefore leaves out of every comparison. */

/** amcheck and what was seen before the copy was touched; made by `prepareCopy`. */
export const VERIFY_SCHEMA = 'mainstay_verify';
/** The canary row; made by `takeManifest` in the source. */
export const CANARY_SCHEMA = 'mainstay_canary';
export const VERIFIER_ROLE = 'mainstay_verifier';
/** `(token text primary key, at timestamptz)`. */
export const CANARY_TABLE = `${CANARY_SCHEMA}.canary`;
/** `(started timestamptz, xid text, refused text)`, one row for each start of the server: a copy carries its source's. */
export const PREPARED_TABLE = `${VERIFY_SCHEMA}.prepared`;

/** Schemas whose contents change by themselves or by us: never digested. */
const NOT_DIGESTED = [VERIFY_SCHEMA, CANARY_SCHEMA, 'cron'];

/** `"a""b"`. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `'it''s'`, as a literal that no setting changes. */
export function quoteText(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return doubled.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
}

/** Condition: the schema is neither the system's nor ours. */
export function isUserSchema(column: string): string {
  return `(${column} not in ('pg_catalog', 'information_schema', '${VERIFY_SCHEMA}', '${CANARY_SCHEMA}')
    and ${column} !~ '^pg_(toast|temp)')`;
}

/** Condition: a role of the database's users. */
export function isUserRole(column: string): string {
  return `(${column} !~ '^(pg_|rds)' and ${column} <> '${VERIFIER_ROLE}')`;
}

export function isDigested(schema: string): boolean {
  return !NOT_DIGESTED.includes(schema);
}
