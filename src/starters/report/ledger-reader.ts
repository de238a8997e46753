/** The ledger for a command that only reads. One that is away is no error here: Temporal may still tell. */
import { createKubernetesClients } from '../../clients/kubernetes/http-client.ts';
import { createLedgerConnector, isLedgerUnknown } from '../../clients/ledger/connect.ts';
import type { Ledger } from '../../clients/ledger/port.ts';
import { readSettings } from '../../config/settings.ts';
import { describeProblem } from '../../core/model/problem.ts';
import { isCoded } from '../../errors/coded-error.ts';
import { CommandError } from '../command-error.ts';

export type LedgerReader =
  | ({ readonly reads: true } & Pick<Ledger, 'readRelease' | 'list' | 'readBackup' | 'listBackups' | 'close'>)
  /** `trouble` says why it cannot be read, for a person. */
  | { readonly reads: false; readonly trouble: string; close(): Promise<void> };

/** Throws a CommandError `badInput` for settings that cannot be. */
export async function openLedgerReader(): Promise<LedgerReader> {
  const read = readSettings();
  if ('problems' in read) {
    throw new CommandError('badInput', `settings: ${read.problems.map(describeProblem).join('; ')}`);
  }
  const { settings } = read;
  if (settings.ledger === 'off') return away('MAINSTAY_LEDGER is off');
  if (isLedgerUnknown(settings)) {
    return away('this host keeps no ledger; set MAINSTAY_DATABASE_URL or MAINSTAY_STATE_DIR to those of the worker');
  }
  const connector = createLedgerConnector(settings, { kubernetes: createKubernetesClients()({}) });
  try {
    const ledger = await connector.open({ migrate: false, connections: 1 });
    return {
      reads: true,
      readRelease: (key) => ledger.readRelease(key),
      list: (wish) => ledger.list(wish),
      readBackup: (key) => ledger.readBackup(key),
      listBackups: (wish) => ledger.listBackups(wish),
      close: async () => {
        await ledger.close().catch(() => undefined);
        await connector.close().catch(() => undefined);
      },
    };
  } catch (error) {
    await connector.close().catch(() => undefined);
    if (!isCoded(error)) throw error;
    return away(error.message);
  }
}

function away(trouble: string): LedgerReader {
  return { reads: false, trouble, close: async () => undefined };
}
