/** What the catalogue alone tells: schema, settings, isolation, invalid indexes, collations, statistics. */
import type { Manifest } from '../../core/model/restore.ts';
import { compareFingerprints } from '../../core/restore/compare-fingerprint.ts';
import { compareSettings } from '../../core/restore/compare-settings.ts';
import { countInWords, finding } from '../../core/restore/finding.ts';
import { type ServerFacts, ifAllowed } from '../catalog/facts.ts';
import type { Index } from '../catalog/indexes.ts';
import { readSettings } from '../catalog/settings.ts';
import { listAnalysed } from '../catalog/statistics.ts';
import { readFingerprint } from '../fingerprint/read-fingerprint.ts';
import type { SuiteSession } from '../open-suite.ts';
import { type Outcome, type Task, outcome } from './task.ts';

/** Nothing of it can be named any more: a few hundred faults are one fault. */
const MOST_FAULTS = 200;

export function schemaTask(facts: ServerFacts, manifest: Manifest, physical: boolean): Task {
  const object = facts.database;
  return {
    kind: 'schema',
    object,
    cost: 1,
    async run(session) {
      if (manifest.serverMajor !== facts.serverMajor) {
        const says = `the manifest is of version ${manifest.serverMajor}, this server of ${facts.serverMajor}: their catalogues are not compared`;
        return [outcome('schema', object, finding('couldNotVerify', says))];
      }
      const seen = await readFingerprint(session);
      const faults = compareFingerprints(manifest.fingerprint, seen, { physical });
      const more = faults.length > MOST_FAULTS ? `, the first ${MOST_FAULTS} are told` : '';
      const worst = faults.some(({ state }) => state === 'fail') ? 'fail' : 'warn';
      const whole =
        faults.length === 0
          ? finding('pass', `${countInWords(seen.length)} definitions as in the manifest`)
          : finding(worst, `${countInWords(faults.length)} of ${countInWords(seen.length)} definitions differ${more}`);
      return [
        ...faults.slice(0, MOST_FAULTS).map((fault) => outcome('schema', fault.object, fault)),
        outcome('schema', object, whole),
      ];
    },
  };
}

export function settingsTask(
  facts: ServerFacts,
  expected: Readonly<Record<string, string>>,
  overrides: Readonly<Record<string, string>>,
  physical: boolean,
): Task {
  const object = facts.database;
  return {
    kind: 'settings',
    object,
    cost: 1,
    async run(session) {
      const names = [...new Set([...Object.keys(expected), ...Object.keys(overrides)])];
      const seen = await readSettings(session, names);
      const faults = compareSettings({ expected, overrides, seen, physical });
      const worst = (['fail', 'couldNotVerify', 'warn'] as const).find((state) =>
        faults.some((f) => f.state === state),
      );
      const whole =
        worst === undefined
          ? finding('pass', `${names.length} parameters as they should be`)
          : finding(worst, `${faults.length} of ${names.length} parameters differ`);
      return [...faults.map((fault) => outcome('settings', fault.object, fault)), outcome('settings', object, whole)];
    },
  };
}

/** Whatever could reach out of the copy. Names only: what it says to whom is not read. */
export function isolationTask(facts: ServerFacts): Task {
  const object = facts.database;
  return {
    kind: 'isolation',
    object,
    cost: 1,
    async run(session) {
      const seen = await readIsolation(session);
      const refused = facts.prepared?.refused ?? null;
      const faults = [...(refused === null ? [] : [refused]), ...seen.faults];
      const said =
        faults.length > 0
          ? finding('fail', faults.join('; '))
          : finding('pass', `no enabled subscription, no worker of one, no scheduled job that runs`);
      return [outcome('isolation', object, said)];
    },
  };
}

export interface IsolationSeen {
  readonly faults: readonly string[];
  /** Enabled subscriptions of this database. */
  readonly enabled: readonly string[];
  readonly workers: readonly string[];
}

export async function readIsolation(session: SuiteSession): Promise<IsolationSeen> {
  const subscriptions = await session.read<{ name: string; database: string; working: boolean; mine: boolean }>(
    'look for subscriptions',
    `select s.subname as name, d.datname as database, d.datname = current_database() as mine,
       exists (select 1 from pg_stat_subscription t where t.subname = s.subname and t.pid is not null) as working
     from pg_subscription s join pg_database d on d.oid = s.subdbid where s.subenabled order by 1`,
  );
  const [jobs] = await ifAllowed(
    session.read<{ active: string; running: boolean }>(
      'look for scheduled jobs',
      `select count(*)::text as active,
         coalesce(current_setting('cron.launch_active_jobs', true), 'off') = 'on' as running
       from cron.job where active`,
    ),
  );
  return {
    faults: [
      ...subscriptions.map(({ name, database, working }) =>
        working
          ? `subscription ${name} of ${database} is at work: it consumes its publisher's changes`
          : `subscription ${name} of ${database} is enabled`,
      ),
      ...(jobs && Number(jobs.active) > 0 && jobs.running ? [`${jobs.active} scheduled jobs are active`] : []),
    ],
    enabled: subscriptions.filter(({ mine }) => mine).map(({ name }) => name),
    workers: subscriptions.filter(({ working }) => working).map(({ name }) => name),
  };
}

