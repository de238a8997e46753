/** The suite over one database: looks what is there, runs every check that applies, and names what none covers. */
import type { CheckResult, Manifest, SuiteReport } from '../core/model/restore.ts';
import { type Lineage, assessLineage } from '../core/restore/assess-lineage.ts';
import { finding } from '../core/restore/finding.ts';
import { judge, sortChecks } from '../core/restore/verdict.ts';
import { type Amcheck, findAmcheck } from './catalog/amcheck.ts';
import { type ServerFacts, readFacts, readGuardedFacts } from './catalog/facts.ts';
import { listForeignKeys } from './catalog/foreign-keys.ts';
import { listHeaps, listIndexes } from './catalog/indexes.ts';
import { listSequences } from './catalog/sequences.ts';
import { listTables } from './catalog/tables.ts';
import {
  collationTask,
  indexValidTask,
  isolationTask,
  listReaching,
  readChecksumFailures,
  schemaTask,
  settingsTask,
  statisticsTask,
} from './checks/catalogue-tasks.ts';
import { sampleTasks } from './checks/sample-tasks.ts';
import { runTasks } from './checks/run-tasks.ts';
import { foreignKeyTasks, heapTasks, indexTasks, sequenceTasks } from './checks/structure-tasks.ts';
import { type TableChecks, tableTasks } from './checks/table-tasks.ts';
import { type Outcome, type Task, keyOf, outcome } from './checks/task.ts';
import { canaryTask, criticalTasks, freshnessTask, probeTasks, ruleTasks } from './checks/team-tasks.ts';
import { digestAlgorithm } from './digest-sql.ts';
import { type SuiteSession, openSuite } from './open-suite.ts';
import type { VerifyOptions } from './port.ts';
import { notCovered } from './take-manifest.ts';

/**
 * Only reads. Throws when no connection can be made at all (Unavailable, Forbidden, Timeout ...), and the signal's
 * reason; everything else is in the report.
 */
export async function verifyDatabase(options: VerifyOptions): Promise<SuiteReport> {
  const { url, connections, checkTimeoutMs, signal } = options;
  const startedAtMs = Date.now();
  const suite = openSuite({ url, connections, statementTimeoutMs: checkTimeoutMs, signal });
  try {
    const seen = await suite.session('look what is there', inspect);
    const plan = planChecks(seen, options);
    const checks = await runTasks(suite, plan.first, plan.tasks, {
      connections,
      nowMs: () => performance.now(),
      signal,
      // Its answer is not in its words: asked again.
      finished: (options.finished ?? []).filter((check) => check.kind !== 'freshness'),
      ...(options.onProgress ? { onProgress: options.onProgress } : {}),
    });
    const checksum = await suite
      .session('count checksum failures', (session) => readChecksumFailures(session, seen.facts))
      .catch(() => outcome('checksum', seen.facts.database, finding('couldNotVerify', 'the server did not answer')));
    signal?.throwIfAborted();
    return reportOf(seen, plan, [...checks, { ...checksum, ms: 0 }], startedAtMs);
  } finally {
    await suite.close();
  }
}

interface Seen {
  readonly facts: ServerFacts;
  readonly tables: Awaited<ReturnType<typeof listTables>>;
  readonly indexes: Awaited<ReturnType<typeof listIndexes>>;
  readonly heaps: Awaited<ReturnType<typeof listHeaps>>;
  readonly foreignKeys: Awaited<ReturnType<typeof listForeignKeys>>;
  readonly sequences: Awaited<ReturnType<typeof listSequences>>;
  readonly amcheck: Amcheck | undefined;
  readonly reaching: readonly string[];
}

async function inspect(session: SuiteSession): Promise<Seen> {
  const guarded = await readGuardedFacts(session);
  return {
    facts: { ...(await readFacts(session)), ...guarded },
    tables: await listTables(session),
    indexes: await listIndexes(session),
    heaps: await listHeaps(session),
    foreignKeys: await listForeignKeys(session),
    sequences: await listSequences(session),
    amcheck: await findAmcheck(session),
    reaching: await listReaching(session),
  };
}

interface CheckPlan {
  /** One after the other, before anything else reads. */
  readonly first: readonly Task[];
  readonly tasks: readonly Task[];
  readonly notProven: readonly string[];
  newestDataAtMs?: number;
}

