/** Every version of the ledger's schema, in order. Only additive ones: an older worker goes on with a newer schema. */
import { createHash } from 'node:crypto';
import { RELEASES } from './0001-releases.ts';
import { BACKUPS } from './0002-backups.ts';

export interface SchemaVersion {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

export const SCHEMA_VERSIONS: readonly SchemaVersion[] = [
  { version: 1, name: 'releases', sql: RELEASES },
  { version: 2, name: 'backups', sql: BACKUPS },
];

/** sha256 of the text, whatever the line ends of the checkout. */
export function checksumOf({ sql }: SchemaVersion): string {
  return createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex');
}
