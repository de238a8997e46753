/** The database that a command is about: a URL, or better a reference to where one is kept. */
import { looksLikeSecretReference } from '../../core/model/secret-reference.ts';
import { resolveSecret } from '../../clients/secrets/resolve-secret.ts';
import { isCoded } from '../../errors/coded-error.ts';
import { CommandError } from '../command-error.ts';

const EXPECTED = 'env:NAME, file:/PATH or postgres://user@host:port/database';

/** The URL, and a warning to be shown when it holds a password that others could read. */
export async function connectionUrl(text: string): Promise<{ readonly url: string; readonly warning?: string }> {
  const url = looksLikeSecretReference(text) ? await resolved(text) : text;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^postgres(?:ql)?:$/.test(parsed.protocol)) {
    // What was found is not repeated: it may be the secret.
    throw new CommandError('usage', `connection: expected ${EXPECTED}, found another text`);
  }
  if (url !== text || parsed.password === '') return { url };
  const warning =
    'the password stands in the list of processes and in the history of the shell: better env:NAME or file:/PATH';
  return { url, warning };
}

async function resolved(reference: string): Promise<string> {
  try {
    return await resolveSecret(reference, {});
  } catch (error) {
    if (!isCoded(error)) throw error;
    throw new CommandError('usage', error.message, [`a connection is ${EXPECTED}`]);
  }
}
