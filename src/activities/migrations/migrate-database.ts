/**
 * Applies the expand files of a service, in order, under the database's advisory lock. How it bears interruption:
 * - reply lost (also that of a COMMIT): a new session looks at the record first, and goes on behind what is recorded;
 * - worker dies in the middle: the server rolls the open file back and frees the lock; the next attempt finds the record;
 * - runs twice, at the same time or later: the lock lets one through, the other finds everything applied;
 * - cancelled: the running statement is cancelled in the server, its file rolled back; applied ones stay and are told;
 * - someone else migrates: the lock is waited for, then its holder is named.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { KubernetesClients } from '../../clients/kubernetes/port.ts';
import { type MigrationText, readMigrationFolder } from '../../clients/migrations/migration-folder.ts';
import {
  blockersOf,
  lockHolder,
  type Migrator,
  prepareStore,
  readRecorded,
  stampFence,
  tryLock,
} from '../../clients/migrations/migration-store.ts';
import { openDatabasePool } from '../../clients/postgres/pool.ts';
import type { Database, SqlRunner, SqlSession } from '../../clients/postgres/port.ts';
import { resolveSecret } from '../../clients/secrets/resolve-secret.ts';
import { parseMigration } from '../../core/migration/parse-file.ts';
import { folderDigest, planMigrations } from '../../core/migration/plan-migrations.ts';
import type { MigrationReport, MigrationsPlan, RecordedMigration } from '../../core/model/migration.ts';
import type { Fence } from '../../core/model/operation.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import { isAskedToStop } from '../metrics/asked-to-stop.ts';
import { withHeartbeats } from '../mutation.ts';
import { applyFile } from './apply-file.ts';

export interface MigrateDatabaseInput {
  readonly plan: DeployPlan;
  readonly fence: Fence;
  readonly operation: string;
}

/**
 * `failed` stops the deployment: what was applied before stays applied, and another run goes on behind it. `cancelled`
 * by the workflow; what was applied until then is told all the same.
 */
export interface MigrateDatabaseResult {
  readonly outcome: 'migrated' | 'failed' | 'cancelled';
  readonly report: MigrationReport;
  readonly says: string;
}

/** A connection that is lost is opened again this often before the activity is left to its retry policy. */
const SESSIONS = 3;
const LOOK_AGAIN_MS = 500;
const LAST_LOOK_MS = 5000;
const NOTHING: MigrationReport = { applied: [], pending: [], contract: [], missing: [] };

interface Run {
  readonly plan: MigrationsPlan;
  readonly migrator: Migrator;
  readonly database: Database;
  readonly texts: readonly MigrationText[];
  /** Cancellation, or the deadline of the phase. */
  readonly signal: AbortSignal;
  readonly tell: (doing: string) => void;
}

export function createMigrateDatabase(deps: { readonly kubernetes: KubernetesClients }) {
  return {
    async migrateDatabase({ plan, fence, operation }: MigrateDatabaseInput): Promise<MigrateDatabaseResult> {
      return withHeartbeats(async (tell) => {
        const migrations = mustHave(plan);
        const cancelled = Context.current().cancellationSignal;
        const late = AbortSignal.timeout(migrations.deadlineMs);
        const signal = AbortSignal.any([cancelled, late]);
        const sources = { kubernetes: deps.kubernetes(plan.workload.cluster) };
        const url = await resolveSecret(migrations.database, sources, signal);
        const texts = await readMigrationFolder(migrations.directory);
        const digest = folderDigest(texts);
        if (digest !== migrations.digest) return failed(NOTHING, changedSince(migrations, digest, texts.length));
        const database = openDatabasePool({
          url,
          applicationName: `mainstay migrate ${plan.service}`,
          maxConnections: 3,
        });
        const migrator = { service: plan.service, owner: `${plan.environment}/${plan.service}`, operation, fence };
        try {
          return await migrate({ plan: migrations, migrator, database, texts, signal, tell });
        } catch (error) {
          // A worker that ends leaves it to the next one.
          const isOurs = isAskedToStop(Context.current());
          if (!isOurs && (cancelled.aborted || !late.aborted)) throw error;
          const told = await lookLast({ database, migrator, texts });
          if (isOurs) return { outcome: 'cancelled', report: told, says: 'cancelled; the open file was rolled back' };
          return failed(told, `not done within ${migrations.deadlineMs / 1000} s; the open file was rolled back`);
        } finally {
          await database.close();
        }
      });
    },
  };
}

function mustHave(plan: DeployPlan): MigrationsPlan {
  if (plan.migrations) return plan.migrations;
  throw new CodedError('InvalidInput', `plan of ${plan.service}: expected migrations, found none`);
}

function changedSince(plan: MigrationsPlan, digest: string, files: number): string {
  return `directory ${plan.directory}: changed since the plan was made: expected ${plan.files} files with digest ${plan.digest}, found ${files} with ${digest}; deploy again to have the new files checked`;
}

function failed(report: MigrationReport, says: string): MigrateDatabaseResult {
  return { outcome: 'failed', report, says };
}

/** One session after the other: each begins with a look at the record, so that a lost reply repeats nothing. */
async function migrate(run: Run): Promise<MigrateDatabaseResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run.database.session('migrate', (session) => inSession(run, session), run.signal);
    } catch (error) {
      const isLost = isCoded(error, 'OutcomeUnknown') || isCoded(error, 'Unavailable');
      if (!isLost || attempt >= SESSIONS) throw error;
      run.tell(`looking again after: ${error.message}`);
      await delay(LOOK_AGAIN_MS * attempt, undefined, { signal: run.signal });
    }
  }
}

