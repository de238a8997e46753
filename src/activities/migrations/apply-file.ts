/** Applies one file: in a transaction with its record, or, for CREATE INDEX CONCURRENTLY, so that it can be repeated. */
import {
  forgetMigration,
  holdFence,
  type Migrator,
  recordMigration,
} from '../../clients/migrations/migration-store.ts';
import type { MigrationText } from '../../clients/migrations/migration-folder.ts';
import type { SqlRunner, SqlSession } from '../../clients/postgres/port.ts';
import type { ConcurrentIndex } from '../../core/migration/concurrent-index.ts';
import type { MigrationScript } from '../../core/migration/parse-file.ts';
import type { MigrationsPlan } from '../../core/model/migration.ts';
import { CodedError, isCoded } from '../../errors/coded-error.ts';

export interface FileToApply {
  readonly file: MigrationText;
  readonly script: MigrationScript;
  readonly plan: MigrationsPlan;
  readonly migrator: Migrator;
  /** The file was begun before, outside a transaction, and not seen to end. */
  readonly begun: boolean;
}

/** The server ends a statement of a client that is gone within this time, rolls back, and frees its locks. */
const CONNECTION_CHECK_MS = 2000;
const CLEAN_UP_MS = 3000;

/**
 * Throws what the statement threw, after its transaction was rolled back: InvalidInput, NotFound and PreconditionFailed
 * (the file is wrong), Timeout, Conflict (a lock was not free), Fenced, OutcomeUnknown (the commit may stand: look at the record).
 */
export async function applyFile(session: SqlSession, each: FileToApply, signal: AbortSignal): Promise<void> {
  await resetSession(session, signal);
  const { index } = each.script;
  if (index === undefined) await applyInTransaction(session, each, signal);
  else await applyIndex(session, each, index, signal);
}

/** What one file sets must not reach the next. */
async function resetSession(session: SqlSession, signal: AbortSignal): Promise<void> {
  const doing = 'prepare the session';
  await session.write({ doing, text: 'RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL' }, signal);
  const text = `SELECT set_config(name, '${CONNECTION_CHECK_MS}', false) FROM pg_settings WHERE name = 'client_connection_check_interval'`;
  // Not every platform has it; then an abandoned statement runs to its end before its locks are free.
  await session.write({ doing, text }, signal).catch((error: unknown) => {
    if (!isCoded(error, 'InvalidInput')) throw error;
  });
}

async function applyInTransaction(session: SqlSession, each: FileToApply, signal: AbortSignal): Promise<void> {
  const { file, migrator, plan, script } = each;
  const doing = `apply ${file.name}`;
  const lockMs = script.lockTimeoutMs ?? plan.lockTimeoutMs;
  const statementMs = script.statementTimeoutMs ?? plan.statementTimeoutMs;
  await session.transaction(
    doing,
    async (transaction) => {
      const text = `SET LOCAL lock_timeout = ${lockMs}; SET LOCAL statement_timeout = ${statementMs}`;
      await transaction.write({ doing, text }, signal);
      await holdFence(transaction, migrator, signal);
      await transaction.write({ doing, text: file.text }, signal);
      // The record is ours, whatever role the file took.
      await transaction.write({ doing, text: 'RESET ROLE' }, signal);
      await recordMigration(transaction, migrator, file, true, signal);
    },
    signal,
  );
}

/**
 * A row says that it was begun before it is begun. So an index that stands there later is known to be ours: a valid one
 * is only recorded, an INVALID one (the build failed or was ended) is dropped and built anew.
 */
async function applyIndex(
  session: SqlSession,
  each: FileToApply,
  index: ConcurrentIndex,
  signal: AbortSignal,
): Promise<void> {
  const { file, migrator, plan, script } = each;
  const doing = `apply ${file.name}`;
  // It waits for older transactions while it blocks nobody, so only its own time is bounded.
  const statementMs = script.statementTimeoutMs ?? plan.statementTimeoutMs;
  const times = `SET lock_timeout = ${script.lockTimeoutMs ?? 0}; SET statement_timeout = ${statementMs}`;
  await session.write({ doing, text: times }, signal);
  await holdFence(session, migrator, signal);
  const found = await indexState(session, index, signal);
  if (found !== 'absent' && !each.begun && !(index.mayExist && found === 'valid')) {
    throw new CodedError(
      'PreconditionFailed',
      `${doing}: index ${index.qualifiedName} exists already (${found}), and no migration of ${migrator.service} has begun it: expected none; drop it, or say IF NOT EXISTS when it is the right one`,
    );
  }
  if (each.begun && found === 'valid') return recordMigration(session, migrator, file, true, signal);
  if (found === 'invalid') await dropIndex(session, index, signal);
  await recordMigration(session, migrator, file, false, signal);
  try {
    await session.write({ doing, text: file.text }, signal);
  } catch (error) {
    if (!isCoded(error, 'OutcomeUnknown')) await cleanUp(session, each, index).catch(() => undefined);
    throw error;
  }
  await recordMigration(session, migrator, file, true, signal);
}

/** An INVALID index serves no query and slows every write: it is dropped at once where that can be done. */
async function cleanUp(session: SqlSession, { file, migrator }: FileToApply, index: ConcurrentIndex): Promise<void> {
  const signal = AbortSignal.timeout(CLEAN_UP_MS);
  if ((await indexState(session, index, signal)) === 'invalid') await dropIndex(session, index, signal);
  await forgetMigration(session, migrator.service, file.name);
}

async function indexState(
  runner: SqlRunner,
  { qualifiedName }: ConcurrentIndex,
  signal: AbortSignal,
): Promise<'absent' | 'valid' | 'invalid'> {
  const text = 'SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)';
  const doing = `look at index ${qualifiedName}`;
  const [row] = await runner.read<{ indisvalid: boolean }>({ doing, text, values: [qualifiedName] }, signal);
  return row === undefined ? 'absent' : row.indisvalid ? 'valid' : 'invalid';
}

async function dropIndex(session: SqlSession, { qualifiedName }: ConcurrentIndex, signal: AbortSignal): Promise<void> {
  const doing = `drop the INVALID index ${qualifiedName}`;
  await session.write({ doing, text: `DROP INDEX CONCURRENTLY IF EXISTS ${qualifiedName}` }, signal);
}
