/**
 * A name is taken. By an earlier attempt of ours whose reply was lost, or by somebody else? A name alone proves nothing:
 * what is not marked by this very operation, and made from the same source, is never touched.
 */
import type { OperationMark } from '../model/backup.ts';
import { AWS_TAGS, type AwsTags } from '../model/temporary.ts';
import { MANAGED_BY, tagValue } from './names.ts';

export type Adoption = { readonly kind: 'adopt' } | { readonly kind: 'foreign'; readonly reason: string };

export interface Found {
  /** `instance mainstay-verify-crm-0f3a9c21d7` */
  readonly object: string;
  readonly tags: AwsTags;
  /** What it was made from, as it says itself. */
  readonly source: string | undefined;
}

export function assessAdoption(found: Found, mark: OperationMark, source: string): Adoption {
  const reason = whyNotOurs(found.tags, mark);
  if (reason !== undefined) return { kind: 'foreign', reason: `${found.object} exists and is not ours: ${reason}` };
  if (found.source === source) return { kind: 'adopt' };
  const says = `expected it to be made from ${source}, found ${found.source ?? 'no source'}`;
  return { kind: 'foreign', reason: `${found.object} exists, made by this operation from something else: ${says}` };
}

/** Which tag says that it is not of this operation; undefined when it is. */
export function whyNotOurs(tags: AwsTags, { operation, run }: OperationMark): string | undefined {
  const wanted: AwsTags = {
    [AWS_TAGS.managedBy]: MANAGED_BY,
    [AWS_TAGS.operation]: tagValue(operation),
    [AWS_TAGS.run]: tagValue(run),
  };
  for (const [key, value] of Object.entries(wanted)) {
    if (tags[key] !== value) return `tag ${key}: expected ${value}, found ${tags[key] ?? 'none'}`;
  }
  return undefined;
}
