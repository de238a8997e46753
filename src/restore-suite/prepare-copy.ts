/** Makes a restored copy ready for the suite: proves that it was isolated, disarms it, brings amcheck and the verifier. */
import { CodedError } from '../errors/coded-error.ts';
import { findAmcheck } from './catalog/amcheck.ts';
import { type ServerFacts, ifAllowed, readFacts, readGuardedFacts } from './catalog/facts.ts';
import { readIsolation } from './checks/catalogue-tasks.ts';
import { disarm } from './disarm.ts';
import {
  CANARY_SCHEMA,
  PREPARED_TABLE,
  VERIFIER_ROLE,
  VERIFY_SCHEMA,
  isUserSchema,
  quoteName,
  quoteText,
} from './names.ts';
import { type SuiteSession, openSuite, problemOf } from './open-suite.ts';
import type { PrepareOptions, Prepared } from './port.ts';
import { scramSecret } from './scram-secret.ts';

const STATEMENT_MS = 120_000;

/**
 * Safe to repeat: what was seen first stands in `mainstay_verify.prepared`, until the server is started anew. Never drops a subscription: that would drop
 * its slot at the publisher. Throws PreconditionFailed for a server in recovery, and what a connection throws.
 */
export async function prepareCopy({ url, verifierPassword }: PrepareOptions): Promise<Prepared> {
  const suite = openSuite({ url, connections: 1, readOnly: false, statementTimeoutMs: STATEMENT_MS });
  try {
    return await suite.session('prepare the copy', async (session) => {
      const facts = { ...(await readFacts(session)), ...(await readGuardedFacts(session)) };
      if (facts.inRecovery)
        throw new CodedError(
          'PreconditionFailed',
          'prepare: expected a server that takes writes, found one in recovery',
        );
      const refused = facts.prepared ? facts.prepared.refused : await whyNotIsolated(session);
      const disarmed = await disarm(url, session);
      await withoutEventTriggers(session);
      const lacking = [
        ...disarmed.lacking,
        ...(await keepWhatWasSeen(session, facts, refused)),
        ...(await bringAmcheck(session)),
        ...(await makeVerifier(session, verifierPassword)),
      ];
      return { disarmed: disarmed.names, lacking, ...(refused === null ? {} : { refused }) };
    });
  } finally {
    await suite.close();
  }
}

/** What must not be: a subscription at work, or one that could be because the server starts workers for it. */
async function whyNotIsolated(session: SuiteSession): Promise<string | null> {
  const [row] = await session.read<{ workers: string }>(
    'ask for replication workers',
    `select current_setting('max_logical_replication_workers') as workers`,
  );
  const { workers, faults } = await readIsolation(session);
  if (workers.length > 0) return `not isolated: ${faults.join('; ')}`;
  const [enabled] = await session.read<{ names: string | null }>(
    'look for enabled subscriptions',
    `select string_agg(quote_ident(subname), ', ' order by subname) as names from pg_subscription where subenabled`,
  );
  if (row?.workers === '0' || enabled?.names === null || enabled === undefined) return null;
  return `not isolated: subscriptions ${enabled.names} were enabled with max_logical_replication_workers = ${row?.workers ?? 'unknown'}: they may have consumed their publisher's changes`;
}

/** Triggers on DDL are the team's code: they must not run for what we make. Where the role may not, they run. */
async function withoutEventTriggers(session: SuiteSession): Promise<void> {
  await ifAllowed(session.read('leave triggers out', 'set session_replication_role = replica'));
}

async function keepWhatWasSeen(
  session: SuiteSession,
  facts: ServerFacts,
  refused: string | null,
): Promise<readonly string[]> {
  if (facts.prepared) return [];
  return attempt('a place for what was seen first', async () => {
    await session.read('make our schema', `create schema if not exists ${VERIFY_SCHEMA}`);
    await session.read(
      'keep what was seen first',
      `create table if not exists ${PREPARED_TABLE} (started timestamptz primary key, xid text not null, refused text);
       insert into ${PREPARED_TABLE}
       values (pg_postmaster_start_time(), ${quoteText(facts.nextXid)}, ${refused === null ? 'null' : quoteText(refused)})
       on conflict do nothing`,
    );
  });
}

async function bringAmcheck(session: SuiteSession): Promise<readonly string[]> {
  if (await findAmcheck(session)) return [];
  return attempt('amcheck: heaps and indexes cannot be checked', async () => {
    await session.read('make our schema', `create schema if not exists ${VERIFY_SCHEMA}`);
    await session.read('bring amcheck', `create extension if not exists amcheck schema ${VERIFY_SCHEMA}`);
  });
}

