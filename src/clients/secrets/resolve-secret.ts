/** Fetches what a reference points to. The value lives in the calling activity only: no error carries a part of it. */
import { readFile } from 'node:fs/promises';
import { CodedError } from '../../errors/coded-error.ts';
import type { SecretStore } from '../aws/secret-store-port.ts';
import type { KubernetesClient } from '../kubernetes/port.ts';
import { SECRET_REFERENCE_EXPECTED, parseSecretReference } from './secret-reference.ts';

export interface SecretSources {
  /** Of the process when left out. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The cluster that `k8s:` references are read from. */
  readonly kubernetes?: KubernetesClient;
  /** AWS Secrets Manager, that `aws-sm:` references are read from. */
  readonly awsSecrets?: SecretStore;
}

/** Larger is no secret but a wrong path. */
const LARGEST_BYTES = 64 * 1024;

/**
 * Throws InvalidInput (no reference, or a kind that is not supported), NotFound (nothing there, or empty), Forbidden,
 * and what the cluster's client throws.
 */
export async function resolveSecret(reference: string, sources: SecretSources, signal?: AbortSignal): Promise<string> {
  const parsed = parseSecretReference(reference);
  if (parsed === undefined) {
    // The text is not repeated: someone may have written the secret itself in its place.
    throw new CodedError('InvalidInput', `secret reference: expected ${SECRET_REFERENCE_EXPECTED}, found another text`);
  }
  switch (parsed.kind) {
    case 'env':
      return nonEmpty(reference, (sources.environment ?? process.env)[parsed.name]);
    case 'file':
      return nonEmpty(reference, await readSecretFile(reference, parsed.path));
    case 'k8s':
      return nonEmpty(reference, await readClusterSecret(reference, parsed, sources.kubernetes, signal));
    case 'aws-sm':
      return nonEmpty(reference, await readAwsSecret(reference, parsed, sources.awsSecrets, signal));
  }
}

/** One line break at the end is how editors and mounts write a value; it does not belong to it. */
async function readSecretFile(reference: string, path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EACCES')
      throw new CodedError('Forbidden', `secret ${reference}: expected a readable file, found no right to read it`);
    throw new CodedError(
      'NotFound',
      `secret ${reference}: expected a file, found ${code === 'ENOENT' ? 'none' : String(code)}`,
    );
  }
  if (bytes.length > LARGEST_BYTES) {
    throw new CodedError(
      'InvalidInput',
      `secret ${reference}: expected at most ${LARGEST_BYTES} bytes, found ${bytes.length}`,
    );
  }
  return bytes.toString('utf8').replace(/\r?\n$/, '');
}

async function readClusterSecret(
  reference: string,
  { namespace, name, key }: { readonly namespace: string; readonly name: string; readonly key: string },
  kubernetes: KubernetesClient | undefined,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (kubernetes === undefined) {
    throw new CodedError(
      'InvalidInput',
      `secret ${reference}: expected a cluster to read it from, found none configured`,
    );
  }
  const secret = await kubernetes.get({ kind: 'Secret', namespace, name }, signal);
  if (secret === undefined)
    throw new CodedError('NotFound', `secret ${reference}: expected Secret ${namespace}/${name}, found none`);
  const entries = secret.data ?? {};
  if (!Object.hasOwn(entries, key)) {
    const keys = Object.keys(entries).join(', ') || 'none';
    throw new CodedError(
      'NotFound',
      `secret ${reference}: expected key ${key} in Secret ${namespace}/${name}, found ${keys}`,
    );
  }
  return Buffer.from(entries[key] ?? '', 'base64').toString('utf8');
}

/** One entry of a secret that is a JSON object, as the console and managed passwords write them. */
async function readAwsSecret(
  reference: string,
  { id, key }: { readonly id: string; readonly key: string },
  store: SecretStore | undefined,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (store === undefined) {
    throw new CodedError('InvalidInput', `secret ${reference}: expected AWS to read it from, found none configured`);
  }
  const text = await store.read(id, signal);
  if (text === undefined) throw new CodedError('NotFound', `secret ${reference}: expected secret ${id}, found none`);
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    entries = undefined;
  }
  if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) {
    throw new CodedError('InvalidInput', `secret ${reference}: expected a JSON object with ${key}, found another text`);
  }
  const value = Object.hasOwn(entries, key) ? (entries as Readonly<Record<string, unknown>>)[key] : undefined;
  if (value === undefined) {
    const keys = Object.keys(entries).join(', ') || 'none';
    throw new CodedError('NotFound', `secret ${reference}: expected key ${key} in secret ${id}, found ${keys}`);
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function nonEmpty(reference: string, value: string | undefined): string {
  if (value !== undefined && value !== '') return value;
  throw new CodedError(
    'NotFound',
    `secret ${reference}: expected a value, found ${value === undefined ? 'none' : 'an empty one'}`,
  );
}
