/** What one look says, before it is put into a report with its kind, object and duration. */
import type { CheckKind, CheckResult, CheckState } from '../model/restore.ts';

export interface Finding {
  readonly state: CheckState;
  readonly says: string;
}

export const finding = (state: CheckState, says: string): Finding => ({ state, says });

export function resultOf(kind: CheckKind, object: string, { state, says }: Finding, ms: number): CheckResult {
  return { kind, object, state, says, ms };
}

/** `1,204 rows`, `1 row`. */
export function rowsInWords(rows: number): string {
  return `${countInWords(rows)} ${rows === 1 ? 'row' : 'rows'}`;
}

/** `countInWords(1204)` -> `1,204`. */
export function countInWords(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}
