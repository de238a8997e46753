/**
 * A manifest is taken just before its snapshot, and again just after. A table that was the same both times, and to which
 * the server counted no write in between, was the same in the snapshot: its rows are closed, and the copy must have every
 * one of them. Without the count a row that was written and taken back within that time (a lock, a queue) would be
 * expected where it must not be.
 */
import type { Manifest, TableDigest } from '../model/restore.ts';

export interface ConfirmedManifest {
  readonly manifest: Manifest;
  /** Tables whose rows are closed now, and those that stay open. */
  readonly closed: number;
  readonly open: number;
  /** Why no table could be closed. */
  readonly whyNot?: string;
}

export function confirmManifest(before: Manifest, after: Manifest): ConfirmedManifest {
  const whyNot = whyNotTheSame(before, after);
  const later = new Map(after.tables.map((table) => [keyOf(table), table]));
  const tables = before.tables.map((table) => {
    const seen = whyNot === undefined ? later.get(keyOf(table)) : undefined;
    return seen && isUnchanged(table, seen) ? closedWhole(table) : table;
  });
  const open = tables.filter((table) => !table.closed || table.where !== undefined).length;
  const manifest = { ...before, tables };
  return { manifest, closed: tables.length - open, open, ...(whyNot === undefined ? {} : { whyNot }) };
}

function whyNotTheSame(before: Manifest, after: Manifest): string | undefined {
  if (before.systemIdentifier !== after.systemIdentifier || before.timelineId !== after.timelineId) {
    return 'the database was failed over or replaced while the backup was taken';
  }
  if (before.algorithm !== after.algorithm) return 'the digests were made in another way';
  return before.schemaHash === after.schemaHash ? undefined : 'the schema was changed while the backup was taken';
}

function isUnchanged(before: TableDigest, after: TableDigest): boolean {
  return (
    before.digest !== null &&
    before.writes !== undefined &&
    before.writes === after.writes &&
    before.rows === after.rows &&
    before.digest === after.digest &&
    before.sampled === after.sampled &&
    before.where === after.where &&
    before.rangeRows === after.rangeRows &&
    before.wholeDigest === after.wholeDigest
  );
}

/** With a declared range every row outside of it is closed too, where the whole was hashed as well. */
function closedWhole(table: TableDigest): TableDigest {
  const { where, rangeRows, wholeDigest, ...rest } = table;
  if (where === undefined) return { ...table, closed: true, unchanged: true };
  if (wholeDigest === undefined) return table;
  return { ...rest, digest: wholeDigest, closed: true, unchanged: true };
}

function keyOf({ schema, table }: TableDigest): string {
  return JSON.stringify([schema, table]);
}
