/** Takes from a copy what would act by itself, without a word to anybody outside. */
import { ifAllowed } from './catalog/facts.ts';
import { quoteName } from './names.ts';
import { type SuiteSession, openSuite, problemOf } from './open-suite.ts';

export interface Disarmed {
  /** `subscription orders_in of crm`, `job nightly of postgres`. */
  readonly names: readonly string[];
  readonly lacking: readonly string[];
}

/** Subscriptions of all databases, jobs of pg_cron. Repeating it finds nothing more to do. */
export async function disarm(url: string, session: SuiteSession): Promise<Disarmed> {
  const subscriptions = await session.read<{ name: string; database: string; mine: boolean }>(
    'look for subscriptions',
    `select s.subname as name, d.datname as database, d.datname = current_database() as mine
     from pg_subscription s join pg_database d on d.oid = s.subdbid
     where s.subenabled or s.subslotname is not null order by 1`,
  );
  const names: string[] = [];
  const lacking: string[] = [];
  for (const { name, database, mine } of subscriptions) {
    const what = `subscription ${name} of ${database}`;
    try {
      if (mine) await disarmSubscription(session, name);
      else await inDatabase(url, database, (other) => disarmSubscription(other, name));
      names.push(what);
    } catch (error) {
      const problem = problemOf(error);
      if (!problem) throw error;
      lacking.push(`${what} could not be disabled (${problem.message})`);
    }
  }
  const jobs = await disarmJobs(url, session);
  return { names: [...names, ...jobs], lacking };
}

/** A worker that runs ends at once; without a slot's name nothing we do later reaches the publisher. */
async function disarmSubscription(session: SuiteSession, name: string): Promise<void> {
  await session.read(`disable subscription ${name}`, `alter subscription ${quoteName(name)} disable`);
  await session.read(`unlink subscription ${name}`, `alter subscription ${quoteName(name)} set (slot_name = none)`);
}

async function disarmJobs(url: string, session: SuiteSession): Promise<readonly string[]> {
  const [row] = await session.read<{ database: string | null; here: string }>(
    'look for scheduled jobs',
    `select current_setting('cron.database_name', true) as database, current_database()::text as here`,
  );
  // Not preloaded: nothing starts a job.
  if (!row?.database) return [];
  const { database } = row;
  if (database === row.here) return disarmJobsOf(session, database);
  return inDatabase(url, database, (other) => disarmJobsOf(other, database));
}

async function disarmJobsOf(session: SuiteSession, database: string): Promise<readonly string[]> {
  const jobs = await ifAllowed(
    session.read<{ name: string }>(
      'stop scheduled jobs',
      `update cron.job set active = false where active
       returning coalesce(to_jsonb(job) ->> 'jobname', jobid::text) as name`,
    ),
  );
  return jobs.map(({ name }) => `job ${name} of ${database}`);
}

async function inDatabase<T>(url: string, database: string, body: (session: SuiteSession) => Promise<T>): Promise<T> {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(database)}`;
  const suite = openSuite({ url: other.href, connections: 1, readOnly: false, statementTimeoutMs: 60_000 });
  try {
    return await suite.session('disarm', body);
  } finally {
    await suite.close();
  }
}
