/**
 * The bundle: YAML documents, each an object as JSON (which is YAML, and leaves no room for `no`, `0123` and `1e3` to be
 * read in two ways), so that `kubectl apply -f` takes it. The same objects give the same bytes.
 */
import { canonicalJson } from '../model/canonical-json.ts';
import type { SecretMention } from '../model/cluster-backup.ts';
import type { PlainObject } from './restorable.ts';

export interface BundleHead {
  readonly environment: string;
  readonly takenAtMs: number;
  readonly secrets: readonly SecretMention[];
  /** Secrets stand in an object of their own, encrypted. */
  readonly isEncryptedBeside: boolean;
}

/** Objects in the order in which they are given: see `inOrder`. */
export function bundleText(objects: readonly PlainObject[], head: BundleHead): string {
  const { environment, takenAtMs, secrets, isEncryptedBeside } = head;
  const where = isEncryptedBeside ? 'encrypted beside this file' : 'not copied';
  const lines = [
    `# Objects of ${environment}, ${new Date(takenAtMs).toISOString()}. Apply with: kubectl apply --server-side -f <file>`,
    ...(secrets.length > 0 ? [`# Needs these Secrets first (${where}):`] : []),
    ...secrets.map(({ namespace, name, type, keys }) => `#   ${namespace}/${name} (${type}): ${keys.join(', ')}`),
  ];
  return `${lines.join('\n')}\n${objects.map((object) => `---\n${prettyJson(object)}\n`).join('')}`;
}

/** The objects of a bundle. Throws SyntaxError for what is none. */
export function parseBundle(text: string): readonly PlainObject[] {
  return text
    .split(/^---$/m)
    .map((document) => document.replaceAll(/^#.*$/gm, '').trim())
    .filter((document) => document !== '')
    .map((document) => JSON.parse(document) as PlainObject);
}

/** By kind as in `kinds`, then by namespace and name. */
export function inOrder(objects: readonly PlainObject[], kinds: readonly string[]): readonly PlainObject[] {
  const place = ({ kind, metadata }: PlainObject): readonly [number, string] => [
    kinds.indexOf(kind),
    `${metadata.namespace ?? ''}/${metadata.name}`,
  ];
  return [...objects].sort((a, b) => {
    const [[kindA, nameA], [kindB, nameB]] = [place(a), place(b)];
    return kindA - kindB || (nameA < nameB ? -1 : nameA > nameB ? 1 : 0);
  });
}

/** Where two values differ, as paths: `spec.replicas`, `metadata.labels.app`; at most `most`. */
export function differences(wanted: unknown, found: unknown, most = 5, path = ''): readonly string[] {
  if (canonicalJson(wanted ?? null) === canonicalJson(found ?? null)) return [];
  if (!isFields(wanted) || !isFields(found)) return [path === '' ? '(whole object)' : path];
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(found)])].sort();
  return names
    .flatMap((name) => differences(wanted[name], found[name], most, path === '' ? name : `${path}.${name}`))
    .slice(0, most);
}

export function objectName({ kind, metadata }: PlainObject): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
}

function prettyJson(value: unknown): string {
  return JSON.stringify(JSON.parse(canonicalJson(value)), null, 2);
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
