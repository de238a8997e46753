/** A healthy database of some shape, somebody who writes to it, and what a verification may say of it. */
import type { CheckKind, CheckState, ClosedRange } from '../../../src/core/model/restore.ts';

export interface Animal {
  /** Name of the database. */
  readonly name: string;
  readonly sql: (major: number) => readonly string[];
  /** What never changes, also while the writer writes. */
  readonly closed: readonly ClosedRange[];
  /** Run over and over while manifest and backup are made. `$n` in it is the number of the round. */
  readonly writer: readonly string[];
  /** Said of a copy of a quiet source, and of no other object: `warn` for explicit ids ahead of their sequence. */
  readonly notes: readonly { readonly kind: CheckKind; readonly state: CheckState; readonly names: string }[];
  /** What the verdict must name as not proven. */
  readonly notProven: readonly string[];
  /** The same, on some versions only. */
  readonly alsoNotProven?: readonly string[];
}

export const closed = (table: string, where?: string): ClosedRange => {
  const [schema = '', name = ''] = table.includes('.') ? table.split('.') : ['public', table];
  return where === undefined ? { schema, table: name } : { schema, table: name, where };
};
