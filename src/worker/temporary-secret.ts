/** The key that passwords of temporary database instances are made from: a reference, or a file of our own. */
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resolveSecret, type SecretSources } from '../clients/secrets/resolve-secret.ts';
import type { Settings } from '../config/settings.ts';
import { CodedError } from '../errors/coded-error.ts';

const FILE = 'temporary-secret';
const SHORTEST = 16;

/**
 * Read when it is first needed, then kept. Without a reference it is made once and stands in the state directory:
 * workers of other hosts have another one, so with several hosts a reference is needed.
 */
export function temporarySecretOf(
  { temporarySecret, stateDir }: Pick<Settings, 'temporarySecret' | 'stateDir'>,
  sources: SecretSources,
): () => Promise<string> {
  let reading: Promise<string> | undefined;
  const read = async (): Promise<string> => {
    const secret = temporarySecret === '' ? await ownSecret(stateDir) : await resolveSecret(temporarySecret, sources);
    if (secret.length >= SHORTEST) return secret;
    const from = temporarySecret === '' ? join(stateDir, FILE) : temporarySecret;
    throw new CodedError(
      'InvalidInput',
      `secret ${from}: expected at least ${SHORTEST} characters, found ${secret.length}`,
    );
  };
  return async () => {
    reading ??= read();
    try {
      return await reading;
    } catch (error) {
      // What was away may be there at the next question.
      reading = undefined;
      throw error;
    }
  };
}

/** Two workers that start at once agree: whoever comes second reads the first one's. */
async function ownSecret(stateDir: string): Promise<string> {
  const path = join(stateDir, FILE);
  const found = await textOf(path);
  if (found !== undefined) return found;
  await mkdir(stateDir, { recursive: true });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return (await textOf(path)) ?? '';
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