function planChecks(seen: Seen, options: VerifyOptions): CheckPlan {
  const { facts, indexes } = seen;
  const { manifest, physical } = options;
  const lineage = manifest && assessLineage(manifest, lineageOf(facts), physical);
  const whyNot = whyNothingIsCompared(manifest, lineage, facts);
  const comparable = whyNot ? undefined : manifest;
  const plan: { newestDataAtMs?: number } = {};
  const samples = sampleTasks(indexes, seen.amcheck);
  const tasks: readonly Task[] = [
    ...said(lineage ? [outcome('lineage', facts.database, lineage)] : []),
    ...said(whatIsNotCompared(whyNot, manifest, facts)),
    isolationTask(facts),
    ...(lineage?.isComparable !== false && manifest ? [schemaTask(facts, manifest, physical)] : []),
    ...(manifest || options.expectedSettings
      ? [settingsTask(facts, manifest?.settings ?? {}, options.expectedSettings ?? {}, physical)]
      : []),
    ...(manifest?.canary && lineage?.isComparable !== false ? [canaryTask(manifest.canary, facts)] : []),
    freshnessTask(facts, options, (newestAtMs) => {
      plan.newestDataAtMs = newestAtMs;
    }),
    indexValidTask(facts, indexes, manifest),
    collationTask(facts),
    ...(manifest?.analysed ? [statisticsTask(facts, manifest.analysed, physical)] : []),
    ...tableTasks(seen.tables, tableChecksOf(facts, options, whyNot)),
    ...amcheckTasks(seen),
    ...samples,
    ...foreignKeyTasks(seen.foreignKeys.keys),
    ...sequenceTasks(seen.sequences, comparable),
    ...criticalTasks(options.criticalTables),
    ...ruleTasks(options.rules),
  ];
  const first = probeTasks(options.probes, () => performance.now());
  return Object.assign(plan, { first, tasks, notProven: whatNobodyLookedAt(seen, comparable) });
}

function lineageOf(facts: ServerFacts): Parameters<typeof assessLineage>[1] {
  const { database, systemIdentifier, timelineId, inRecovery } = facts;
  return {
    database,
    inRecovery,
    nextXid: firstXidOf(facts),
    ...(systemIdentifier === undefined ? {} : { systemIdentifier }),
    ...(timelineId === undefined ? {} : { timelineId }),
  };
}

/** Before the copy was prepared: preparing it takes transaction ids of its own. */
function firstXidOf(facts: ServerFacts): string {
  return facts.prepared?.xid ?? facts.nextXid;
}

type WhyNot = NonNullable<TableChecks['whyNot']>;

function whyNothingIsCompared(
  manifest: Manifest | undefined,
  lineage: Lineage | undefined,
  facts: ServerFacts,
): WhyNot | undefined {
  if (!manifest) return { state: 'couldNotVerify', says: 'no manifest to compare with' };
  if (lineage?.isComparable === false) return { state: 'skip', says: 'the manifest is of another database' };
  const algorithm = digestAlgorithm(facts.serverMajor);
  if (manifest.algorithm === algorithm) return undefined;
  const says = `the manifest's digests are made by ${manifest.algorithm}, this server's by ${algorithm}`;
  return { state: 'couldNotVerify', says };
}

/** One line for each kind that only a manifest covers. */
function whatIsNotCompared(
  whyNot: WhyNot | undefined,
  manifest: Manifest | undefined,
  facts: ServerFacts,
): readonly Outcome[] {
  if (!whyNot) return [];
  const lost = 'lost rows, zeroed or truncated pages and changed values are not covered';
  const counts = outcome('counts', facts.database, finding(whyNot.state, `${whyNot.says}: ${lost}`));
  const digest = outcome('digest', facts.database, finding(whyNot.state, `${whyNot.says}: ${lost}`));
  if (manifest && whyNot.state !== 'skip') return [counts, digest];
  const rest = (['schema', 'canary'] as const).map((kind) =>
    outcome(kind, facts.database, finding(whyNot.state, whyNot.says)),
  );
  const lineage = manifest ? [] : [outcome('lineage', facts.database, finding('couldNotVerify', whyNot.says))];
  return [counts, digest, ...rest, ...lineage];
}

