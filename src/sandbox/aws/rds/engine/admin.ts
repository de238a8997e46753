/** Connections of the engine itself, as the superuser `rdsadmin`. */
import pg from 'pg';

export interface AdminTarget {
  readonly port: number;
  readonly password: string;
  readonly database?: string;
}

export function adminUrl({ port, password, database = 'postgres' }: AdminTarget): string {
  return `postgres://rdsadmin:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
}

/** One connection for the body; closed at its end. */
export async function asAdmin<T>(
  target: AdminTarget,
  body: (client: pg.Client) => Promise<T>,
  limitMs?: number,
): Promise<T> {
  const client = new pg.Client({
    connectionString: adminUrl(target),
    application_name: 'rdsadmin',
    connectionTimeoutMillis: limitMs ?? 10_000,
    ...(limitMs ? { query_timeout: limitMs } : {}),
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await body(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The only row's only value as text; undefined for NULL or no row. */
export async function one(client: pg.Client, text: string, values: unknown[] = []): Promise<string | undefined> {
  const { rows } = await client.query<Record<string, unknown>>(text, values);
  const value = Object.values(rows[0] ?? {})[0];
  return value === null || value === undefined ? undefined : String(value);
}
