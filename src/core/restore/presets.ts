/** What is asked of a copy where the team wrote nothing of its own: the tables it calls critical answer, and in time. */
import type { VerificationPlan } from '../model/database.ts';

const PRESET_WITHIN_MS = 1_000;
const ROWS = 100;

/**
 * A probe for each critical table: its first 100 rows within a second, warm. That critical tables are not empty and
 * that references find their rows is checked without being asked for.
 */
export function presetProbes(
  criticalTables: readonly string[],
  withinMs: number = PRESET_WITHIN_MS,
): VerificationPlan['probes'] {
  return criticalTables.map((table) => ({
    name: `first rows of ${table}`,
    sql: `select * from ${table} limit ${ROWS}`,
    withinMs,
  }));
}
