/** What of a folder is to run on a database, or why nothing may. */
import type { MigrationFile, NamedChecksum, RecordedMigration } from '../model/migration.ts';
import { sha256 } from '../model/sha256.ts';

export interface PlannedMigrations {
  /** Expand files that are not applied, in order. */
  readonly pending: readonly MigrationFile[];
  /** Contract files that are not applied: listed, never run here. */
  readonly contract: readonly MigrationFile[];
  /** How many files are applied as they stand. */
  readonly applied: number;
  /** Recorded in the database, and not among the files. */
  readonly missing: readonly string[];
  /** Why nothing may run; empty when it may. */
  readonly problems: readonly string[];
}

/**
 * Holds the files against what the database records.
 *
 * Refused: a file that is unusable, a number that two files have, an applied file that was changed, a new file before an
 * applied one (unless it says `allow out-of-order`), and new files while applied ones are missing: then the folder is
 * older than the database, or somebody removed a file. Missing files alone are told and refuse nothing: what was
 * expanded stays compatible with an older folder.
 */
export function planMigrations(
  files: readonly MigrationFile[],
  recorded: readonly RecordedMigration[],
): PlannedMigrations {
  const byName = new Map(recorded.map((row) => [row.name, row]));
  const names = new Set(files.map(({ name }) => name));
  const isApplied = ({ name }: MigrationFile): boolean => byName.get(name)?.finished === true;
  const open = [...files].filter((file) => !isApplied(file)).sort((a, b) => a.number - b.number);
  const pending = open.filter(({ kind }) => kind === 'expand');
  const missing = recorded.map(({ name }) => name).filter((name) => !names.has(name));
  const last = files
    .filter(isApplied)
    .reduce<MigrationFile | undefined>(
      (high, file) => (file.kind === 'expand' && file.number > (high?.number ?? -1) ? file : high),
      undefined,
    );
  const problems = [
    ...files.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`)),
    ...sameNumbers(files),
    ...files.flatMap((file) => whyNotAsRecorded(file, byName.get(file.name))),
    ...pending.flatMap((file) => whyNotInOrder(file, last)),
    ...(missing.length > 0 && pending.length > 0
      ? [
          `${missing.join(', ')}: recorded as applied, but not among the files, while ${pending.map(({ name }) => name).join(', ')} would be new: is the folder older than the database?`,
        ]
      : []),
  ];
  return {
    pending,
    contract: open.filter(({ kind }) => kind === 'contract'),
    applied: files.filter(isApplied).length,
    missing,
    problems,
  };
}

function sameNumbers(files: readonly MigrationFile[]): readonly string[] {
  return files.flatMap((file, index) => {
    const first = files.findIndex((other) => other.number === file.number);
    if (first === index || file.faults.length > 0) return [];
    return [`${file.name}: expected a number of its own, found that of ${files[first]?.name}`];
  });
}

function whyNotAsRecorded(file: MigrationFile, row: RecordedMigration | undefined): readonly string[] {
  if (row === undefined || row.checksum === file.checksum) return [];
  const was = row.finished ? 'applied' : 'begun outside a transaction and not seen to end';
  const then = row.finished
    ? 'put the file back as it was, and write what is new into a new file'
    : 'put the file back as it was, so that it can be finished';
  return [
    `${file.name}: changed after it was ${was}: expected sha256 ${row.checksum}, found ${file.checksum}: ${then}`,
  ];
}

function whyNotInOrder(file: MigrationFile, last: MigrationFile | undefined): readonly string[] {
  if (last === undefined || file.number > last.number || file.outOfOrder !== undefined) return [];
  return [
    `${file.name}: expected a number above that of ${last.name}, which is applied: give it the next number, or say in the file "-- mainstay: allow out-of-order: why"`,
  ];
}

/** One digest for all files: over their names and checksums in order. */
export function folderDigest(files: readonly NamedChecksum[]): string {
  const lines = files.map(({ name, checksum }) => `${checksum}  ${name}`).sort();
  return sha256(lines.join('\n'));
}

/** The lines of a file as `sha256sum` writes it; other lines are left out. */
export function readChecksums(text: string): readonly NamedChecksum[] {
  return [...text.matchAll(/^([0-9a-f]{64}) [ *](?:\.\/)?(\S+)$/gm)].map(([, checksum = '', name = '']) => ({
    name,
    checksum,
  }));
}
