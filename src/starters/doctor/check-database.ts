/** The database of the release ledger, as the settings say: none, a server of our own, or one by URL or reference. */
import { Client } from 'pg';
import { isLedgerUnknown, ledgerFolder } from '../../clients/ledger/connect.ts';
import { resolveSecret } from '../../clients/secrets/resolve-secret.ts';
import { parseSecretReference } from '../../clients/secrets/secret-reference.ts';
import { readSettings } from '../../config/settings.ts';
import { type Check, failed, notChecked, ok } from '../../core/doctor/check.ts';

const CONNECT_MS = 5_000;

export async function checkLedger(probe?: DatabaseProbe): Promise<Check> {
  const id = 'database';
  const read = readSettings();
  // What is wrong with a setting is told without its value.
  if ('problems' in read) {
    const problem = read.problems.find(({ path }) => path === 'MAINSTAY_DATABASE_URL');
    return problem
      ? failed(id, `MAINSTAY_DATABASE_URL: expected ${problem.expected}`)
      : notChecked(id, 'other settings are wrong, see docs/reference/settings.generated.md');
  }
  const { settings } = read;
  if (settings.ledger === 'off') return ok(id, 'MAINSTAY_LEDGER is off: no ledger is kept');
  if (settings.databaseUrl === '') {
    const folder = ledgerFolder(settings.stateDir);
    const made = isLedgerUnknown(settings) ? 'the first worker makes it' : 'workers of this host share it';
    return ok(id, `MAINSTAY_DATABASE_URL is not set: a server of our own in ${folder}, ${made}`);
  }
  if (parseSecretReference(settings.databaseUrl) === undefined) return checkDatabase(settings.databaseUrl, probe);
  try {
    return await checkDatabase(await resolveSecret(settings.databaseUrl, {}), probe);
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    if (settings.databaseUrl.startsWith('k8s:'))
      return notChecked(id, `${settings.databaseUrl} is read by the worker, in its cluster`);
    return failed(id, says, 'mend MAINSTAY_DATABASE_URL; a ledger that is away blocks no deployment and no undo');
  }
}

/** Connects and asks; answers the server's version. Whoever keeps a ledger elsewhere gives another one. */
export type DatabaseProbe = (url: string) => Promise<string>;

export async function checkDatabase(url: string | undefined, probe: DatabaseProbe = probePostgres): Promise<Check> {
  const id = 'database';
  if (!url) return ok(id, 'MAINSTAY_DATABASE_URL is not set here: no database to check');
  const where = placeOf(url);
  if (where === undefined) {
    return failed(id, 'MAINSTAY_DATABASE_URL: expected postgres://USER@HOST:PORT/NAME, found another text');
  }
  try {
    return ok(id, `${await probe(url)} at ${where}`);
  } catch (error) {
    const says = `${where}: ${withoutSecret(error instanceof Error ? error.message : String(error), url)}`;
    const todo = 'a ledger that is away blocks no deployment and no undo; start it, or mend MAINSTAY_DATABASE_URL';
    return isLate(error) ? notChecked(id, says, todo) : failed(id, says, todo);
  }
}

/** `host:port/name`, never user or password. */
function placeOf(url: string): string | undefined {
  try {
    const { protocol, host, pathname } = new URL(url);
    return protocol === 'postgres:' || protocol === 'postgresql:' ? `${host}${pathname}` : undefined;
  } catch {
    return undefined;
  }
}

function withoutSecret(text: string, url: string): string {
  const { password } = new URL(url);
  const plain = decodeURIComponent(password);
  return [url, password, plain].filter(Boolean).reduce((left, secret) => left.replaceAll(secret, '***'), text);
}

function isLate(error: unknown): boolean {
  return error instanceof Error && /timeout/i.test(error.message);
}

async function probePostgres(url: string): Promise<string> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS, query_timeout: CONNECT_MS });
  // A connection that breaks after the answer is no news.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return `Postgres ${rows[0]?.server_version ?? 'of an unknown version'}`;
  } finally {
    await client.end().catch(() => undefined);
  }
}
