/** Text 6: what was undone. */
import type { DeployState } from '../model/deploy-state.ts';
import type { RestoredObject } from '../model/operation.ts';
import { paragraph } from './words.ts';

/** The account of the undo, object by object; says so when there was nothing to undo. */
export function whatWasUndone(state: DeployState): string {
  return paragraph(objectsUndone(state), migrationsThatStay(state));
}

/** Expand files are not taken back: the version before runs with them. */
function migrationsThatStay(state: DeployState): string {
  const applied = state.migrations?.applied ?? [];
  const outcome = state.result?.outcome;
  const isUndo = state.phase === 'undoing' || (outcome !== undefined && !['promoted', 'unchanged'].includes(outcome));
  if (!isUndo || applied.length === 0) return '';
  return `NOT taken back: ${applied.map(({ name }) => name).join(', ')} in the database, with which the version before runs too`;
}

function objectsUndone(state: DeployState): string {
  const restored = state.result?.restored ?? state.restored;
  if (restored.length > 0) return accountInWords(restored);
  switch (state.phase) {
    case 'preparing':
    case 'building':
    case 'awaitingStart':
    case 'queued':
      return 'Nothing: it has changed nothing yet.';
    case 'claiming':
    case 'migrating':
    case 'canary':
    case 'awaitingApproval':
    case 'promoting':
    case 'baking':
      return 'Nothing: no undo was needed so far.';
    case 'undoing':
      return 'The undo has begun; no object is confirmed yet.';
    case 'ended':
      return endedWithout(state);
  }
}

function endedWithout(state: DeployState): string {
  switch (state.result?.outcome) {
    case undefined:
      return 'Unknown: it ended without a result. The ownership of the service tells whether a restore runs.';
    case 'promoted':
      return 'Nothing: no undo was needed.';
    case 'superseded':
      return 'Nothing by this operation: the duty to restore went to the one that took over.';
    case 'unchanged':
    case 'rolledBack':
    case 'rejected':
    case 'aborted':
    case 'planned':
      return 'Nothing: it had changed nothing.';
  }
}

/** `3 of 3 confirmed as found before. Deployment crm/crm-api, image: v1 (set back) ...` */
export function accountInWords(restored: readonly RestoredObject[]): string {
  const missing = restored.filter(({ restored: done }) => !done);
  const head = `${restored.length - missing.length} of ${restored.length} confirmed as found before`;
  return paragraph(
    head,
    missing.length > 0 ? `NOT restored: ${missing.map(objectInWords).join('; ')}` : '',
    restored
      .filter(({ restored: done }) => done)
      .map(objectInWords)
      .join('; '),
  );
}

/** `HTTPRoute crm/crm-api, weights: 100/0 (set back)` */
export function objectInWords(entry: RestoredObject): string {
  const note = entry.note === undefined ? '' : `; ${entry.note}`;
  if (!entry.restored) return `${entry.object}, ${entry.field}: wanted ${entry.wanted}, found ${entry.observed}${note}`;
  return `${entry.object}, ${entry.field}: ${entry.observed} (${entry.changed ? 'set back' : 'was so already'}${note})`;
}
