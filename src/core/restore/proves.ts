import type { CheckKind } from '../model/restore.ts';

/** What a check that passed proves, and no more than that; for reports and docs. */
export const CHECK_PROVES: Readonly<Record<CheckKind, string>> = {
  lineage: 'The copy descends from the database that was backed up: same system identifier, same timeline.',
  isolation: 'Nothing in the copy can reach out: no subscription, no scheduled job ran or can run.',
  settings: 'The copy runs with the settings of the source, but for those of the quarantine.',
  schema:
    'Every relation, column, constraint, index, trigger, policy, function, extension, grant and role is as it was.',
  canary: 'The row that was written just before the backup is in it.',
  freshness: 'The newest data are not older than allowed: the real RPO.',
  counts: 'No table has lost rows beyond what the catalogue allows.',
  digest: 'The rows of closed ranges and of tables that did not change have the values they had, bit for bit.',
  heap: 'The pages of tables and their TOAST are well formed.',
  index:
    'The index is well formed and has an entry for every row; unique ones hold no duplicate where the server can tell.',
  indexValid: 'No index is left invalid or unfinished.',
  foreignKey: 'Every row that points to a parent has one.',
  sequence: 'The next number of the sequence is not taken yet.',
  checksum: 'The server met no page with a wrong checksum while everything was read.',
  collation: 'Texts sort as they did where the indexes were built.',
  rule: 'The rule of the catalogue holds.',
  probe: 'The query answers within its limit.',
  statistics: 'The planner knows the tables as it did, so that queries are not slow after a failover.',
};
