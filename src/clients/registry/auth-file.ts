/** Credentials of registries from a file in the format of Docker's config.json, read anew at each challenge. */
import { readFile } from 'node:fs/promises';
import { CodedError } from '../../errors/coded-error.ts';
import type { RegistryCredentials, RegistryCredentialsOf } from './port.ts';

/**
 * Looks under `auths` for the host. No file, or no entry, is anonymous.
 *
 * @throws CodedError InvalidInput for a file that is not what Docker writes; its content is never in the message
 */
export function createAuthFileCredentials(path: string): RegistryCredentialsOf {
  return async (host) => {
    const text = await textOf(path);
    if (text === undefined) return undefined;
    const entry = entriesOf(path, text)[host];
    return typeof entry === 'object' && entry !== null ? credentialsOf(path, host, entry) : undefined;
  };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw wrong(path, 'a file that can be read', (error as NodeJS.ErrnoException).code ?? 'an error');
  }
}

/** Hosts as Docker writes them: with or without scheme and path. */
function entriesOf(path: string, text: string): Record<string, unknown> {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    throw wrong(path, 'JSON', 'something else');
  }
  const auths = (file as { readonly auths?: unknown } | null)?.auths ?? {};
  if (typeof auths !== 'object' || auths === null) throw wrong(path, 'an object under "auths"', typeof auths);
  const bare = (key: string): string => key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return Object.fromEntries(Object.entries(auths).map(([key, entry]) => [bare(key), entry as unknown]));
}

function credentialsOf(path: string, host: string, entry: object): RegistryCredentials | undefined {
  const { auth, username, password } = entry as Partial<Record<'auth' | 'username' | 'password', unknown>>;
  if (typeof username === 'string' && typeof password === 'string') return { username, password };
  // An entry without a password: it lies with a credential helper, which is not asked.
  if (typeof auth !== 'string' || auth === '') return undefined;
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) throw wrong(path, `auths["${host}"].auth to be base64 of "user:password"`, 'something else');
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function wrong(path: string, expected: string, found: string): CodedError {
  return new CodedError('InvalidInput', `registry credentials ${path}: expected ${expected}, found ${found}`);
}
