/** Where people are told. For now both are rows of the ledger; channels and incident response come behind these ports. */
import type { Incident, Notification } from '../../core/model/notice.ts';

/** Each call returns at once and throws nothing; a notice with a known dedupe key is the same notice. */
export interface Notifier {
  notify(notification: Notification): void;
}

export interface IncidentDesk {
  open(incident: Incident): void;
}
