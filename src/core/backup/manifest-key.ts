/** Where a manifest stands, by what is in it: no attempt can overwrite another's, and its tag carries its digest. */
import type { ObjectReference } from '../model/backup.ts';
import type { DatabaseName } from '../model/database.ts';
import { AWS_TAGS, type AwsTags } from '../model/temporary.ts';
import { compactTime, databasePath, LONGEST_TAG_VALUE } from './names.ts';

export function manifestKey(prefix: string, name: DatabaseName, nominalAtMs: number, sha256: string): string {
  return `${folder(prefix)}${databasePath(name)}/manifests/${compactTime(nominalAtMs)}-${sha256}.json`;
}

export function reportKey(prefix: string, name: DatabaseName, identifier: string, sha256: string): string {
  return `${folder(prefix)}${databasePath(name)}/reports/${identifier}-${sha256.slice(0, 16)}.json`;
}

/** Why a manifest there could not be named by a tag; undefined when it can. */
export function whyNotTaggable(bucket: string, key: string): string | undefined {
  const value = `${bucket}/${key}`;
  if (value.length > LONGEST_TAG_VALUE) {
    return `manifest ${value}: expected at most ${LONGEST_TAG_VALUE} characters, found ${value.length}; a shorter prefix helps`;
  }
  return /^[\p{L}\p{N} _.:/=+@-]*$/u.test(value)
    ? undefined
    : `manifest ${value}: expected letters, digits and _.:/=+@-, found others`;
}

/** The manifest that the tags of a backup name; undefined when they name none that can be checked. */
export function manifestOfTags(tags: AwsTags, region: string): Omit<ObjectReference, 'bytes'> | undefined {
  const match = /^([^/]+)\/(.+-([0-9a-f]{64})\.json)$/.exec(tags[AWS_TAGS.manifest] ?? '');
  const [, bucket, key, sha256] = match ?? [];
  if (bucket === undefined || key === undefined || sha256 === undefined) return undefined;
  return { region, bucket, key, sha256 };
}

function folder(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}
