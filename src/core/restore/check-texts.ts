/** What each kind of check proves, and what it does not: in reports, on the command line and in the documents. */
import type { CheckKind } from '../model/restore.ts';

export interface CheckText {
  readonly proves: string;
  readonly notProves: string;
}

export const CHECK_TEXTS: Readonly<Record<CheckKind, CheckText>> = {
  lineage: {
    proves: 'It is a copy of that database, taken after the manifest: system identifier, timeline, transaction id.',
    notProves: 'That its contents are whole.',
  },
  isolation: {
    proves: 'Nothing in the copy reaches out: no subscription enabled or working, no scheduled job started.',
    notProves: 'What the network lets through: that is the security group.',
  },
  settings: {
    proves: "The parameters are the source's, but for those that the quarantine changes on purpose.",
    notProves: 'Parameters that depend on the size of the machine are not compared.',
  },
  schema: {
    proves:
      'Every table, column, constraint, index, trigger, policy, function, extension, grant, role and collation is as it was, by name.',
    notProves: 'Provider roles, and what depends on passwords.',
  },
  canary: {
    proves: 'The row that was written just before the backup is in the copy.',
    notProves: 'Anything of other rows.',
  },
  freshness: {
    proves: 'The newest data are within the RPO: what would be lost if this copy became the database.',
    notProves: 'That older data are whole.',
  },
  counts: {
    proves: 'As many rows as when the backup was made: lost rows, truncated and zeroed pages.',
    notProves: 'Their values. In open tables rows may have been deleted since.',
  },
  digest: {
    proves: 'The same rows with the same values, TOAST included: every change of a byte that a query can see.',
    notProves: 'Rows of open tables that were updated since the manifest; pages left out of a sample.',
  },
  heap: {
    proves: 'Tuple headers, line pointers and TOAST pointers are sound (amcheck verify_heapam).',
    notProves: 'Values; a page that is zeroed whole.',
  },
  index: {
    proves: 'The order of each btree, and that every row of the table is in it (amcheck); GIN from version 18.',
    notProves: 'GiST, SP-GiST, BRIN and hash indexes have no checker: a sample of keys is looked up through them.',
  },
  indexValid: {
    proves: 'No index is left invalid, as by a CREATE INDEX CONCURRENTLY that failed.',
    notProves: 'Their contents.',
  },
  foreignKey: {
    proves: 'Every row that refers to another finds it, read without any index.',
    notProves: 'Constraints that the source never validated.',
  },
  sequence: {
    proves: 'No sequence is behind the column it fills: the next insert gets a new key.',
    notProves: 'Sequences that belong to no column.',
  },
  checksum: {
    proves: 'No page that was read had a wrong checksum.',
    notProves: 'Anything where checksums are off; pages written zeroed.',
  },
  collation: {
    proves: 'Texts are sorted by the library version that the indexes were built with.',
    notProves: 'Collations without a version, such as C.',
  },
  statistics: {
    proves: 'The planner still has the statistics it had: queries keep their plans.',
    notProves: 'That the statistics are current.',
  },
  rule: {
    proves: "What the team's own rules and the list of critical tables say.",
    notProves: 'Whatever nobody wrote a rule for.',
  },
  probe: {
    proves: 'Named queries answer within their time, first cold, then warm.',
    notProves: 'How the production machine would behave: this one may be smaller.',
  },
};
