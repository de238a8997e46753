/** The database of the release ledger, when one is set. */
import { Client } from 'pg';
import { type Check, failed, notChecked, ok } from '../../core/doctor/check.ts';

const CONNECT_MS = 5_000;

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
