/** From settings to the ledger: a real server by its URL, or a Postgres of our own in the state folder. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../../errors/coded-error.ts';
import { type EmbeddedServer, startEmbeddedPostgres } from '../postgres/embedded-server.ts';
import { resolveSecret, type SecretSources } from '../secrets/resolve-secret.ts';
import { parseSecretReference } from '../secrets/secret-reference.ts';
import type { Ledger } from './port.ts';
import { type OpenLedgerOptions, openLedger } from './postgres/open-ledger.ts';

export interface LedgerSettings {
  readonly ledger: 'on' | 'off';
  /** URL, or a reference to it (`env:`, `file:`, `k8s:`); empty: the server in the state folder. */
  readonly databaseUrl: string;
  readonly stateDir: string;
}

export interface LedgerConnector {
  /** May be called again after a failure: the URL is then resolved anew, and a server of our own that is gone is started. */
  open(options?: OpenLedgerOptions): Promise<Ledger>;
  /** Lets go of our own server, which ends when nobody else uses it. */
  close(): Promise<void>;
}

/** Folder of our own server, and of what waits for the ledger. */
export function ledgerFolder(stateDir: string): string {
  return join(stateDir, 'ledger');
}

export function outboxFolder(stateDir: string): string {
  return join(stateDir, 'ledger-outbox');
}

/** True when nobody has ever kept a ledger of its own in this state folder. */
export function isLedgerUnknown({ databaseUrl, stateDir }: LedgerSettings): boolean {
  return databaseUrl === '' && !existsSync(ledgerFolder(stateDir));
}

export function createLedgerConnector(settings: LedgerSettings, secrets: SecretSources = {}): LedgerConnector {
  const { databaseUrl, stateDir } = settings;
  let server: EmbeddedServer | undefined;

  async function url(): Promise<string> {
    if (databaseUrl !== '') {
      return parseSecretReference(databaseUrl) === undefined ? databaseUrl : resolveSecret(databaseUrl, secrets);
    }
    const before = server;
    server = await startEmbeddedPostgres({ dataDir: ledgerFolder(stateDir) });
    // Only now: the last one to leave would end the server.
    await before?.close();
    return server.url;
  }
  return {
    open: async (options) => openLedger(await url().catch(named), options),
    close: async () => {
      const last = server;
      server = undefined;
      await last?.close();
    },
  };
}

function named(error: unknown): never {
  if (error instanceof CodedError) throw error;
  throw new CodedError('Unavailable', `ledger: ${error instanceof Error ? error.message : String(error)}`);
}
