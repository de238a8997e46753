import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { PodTemplate } from '../kube/objects.ts';

/** Label that tells the Pods of one template from those of another. */
export const HASH_LABEL = 'pod-template-hash';

/** Letters and digits that cannot form words and are hard to confuse. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** Ten characters that depend on the template and on the count of collisions seen, valid in names and labels. */
export function templateHash(template: PodTemplate, collisionCount: number): string {
  return shortHash(JSON.stringify([sortKeys(comparable(template)), collisionCount]), 10);
}

/** `length` characters (at most 20) that depend on the text and are valid in names and labels. */
export function shortHash(text: string, length: number): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, length);
  return [...bytes].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** True when two templates make the same Pods: the hash label, nulls and empty metadata do not count. */
export function isSameTemplate(one: PodTemplate, other: PodTemplate): boolean {
  return isDeepStrictEqual(comparable(one), comparable(other));
}

function comparable(template: PodTemplate): Record<string, unknown> {
  const { labels = {}, annotations = {} } = template.metadata ?? {};
  const { [HASH_LABEL]: _hash, ...ownLabels } = labels;
  return { labels: { ...ownLabels }, annotations: { ...annotations }, spec: withoutNulls(template.spec) };
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item !== null && item !== undefined) kept[key] = withoutNulls(item);
  }
  return kept;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sortKeys(item)]));
}