async function makeVerifier(session: SuiteSession, password: string): Promise<readonly string[]> {
  const [there] = await session.read<{ bypasses: boolean }>(
    'look for the verifier',
    `select rolbypassrls as bypasses from pg_roles where rolname = '${VERIFIER_ROLE}'`,
  );
  const verb = there ? 'alter' : 'create';
  const attributes = 'login inherit nosuperuser nocreatedb nocreaterole noreplication';
  const role = `${verb} role ${VERIFIER_ROLE} login inherit password ${quoteText(scramSecret(password))}`;
  await session
    .read('make the verifier', there ? role : role.replace('login inherit', attributes))
    .catch(async (error: unknown) => {
      // Only a superuser may say what a role is not.
      if (there || problemOf(error)?.sqlState !== '42501') throw error;
      await session.read('make the verifier', role);
    });
  return [
    ...(there?.bypasses === true
      ? []
      : await attempt('BYPASSRLS: tables with row-level security could not be verified', () =>
          session.read('let the verifier see every row', `alter role ${VERIFIER_ROLE} bypassrls`),
        )),
    ...(await grantReading(session)),
    ...(await grantChecking(session)),
    ...(await attempt('pg_read_all_settings: some parameters are not seen', () =>
      session
        .read('let the verifier see settings', `grant pg_read_all_settings to ${VERIFIER_ROLE} with admin false`)
        .catch(
          // Before version 16 there is one way to grant a role.
          () => session.read('let the verifier see settings', `grant pg_read_all_settings to ${VERIFIER_ROLE}`),
        ),
    )),
  ];
}

/** SELECT on what there is, by name of the schema; where that fails, table by table. */
async function grantReading(session: SuiteSession): Promise<readonly string[]> {
  const schemas = await session.read<{ name: string }>(
    'list schemas',
    `select n.nspname as name from pg_namespace n
     where (${isUserSchema('n.nspname')} and n.nspname <> 'cron') or n.nspname in ('${VERIFY_SCHEMA}', '${CANARY_SCHEMA}')`,
  );
  const lacking: string[] = [];
  for (const { name } of schemas) {
    const schema = quoteName(name);
    lacking.push(
      ...(await attempt(`schema ${schema}`, () =>
        session.read(`grant usage of ${schema}`, `grant usage on schema ${schema} to ${VERIFIER_ROLE}`),
      )),
    );
    const whole = await attempt('', () =>
      session.read(
        `grant reading of ${schema}`,
        `grant select on all tables in schema ${schema} to ${VERIFIER_ROLE};
         grant select on all sequences in schema ${schema} to ${VERIFIER_ROLE}`,
      ),
    );
    if (whole.length > 0) lacking.push(...(await grantOneByOne(session, name)));
  }
  return lacking;
}

async function grantOneByOne(session: SuiteSession, schema: string): Promise<readonly string[]> {
  const relations = await session.read<{ name: string; kind: string }>(
    'list relations',
    `select format('%I.%I', n.nspname, c.relname) as name, c.relkind as kind
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relpersistence <> 't'`,
    [schema],
  );
  const lacking: string[] = [];
  for (const { name, kind } of relations) {
    const what = kind === 'S' ? 'sequence' : 'table';
    lacking.push(
      ...(await attempt(`reading of ${name}`, () =>
        session.read(`grant reading of ${name}`, `grant select on ${what} ${name} to ${VERIFIER_ROLE}`),
      )),
    );
  }
  return lacking;
}

/** The functions of amcheck, wherever the extension stands. */
async function grantChecking(session: SuiteSession): Promise<readonly string[]> {
  const functions = await session.read<{ schema: string; call: string }>(
    'list functions of amcheck',
    `select quote_ident(n.nspname) as schema, p.oid::regprocedure::text as call
     from pg_extension e join pg_depend d on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid
       and d.classid = 'pg_proc'::regclass and d.deptype = 'e'
     join pg_proc p on p.oid = d.objid join pg_namespace n on n.oid = p.pronamespace where e.extname = 'amcheck'`,
  );
  const [first] = functions;
  if (!first) return [];
  const texts = [
    `grant usage on schema ${first.schema} to ${VERIFIER_ROLE}`,
    ...functions.map(({ call }) => `grant execute on function ${call} to ${VERIFIER_ROLE}`),
  ];
  return attempt('EXECUTE of amcheck: heaps and indexes cannot be checked', () =>
    session.read('let the verifier call amcheck', texts.join('; ')),
  );
}

/** Nothing, or what is lacking and why. A lost connection is no lack. */
async function attempt(what: string, body: () => Promise<unknown>): Promise<readonly string[]> {
  try {
    await body();
    return [];
  } catch (error) {
    const problem = problemOf(error);
    if (problem?.sqlState === undefined || !/^(?:42|0A|58P01|22|55|2B|0L|0P)/.test(problem.sqlState)) throw error;
    return [`${what} (${problem.message})`];
  }
}
