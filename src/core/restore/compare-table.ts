/**
 * A table of the copy against the manifest.
 *
 * Closed rows (by declaration, or because nobody wrote to the table while it was backed up) must be equal. Of open ones a physical copy says more than a count: a row whose `xmin` is
 * older than the manifest's transaction was committed before the manifest and is therefore one of the manifest's rows,
 * because nothing makes a row visible again. So
 * - more old rows than the manifest had: rows came from nowhere, FAIL;
 * - as many: they are the same rows, and another digest is FAIL;
 * - fewer: some were updated, deleted or lost; nobody can tell which without the declared range: UNPROVEN, by name.
 */
import type { TableDigest } from '../model/restore.ts';
import { type Finding, countInWords, finding, rowsInWords } from './finding.ts';

/** Rows and the sum of their hashes. */
export interface Measured {
  readonly rows: number;
  readonly digest: string;
}

/** What was seen in the copy, with the manifest's range and sample. */
export interface TableSeen {
  /** Of the whole table. */
  readonly rows: number;
  /** Of the range or sample, else of everything. */
  readonly hashed: Measured;
  /** Of everything, where there is a range and no sample. */
  readonly whole?: Measured;
  /** Of the rows older than the manifest, in what `openPart` is about; asked for when that differs. */
  readonly old?: Measured;
}

export interface TableContext {
  readonly physical: boolean;
  /** No transaction ran between the manifest and the backup. */
  readonly quiet: boolean;
  /** Rows that an open table may have lost; undefined: nobody said. */
  readonly allowedLoss?: number;
  /** False where digests of the two servers' majors were never compared. */
  readonly comparable: boolean;
}

export interface TableFindings {
  readonly counts: Finding;
  readonly digest: Finding;
}

/** What the rule for open ranges is about: the table, its sample, or nothing when every row is closed. */
export function openPart(
  expected: TableDigest,
  seen: TableSeen,
): { readonly expected: Measured; readonly seen: Measured } | undefined {
  if (expected.digest === null) return undefined;
  if (expected.closed && expected.where === undefined) return undefined;
  if (!expected.closed || expected.where === undefined) {
    return { expected: { rows: expected.rangeRows ?? expected.rows, digest: expected.digest }, seen: seen.hashed };
  }
  if (expected.wholeDigest === undefined || seen.whole === undefined) return undefined;
  return { expected: { rows: expected.rows, digest: expected.wholeDigest }, seen: seen.whole };
}

/** True when the old rows must be measured before anything can be said. */
export function needsOldRows(expected: TableDigest, seen: TableSeen, context: TableContext): boolean {
  const part = openPart(expected, seen);
  return context.physical && !context.quiet && part !== undefined && !isEqual(part.expected, part.seen);
}

export function compareTable(expected: TableDigest, seen: TableSeen, context: TableContext): TableFindings {
  if (expected.digest === null) {
    const open = finding('couldNotVerify', `the manifest has no digest: ${expected.note ?? 'it does not say why'}`);
    return { counts: open, digest: open };
  }
  return { counts: compareCounts(expected, seen, context), digest: compareDigests(expected, seen, context) };
}

function compareCounts(expected: TableDigest, seen: TableSeen, context: TableContext): Finding {
  const said = `the manifest has ${rowsInWords(expected.rows)}, the copy ${countInWords(seen.rows)}`;
  const inRange = expected.rangeRows ?? expected.rows;
  if (expected.closed && inRange !== seen.hashed.rows) {
    const where = whereInWords(expected);
    const range =
      where === ''
        ? said
        : `the manifest has ${rowsInWords(inRange)}${where}, the copy ${countInWords(seen.hashed.rows)}`;
    return finding('fail', `${range}: ${whyClosed(expected)}`);
  }
  if (expected.rows === seen.rows) return finding('pass', `${rowsInWords(seen.rows)}, as in the manifest`);
  if (context.physical && context.quiet) return finding('fail', `${said}, and nothing ran in between`);
  const lost = expected.rows - seen.rows;
  if (lost < 0) {
    return seen.old && isFromNowhere(expected, seen)
      ? finding('fail', `${said}: more old rows than there were`)
      : finding('pass', `${rowsInWords(seen.rows)}, ${countInWords(-lost)} more than in the manifest`);
  }
  return judgeLoss(lost, said, context.allowedLoss);
}

