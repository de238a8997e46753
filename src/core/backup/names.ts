/**
 * Names and tags of what is made at the provider. RDS has no client tokens: a name that follows from the workflow is the
 * only idempotency there is, and the tags tell whose a thing is.
 */
import type { OperationMark } from '../model/backup.ts';
import type { DatabaseName } from '../model/database.ts';
import { sha256 } from '../model/sha256.ts';
import { AWS_TAGS, type AwsTags, type TemporaryInstance } from '../model/temporary.ts';

export const MANAGED_BY = 'mainstay';
export const PURPOSES = { temporary: 'temporary', backup: 'backup' } as const;
export const TEMPORARY_PREFIX = 'mainstay-verify-';
/** An RDS instance may have 63 characters. */
const LONGEST_INSTANCE = 63;
/** A snapshot 255; a task of export 60. */
const LONGEST_EXPORT = 60;
export const LONGEST_TAG_VALUE = 256;

/** `production/crm`: how a database is written in tags, keys and messages. */
export function databasePath({ environment, database }: DatabaseName): string {
  return `${environment}/${database}`;
}

/** `20261101t0200z` of a moment, to the minute. */
export function compactTime(atMs: number): string {
  const text = new Date(atMs).toISOString();
  return `${text.slice(0, 16).replaceAll(/[-:]/g, '').toLowerCase()}z`;
}

/**
 * The instance that a verification restores into: `mainstay-verify-crm-0f3a9c21d7`. Follows from workflow and run, so
 * that every attempt names the same. At most 63 characters: a long database name is cut, the digest is whole.
 */
export function temporaryName(database: string, { operation, run }: OperationMark): string {
  const digest = sha256(`${operation}/${run}`).slice(0, 10);
  const room = LONGEST_INSTANCE - TEMPORARY_PREFIX.length - digest.length - 1;
  return `${TEMPORARY_PREFIX}${part(database, room)}-${digest}`;
}

/** `mainstay-production-crm-20261101t0200z-9f03ab`; the digest tells two backups of one minute apart. */
export function snapshotName(name: DatabaseName, nominalAtMs: number, { operation, run }: OperationMark): string {
  const digest = sha256(`${operation}/${run}`).slice(0, 6);
  return `mainstay-${part(name.environment, 40)}-${part(name.database, 60)}-${compactTime(nominalAtMs)}-${digest}`;
}

/** Of the `attempt`-th export of a snapshot; the first has no suffix. A name is used up by a failed task. */
export function exportName(snapshotArn: string, attempt: number): string {
  const suffix = attempt <= 1 ? '' : `-${attempt}`;
  return `mainstay-export-${sha256(snapshotArn).slice(0, 24)}${suffix}`.slice(0, LONGEST_EXPORT);
}

export function backupTags(
  name: DatabaseName,
  mark: OperationMark,
  manifest?: { readonly bucket: string; readonly key: string },
): AwsTags {
  return {
    [AWS_TAGS.managedBy]: MANAGED_BY,
    [AWS_TAGS.purpose]: PURPOSES.backup,
    [AWS_TAGS.database]: databasePath(name),
    [AWS_TAGS.operation]: tagValue(mark.operation),
    [AWS_TAGS.run]: tagValue(mark.run),
    ...(manifest && { [AWS_TAGS.manifest]: `${manifest.bucket}/${manifest.key}` }),
  };
}

export function temporaryTags(temporary: TemporaryInstance, sourceArn: string): AwsTags {
  return {
    [AWS_TAGS.managedBy]: MANAGED_BY,
    [AWS_TAGS.purpose]: PURPOSES.temporary,
    [AWS_TAGS.database]: temporary.database,
    [AWS_TAGS.operation]: tagValue(temporary.operation),
    [AWS_TAGS.run]: tagValue(temporary.run),
    [AWS_TAGS.expiresAt]: new Date(temporary.expiresAtMs).toISOString(),
    [AWS_TAGS.source]: sourceArn,
  };
}

/** What may stand in a tag: a workflow id may hold more. Of its own result it makes the same. */
export function tagValue(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} _.:/=+@-]/gu, '_').slice(0, LONGEST_TAG_VALUE);
}

/** Lower case letters, digits and single hyphens, beginning with a letter where it stands first. */
function part(text: string, longest: number): string {
  const clean = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, longest)
    .replaceAll(/^-+|-+$/g, '');
  return clean === '' ? 'db' : clean;
}
