/** The end of an operation, written to the release ledger with everything it knows; and who is to be told of it. */
import type { LedgerRecorder } from '../../clients/ledger/recorder.ts';
import type { IncidentDesk, Notifier } from '../../clients/notify/port.ts';
import { incidentOf, noticeOfEnd } from '../../core/ledger/notices.ts';
import type { EndEntry } from '../../core/model/ledger.ts';
import { keyOfContext } from './note-activities.ts';

/** Workflow and run are those of the caller. */
export interface RecordReleaseInput extends Omit<EndEntry, 'kind' | 'key'> {
  /** Ownership is given back with the result first, in the name of this request. */
  readonly release?: { readonly requestId: string };
}

export interface RecordReleaseResult {
  /** `written`; `kept` on the worker's disk, to be written when the ledger answers; `lost`; `off`: there is no ledger. */
  readonly recorded: 'written' | 'kept' | 'lost' | 'off';
}

/** An operation that has ended does not wait longer for its record. */
const WITHIN_MS = 3_000;

export function createRecordRelease(deps: {
  readonly ledger: LedgerRecorder;
  readonly notifier: Notifier;
  readonly incidents: IncidentDesk;
}) {
  return {
    /** Never throws for the ledger's sake; returns within about 3 s. Safe to repeat. */
    async recordRelease({ release: _told, ...input }: RecordReleaseInput): Promise<RecordReleaseResult> {
      const entry: EndEntry = { ...input, kind: 'end', key: keyOfContext() };
      deps.notifier.notify(noticeOfEnd(entry));
      const incident = incidentOf(entry);
      if (incident) deps.incidents.open(incident);
      return { recorded: await deps.ledger.record([entry], WITHIN_MS) };
    },
  };
}
