/** Fetches what a reference points to. The value lives in the calling activity only: no error carries a part of it. */
import { readFile } from 'node:fs/promises';
import { CodedError } from '../../errors/coded-error.ts';
import type { KubernetesClient } from '../kubernetes/port.ts';
import { SECRET_REFERENCE_EXPECTED, parseSecretReference } from './secret-reference.ts';

export interface SecretSources {
  /** Of the process when left out. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The cluster that `k8s:` references are read from. */
  readonly kubernetes?: KubernetesClient;
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
      throw new CodedError(
        'InvalidInput',
        `secret ${reference}: expected env:, file: or k8s:, found aws-sm:, which is not yet supported`,
      );
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

function nonEmpty(reference: string, value: string | undefined): string {
  if (value !== undefined && value !== '') return value;
  throw new CodedError(
    'NotFound',
    `secret ${reference}: expected a value, found ${value === undefined ? 'none' : 'an empty one'}`,
  );
}
