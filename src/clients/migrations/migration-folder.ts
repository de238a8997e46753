/** Migration files as they stand in a directory. Their text stays in the process that reads them. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { folderDigest, readChecksums } from '../../core/migration/plan-migrations.ts';
import type { NamedChecksum } from '../../core/model/migration.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { CodedError } from '../../errors/coded-error.ts';

export interface MigrationText extends NamedChecksum {
  readonly text: string;
}

/** Data belong into no migration: a larger file would hold its locks for too long. */
const LARGEST_BYTES = 1024 * 1024;
const MOST_FILES = 5000;

/**
 * All `*.sql` files of a directory by name; other files and folders are left out.
 * Throws NotFound (no such directory), Forbidden, InvalidInput (a file of more than 1 MiB, more than 5,000 files).
 */
export async function readMigrationFolder(directory: string): Promise<readonly MigrationText[]> {
  const names = await list(directory);
  if (names.length > MOST_FILES) {
    throw new CodedError(
      'InvalidInput',
      `directory ${directory}: expected at most ${MOST_FILES} SQL files, found ${names.length}`,
    );
  }
  const files: MigrationText[] = [];
  for (const name of names) {
    const path = join(directory, name);
    const { size } = await stat(path);
    if (size > LARGEST_BYTES)
      throw new CodedError('InvalidInput', `file ${path}: expected at most ${LARGEST_BYTES} bytes, found ${size}`);
    const bytes = await readFile(path);
    files.push({ name, checksum: createHash('sha256').update(bytes).digest('hex'), text: bytes.toString('utf8') });
  }
  return files;
}

/**
 * The plan with all migration files named by one digest, so that what runs later is what was checked and approved.
 * Throws like `readMigrationFolder`.
 */
export async function withMigrationFiles(plan: DeployPlan): Promise<DeployPlan> {
  const { migrations } = plan;
  if (migrations === undefined) return plan;
  const files = await readMigrationFolder(migrations.directory);
  return { ...plan, migrations: { ...migrations, digest: folderDigest(files), files: files.length } };
}

/** The list of reviewed files, or undefined when there is none. */
export async function readReviewed(directory: string, name: string): Promise<readonly NamedChecksum[] | undefined> {
  const text = await readFile(join(directory, name), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : readChecksums(text);
}

async function list(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory() && entry.name.endsWith('.sql'))
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EACCES')
      throw new CodedError('Forbidden', `directory ${directory}: expected to be readable, found no right to read it`);
    throw new CodedError(
      'NotFound',
      `directory ${directory}: expected a directory of SQL files, found ${code === 'ENOENT' ? 'none' : String(code)}`,
    );
  }
}
