import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddedServer, startEmbeddedPostgres } from '../clients/postgres/embedded-server.ts';
import { openDatabasePool } from '../clients/postgres/pool.ts';

export interface SandboxDatabase {
  /** Of database and user `crm`, with the password. */
  readonly url: string;
  close(): Promise<void>;
}

/** Database and user of the example company. */
const NAME = 'crm';

/**
 * A Postgres server with an empty database `crm`. The cluster of a sandbox is new at each start, so its database is too;
 * only the server's folder is kept, which saves a second.
 */
export async function startSandboxDatabase({ stateDir }: { readonly stateDir: string }): Promise<SandboxDatabase> {
  const server = await startEmbeddedPostgres({ dataDir: join(stateDir, 'postgres'), durable: false, endsWithUs: true });
  try {
    return { url: await makeAnew(server), close: () => end(server) };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** A folder outside of the sandbox's own would outlive it unseen. */
async function end(server: EmbeddedServer): Promise<void> {
  await server.close();
  if (server.isElsewhere) await rm(server.home, { recursive: true, force: true });
}

async function makeAnew(server: EmbeddedServer): Promise<string> {
  const url = new URL(server.url);
  const pool = openDatabasePool({ url: server.url, applicationName: 'mainstay sandbox', maxConnections: 1 });
  const run = (text: string) => pool.write({ doing: 'make the database of the example company', text });
  try {
    await run(`DROP DATABASE IF EXISTS ${NAME} WITH (FORCE)`);
    await run(`DROP ROLE IF EXISTS ${NAME}`);
    // The password is letters, digits, - and _.
    await run(`CREATE ROLE ${NAME} LOGIN PASSWORD '${url.password}'`);
    await run(`CREATE DATABASE ${NAME} OWNER ${NAME}`);
  } finally {
    await pool.close();
  }
  url.username = NAME;
  url.pathname = `/${NAME}`;
  return url.href;
}