/** What is known already, as tasks that ask nobody. */
function said(outcomes: readonly Outcome[]): readonly Task[] {
  return outcomes.map((each) => ({ kind: each.kind, object: each.object, cost: 0, run: async () => [each] }));
}

function tableChecksOf(facts: ServerFacts, options: VerifyOptions, whyNot: WhyNot | undefined): TableChecks {
  const { manifest, physical, sampleAboveBytes, allowedLosses } = options;
  return {
    manifest,
    ...(whyNot ? { whyNot } : {}),
    physical,
    // No transaction id was given out between the manifest and the moment of the copy.
    quiet: physical && manifest !== undefined && BigInt(firstXidOf(facts)) === BigInt(manifest.xid),
    serverMajor: facts.serverMajor,
    sampleAboveBytes,
    allowedLosses,
  };
}

function amcheckTasks({ facts, amcheck, heaps, indexes }: Seen): readonly Task[] {
  const lacking = (kind: 'heap' | 'index', says: string) =>
    said([outcome(kind, facts.database, finding('couldNotVerify', says))]);
  if (!amcheck) {
    const says = 'the extension amcheck is not installed here: `create extension amcheck`, or prepare the copy first';
    return [...lacking('heap', says), ...lacking('index', says)];
  }
  return [
    ...(amcheck.heap
      ? heapTasks(heaps.heaps, amcheck.heap.call)
      : lacking('heap', `amcheck ${amcheck.version} has no verify_heapam that this role may call`)),
    ...(amcheck.btree ? [] : lacking('index', `amcheck ${amcheck.version}: this role may not call bt_index_check`)),
    ...indexTasks(indexes, { amcheck, isOurs: facts.prepared !== undefined && !facts.inRecovery }),
  ];
}

function whatNobodyLookedAt(seen: Seen, manifest: Manifest | undefined): readonly string[] {
  const { indexes, amcheck, heaps, tables, facts, foreignKeys, reaching } = seen;
  const hasChecker = (method: string) => method === 'btree' || (method === 'gin' && amcheck?.gin !== undefined);
  // The others have a result of their own: a sample.
  const unchecked = indexes.filter(
    ({ method, isValid, isUnlogged, isSystem }) => isSystem && isValid && !isUnlogged && !hasChecker(method),
  );
  return [
    ...notCovered(tables, facts.largeObjects),
    ...unchecked.map(({ name, method }) => `${name}: a ${method} index, which has no checker here`),
    ...heaps.others.map((name) => `${name}: another access method than heap, which has no checker`),
    ...foreignKeys.notChecked,
    ...reaching,
    ...(manifest?.tables ?? [])
      .filter(({ sampled }) => sampled < 1)
      .map(
        ({ schema, table, sampled }) =>
          `${schema}.${table}: values in a sample of ${Number((sampled * 100).toPrecision(3))} % of its pages only`,
      ),
  ];
}

/** An empty database passes every check, and proves nothing. */
function nothingThere({ facts }: Seen): CheckResult {
  const says = 'no table that could be read holds a row: there is nothing to prove';
  return { ...outcome('counts', facts.database, finding('couldNotVerify', says)), ms: 0 };
}

function reportOf(seen: Seen, plan: CheckPlan, results: readonly CheckResult[], startedAtMs: number): SuiteReport {
  const rows = results.reduce((sum, { rows: counted = 0 }) => sum + counted, 0);
  const checks = sortChecks([...results, ...(rows === 0 ? [nothingThere(seen)] : [])]);
  const unproven = checks.filter(({ state }) => state === 'unproven').map((check) => `${keyOf(check)}: ${check.says}`);
  return {
    ...judge(checks),
    checks: checks.map(({ rows: _, ...check }) => check),
    notProven: [...unproven, ...plan.notProven],
    startedAtMs,
    endedAtMs: Date.now(),
    serverVersion: seen.facts.serverVersion,
    databaseBytes: seen.facts.databaseBytes,
    rows,
    ...(plan.newestDataAtMs === undefined ? {} : { newestDataAtMs: plan.newestDataAtMs }),
  };
}
