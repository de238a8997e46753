/** The worker's ledger: reached in the background, so that a worker starts and works without it. */
import { createKubernetesClients } from '../clients/kubernetes/http-client.ts';
import { createLedgerConnector, outboxFolder } from '../clients/ledger/connect.ts';
import { openOutbox } from '../clients/ledger/outbox.ts';
import { createLedgerRecorder, type LedgerRecorder, NO_LEDGER } from '../clients/ledger/recorder.ts';
import type { Settings } from '../config/settings.ts';

export interface KeptLedger {
  readonly recorder: LedgerRecorder;
  /** Keeps what is under way and lets go of a server of our own. Takes about a second at most. */
  close(): Promise<void>;
}

/** A server of our own that does not end is left to the next worker. */
const CLOSE_LIMIT_MS = 500;

/** @param retryMs time between two tries to reach a ledger that is away; 5 s when left out */
export function keepLedger(settings: Settings, say: (line: string) => void, retryMs?: number): KeptLedger {
  if (settings.ledger === 'off') return { recorder: NO_LEDGER, close: async () => undefined };
  const connector = createLedgerConnector(settings, { kubernetes: createKubernetesClients()({}) });
  const recorder = createLedgerRecorder({
    open: () => connector.open(),
    outbox: openOutbox(outboxFolder(settings.stateDir)),
    say: (line) => say(`ledger: ${line}`),
    ...(retryMs !== undefined && { retryMs }),
  });
  return {
    recorder,
    close: async () => {
      await recorder.close();
      await Promise.race([connector.close().catch(() => undefined), expired(CLOSE_LIMIT_MS)]);
    },
  };
}

function expired(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
