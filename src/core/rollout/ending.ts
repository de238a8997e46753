/** How an operation ends, before the undo and the report are added. */
import type { Outcome, ReasonCode } from '../model/operation.ts';

export interface Ending {
  readonly outcome: Outcome;
  readonly reasonCode: ReasonCode;
  readonly reason: string;
  /** The server asked the workflow to cancel: it is reported, undone, and then ends as cancelled. */
  readonly cancelled?: boolean;
}

/** A person, ownership or the server ended the way forward. */
export type Stop =
  | { readonly kind: 'abort'; readonly by: string; readonly reason: string }
  | { readonly kind: 'reject'; readonly by: string; readonly reason: string }
  | { readonly kind: 'replaced'; readonly by: string; readonly requestedBy: string; readonly reason: string }
  | { readonly kind: 'lost'; readonly by: string; readonly term: number; readonly reason: string };

export function endingOfStop(stop: Stop): Ending {
  switch (stop.kind) {
    case 'abort':
      return { outcome: 'aborted', reasonCode: 'Aborted', reason: `aborted by ${stop.by}: ${stop.reason}` };
    case 'reject':
      return { outcome: 'rejected', reasonCode: 'ApprovalRejected', reason: `rejected by ${stop.by}: ${stop.reason}` };
    case 'replaced':
      return {
        outcome: 'superseded',
        reasonCode: 'Replaced',
        reason: `replaced by ${stop.by}, asked by ${stop.requestedBy}${stop.reason ? `: ${stop.reason}` : ''}`,
      };
    case 'lost':
      return {
        outcome: 'superseded',
        reasonCode: 'Preempted',
        reason: `pre-empted by ${stop.by} with term ${stop.term}${stop.reason ? `: ${stop.reason}` : ''}; it has taken over the duty to restore`,
      };
  }
}

/** True when what was changed must be brought back. A pre-empted operation touches nothing more: its record was handed over. */
export function mustUndo(ending: Ending): boolean {
  switch (ending.outcome) {
    case 'rolledBack':
    case 'rejected':
    case 'aborted':
      return true;
    case 'superseded':
      return ending.reasonCode === 'Replaced';
    case 'promoted':
    case 'unchanged':
    case 'planned':
      return false;
  }
}