export function indexValidTask(facts: ServerFacts, indexes: readonly Index[], manifest: Manifest | undefined): Task {
  const object = facts.database;
  const invalid = indexes.filter(({ isValid }) => !isValid);
  const run = async (): Promise<readonly Outcome[]> => {
    const bad = invalid.map((index) => {
      const before = manifest?.fingerprint.find(({ kind, name }) => kind === 'index' && name === index.name);
      const wasSo = before !== undefined && /; (?:invalid|not ready|not live)(?:;|$)/.test(before.definition);
      const said = wasSo
        ? finding('warn', `invalid; it was so when the manifest was taken: drop it, or build it again`)
        : finding('fail', `invalid: queries do not use it, and what it should enforce may be violated`);
      return outcome('indexValid', index.name, said);
    });
    const worst = bad.some(({ state }) => state === 'fail') ? 'fail' : 'warn';
    const whole =
      bad.length === 0
        ? finding('pass', `${countInWords(indexes.length)} indexes are valid`)
        : finding(worst, `${bad.length} of ${indexes.length} indexes are invalid`);
    return [...bad, outcome('indexValid', object, whole)];
  };
  return { kind: 'indexValid', object, cost: 0, run };
}

export function collationTask(facts: ServerFacts): Task {
  const object = facts.database;
  return {
    kind: 'collation',
    object,
    cost: 1,
    async run(session) {
      const own =
        facts.serverMajor >= 15
          ? `select 'the database' as name, datcollversion as recorded, pg_database_collation_actual_version(oid) as actual
             from pg_database where datname = current_database() union all`
          : '';
      const rows = await session.read<{ name: string; recorded: string; actual: string | null }>(
        'compare collation versions',
        `select * from (${own} select format('%I.%I', n.nspname, l.collname), l.collversion,
           case when l.collversion is not null then pg_collation_actual_version(l.oid) end
           from pg_collation l join pg_namespace n on n.oid = l.collnamespace) v(name, recorded, actual)
         where recorded is not null and recorded is distinct from actual order by 1`,
      );
      const bad = rows.map(({ name, recorded, actual }) => {
        const says = `indexes were built with version ${recorded} of the sort order, this server has ${actual ?? 'none'}: the order is checked index by index`;
        return outcome('collation', name, finding('warn', says));
      });
      const whole =
        bad.length === 0
          ? finding('pass', 'every versioned collation is of the version it was')
          : finding('warn', `${bad.length} collations are of another version`);
      return [...bad.slice(0, MOST_FAULTS), outcome('collation', object, whole)];
    },
  };
}

export function statisticsTask(facts: ServerFacts, analysed: readonly string[], physical: boolean): Task {
  const object = facts.database;
  return {
    kind: 'statistics',
    object,
    cost: 1,
    async run(session) {
      const there = await session.read<{ name: string; readable: boolean }>(
        'list tables',
        `select format('%I.%I', n.nspname, c.relname) as name, has_table_privilege(c.oid, 'select') and not row_security_active(c.oid) as readable
         from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'm')`,
      );
      const readable = new Map(there.map((row) => [row.name, row.readable]));
      const now = new Set(await listAnalysed(session));
      const gone = analysed.filter((name) => readable.has(name) && !now.has(name));
      const bad = gone.map((name) => {
        const said = readable.get(name)
          ? finding(
              physical ? 'fail' : 'warn',
              'the planner had statistics of it, and has none: queries lose their plans',
            )
          : finding('couldNotVerify', 'this role may not see its statistics');
        return outcome('statistics', name, said);
      });
      const worst = bad.some(({ state }) => state === 'fail') ? 'fail' : (bad[0]?.state ?? 'pass');
      return [
        ...bad,
        outcome(
          'statistics',
          object,
          finding(worst, `${now.size} tables have statistics, ${analysed.length} had them`),
        ),
      ];
    },
  };
}

/** After everything was read: wrong checksums are counted as they are met. */
export async function readChecksumFailures(session: SuiteSession, facts: ServerFacts): Promise<Outcome> {
  if (!facts.hasChecksums) {
    const says = 'page checksums are off: damage inside a page shows only where a digest or an index covers it';
    return outcome('checksum', facts.database, finding('warn', says));
  }
  const [row] = await session.read<{ failures: string }>(
    'count checksum failures',
    `select coalesce(sum(checksum_failures), 0)::text as failures from pg_stat_database
     where datname = current_database() or datname is null`,
  );
  const failures = Number(row?.failures ?? 0);
  const said =
    failures === 0
      ? finding('pass', 'on, and no page that was read had a wrong one')
      : finding('fail', `${countInWords(failures)} pages had a wrong checksum`);
  return outcome('checksum', facts.database, said);
}

/** For the list of what nobody looked at. */
export async function listReaching(session: SuiteSession): Promise<readonly string[]> {
  const rows = await session.read<{ name: string }>(
    'list foreign servers',
    `select quote_ident(srvname) as name from pg_foreign_server order by 1`,
  );
  return rows.map(({ name }) => `foreign server ${name}: not asked; the network must keep it away`);
}