function judgeLoss(lost: number, said: string, allowed: number | undefined): Finding {
  if (allowed === undefined) {
    return finding('unproven', `${said}: ${rowsInWords(lost)} deleted or lost since, and no allowance is declared`);
  }
  const limit = `${rowsInWords(allowed)} may be missing`;
  return lost > allowed
    ? finding('fail', `${said}: ${rowsInWords(lost)} missing where ${limit}`)
    : finding('pass', `${said}: ${rowsInWords(lost)} missing where ${limit}`);
}

function compareDigests(expected: TableDigest, seen: TableSeen, context: TableContext): Finding {
  const sample =
    expected.sampled < 1 ? `, in a sample of ${Number((expected.sampled * 100).toPrecision(3))} % of the pages` : '';
  if (expected.closed && expected.digest !== seen.hashed.digest) {
    if (expected.sampled < 1 && !context.physical)
      return finding('unproven', 'the pages of the sample are others in a copy that was loaded');
    return incomparable(context) ?? closedDiffers(expected, seen, sample);
  }
  const part = openPart(expected, seen);
  if (!part) {
    const closed = `${rowsInWords(seen.hashed.rows)}${whereInWords(expected)} have the manifest's values${sample}`;
    return expected.where !== undefined && seen.whole === undefined
      ? finding('unproven', `${closed}; rows outside that range are not compared`)
      : finding('pass', closed);
  }
  return compareOpen(part.expected, part.seen, seen.old, context, sample);
}

function whyClosed({ unchanged }: TableDigest): string {
  return unchanged ? 'nobody wrote to it while the backup was taken' : 'these rows never change';
}

function closedDiffers(expected: TableDigest, seen: TableSeen, sample: string): Finding {
  const what = `rows${whereInWords(expected)}${sample}`;
  return (expected.rangeRows ?? expected.rows) === seen.hashed.rows
    ? finding('fail', `as many ${what} as in the manifest, but with other values`)
    : finding('fail', `other ${what} than in the manifest`);
}

function compareOpen(
  expected: Measured,
  seen: Measured,
  old: Measured | undefined,
  context: TableContext,
  sample: string,
): Finding {
  if (isEqual(expected, seen)) return finding('pass', `${rowsInWords(seen.rows)} have the manifest's values${sample}`);
  const no = incomparable(context);
  if (no) return no;
  if (!context.physical || (!context.quiet && old === undefined)) {
    return finding('unproven', `not the manifest's values${sample}: changed since, or damaged`);
  }
  if (context.quiet || old === undefined) {
    return finding('fail', `not the manifest's values${sample}, and nothing ran in between`);
  }
  if (old.rows > expected.rows) {
    const more = `${countInWords(old.rows)} rows older than the manifest where it had ${countInWords(expected.rows)}`;
    return finding('fail', `${more}${sample}: rows came from nowhere`);
  }
  const newer = seen.rows - old.rows;
  if (old.rows === expected.rows) {
    return old.digest === expected.digest
      ? finding(
          'pass',
          `all ${rowsInWords(old.rows)} of the manifest have its values${sample}, ${countInWords(newer)} are newer`,
        )
      : finding('fail', `the same ${rowsInWords(old.rows)} as in the manifest, but with other values${sample}`);
  }
  const gone = expected.rows - old.rows;
  return finding(
    'unproven',
    `${rowsInWords(gone)} of the manifest updated, deleted or lost${sample}, ${rowsInWords(newer)} newer: declare a closed range to prove the rest`,
  );
}

function incomparable({ comparable }: TableContext): Finding | undefined {
  if (comparable) return undefined;
  return finding('couldNotVerify', 'another digest, but by a server of another major version: hashes may differ');
}

function isFromNowhere(expected: TableDigest, seen: TableSeen): boolean {
  const part = openPart(expected, seen);
  return part !== undefined && seen.old !== undefined && seen.old.rows > part.expected.rows;
}

function isEqual(one: Measured, other: Measured): boolean {
  return one.rows === other.rows && one.digest === other.digest;
}

function whereInWords({ where }: TableDigest): string {
  return where === undefined ? '' : ` where ${where}`;
}
