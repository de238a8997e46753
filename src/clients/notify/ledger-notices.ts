import type { LedgerRecorder } from '../ledger/recorder.ts';
import type { IncidentDesk, Notifier } from './port.ts';

/** Notifications as rows of `mainstay.notification`. */
export function createLedgerNotifier(ledger: LedgerRecorder): Notifier {
  return { notify: (notification) => ledger.note({ kind: 'notification', ...notification }) };
}

/** Incidents as rows of `mainstay.incident`. */
export function createLedgerIncidents(ledger: LedgerRecorder): IncidentDesk {
  return { open: (incident) => ledger.note({ kind: 'incident', ...incident }) };
}