async function inSession(run: Run, session: SqlSession): Promise<MigrateDatabaseResult> {
  const { migrator, signal } = run;
  const holder = await waitForLock(run, session);
  if (holder !== undefined) {
    return failed(
      NOTHING,
      `the migration lock of the database was not free within ${run.plan.lockWaitMs / 1000} s: held by ${holder}`,
    );
  }
  await prepareStore(session, signal);
  await stampFence(session, migrator, signal);
  const parsed = run.texts.map((text) => ({ text, ...parseMigration(text, text.text) }));
  const recorded = await readRecorded(session, migrator.service, signal);
  const planned = planMigrations(
    parsed.map(({ file }) => file),
    recorded,
  );
  if (planned.problems.length > 0) return failed(await accountOf(run, session), planned.problems.join('; '));
  for (const [index, { name }] of planned.pending.entries()) {
    const each = parsed.find(({ file }) => file.name === name);
    if (each === undefined) continue;
    const doing = `applying ${name} (${index + 1} of ${planned.pending.length})`;
    const begun = recorded.some((row) => row.name === name && !row.finished);
    const file = { file: each.text, script: each.script, plan: run.plan, migrator, begun };
    const reason = await watched(run, session, doing, () => applyFile(session, file, signal));
    if (reason === undefined) continue;
    const told = { ...(await accountOf(run, session)), failed: { name, reason } };
    return failed(told, `${reason}; rolled back, ${told.applied.length} applied before it stay`);
  }
  const done = await accountOf(run, session);
  const count = done.applied.length === 1 ? '1 file' : `${done.applied.length} files`;
  return {
    outcome: 'migrated',
    report: done,
    says: done.applied.length === 0 ? 'nothing to apply' : `${count} applied`,
  };
}

/** Who holds the lock when it was not free in time; undefined when it is ours. */
async function waitForLock({ database, plan, signal, tell }: Run, session: SqlSession): Promise<string | undefined> {
  const deadlineMs = Date.now() + plan.lockWaitMs;
  for (;;) {
    if (await tryLock(session, signal)) return undefined;
    const holder = await lockHolder(database, signal);
    if (Date.now() >= deadlineMs) return holder;
    tell(`waiting for the migration lock of the database, held by ${holder}`);
    await delay(LOOK_AGAIN_MS, undefined, { signal });
  }
}

/**
 * Tries a file again while its statements do not get their locks. Why it failed for good; undefined when it is applied.
 * Throws what is not the file's fault: a lost connection, a newer owner, cancellation.
 */
async function watched(
  run: Run,
  session: SqlSession,
  doing: string,
  apply: () => Promise<void>,
): Promise<string | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    run.tell(attempt === 1 ? doing : `${doing}, attempt ${attempt} of ${run.plan.lockTries}`);
    const blockers = watchBlockers(run, session, doing);
    try {
      await apply();
      return undefined;
    } catch (error) {
      if (!isCoded(error) || ['OutcomeUnknown', 'Unavailable', 'Fenced'].includes(error.code)) throw error;
      const blocked = blockers.last() === undefined ? '' : `; it waited for ${blockers.last()}`;
      if (error.code !== 'Conflict' || attempt >= run.plan.lockTries) return `${error.message}${blocked}`;
      run.tell(`${doing}: trying again after: ${error.message}${blocked}`);
      // Whoever queued behind our lock request goes first.
      await delay(LOOK_AGAIN_MS * attempt, undefined, { signal: run.signal });
    } finally {
      blockers.stop();
    }
  }
}

/** Asks, over another connection, whom the running statement waits for. */
function watchBlockers(
  { database, signal, tell }: Run,
  session: SqlSession,
  doing: string,
): { last(): string | undefined; stop(): void } {
  let last: string | undefined;
  let isAsking = false;
  const timer = setInterval(() => {
    if (isAsking) return;
    isAsking = true;
    blockersOf(database, session.backendPid, signal)
      .then((blockers) => {
        if (blockers !== undefined) tell(`${doing}: waiting for ${blockers}`);
        last = blockers ?? last;
      })
      // It is told for a person's sake; the statement itself decides.
      .catch(() => undefined)
      .finally(() => {
        isAsking = false;
      });
  }, LOOK_AGAIN_MS);
  return { last: () => last, stop: () => clearInterval(timer) };
}

/** What stands when the run was ended from outside; nothing where the database does not say. */
async function lookLast(run: Pick<Run, 'database' | 'migrator' | 'texts'>): Promise<MigrationReport> {
  try {
    return await accountOf({ ...run, signal: AbortSignal.timeout(LAST_LOOK_MS) }, run.database);
  } catch {
    return NOTHING;
  }
}

/** From the record, so that what an earlier attempt of this operation applied is told too. */
async function accountOf(
  { migrator, texts, signal }: Pick<Run, 'migrator' | 'texts' | 'signal'>,
  session: SqlRunner,
): Promise<MigrationReport> {
  const recorded = await readRecorded(session, migrator.service, signal);
  const planned = planMigrations(
    texts.map((text) => parseMigration(text, text.text).file),
    recorded,
  );
  const ours = (row: RecordedMigration): boolean => row.finished && row.operation === migrator.operation;
  return {
    applied: recorded.filter(ours).map(({ name, checksum }) => ({ name, checksum })),
    pending: planned.pending.map(({ name, checksum }) => ({ name, checksum })),
    contract: planned.contract.map(({ name }) => name),
    missing: planned.missing,
  };
}
