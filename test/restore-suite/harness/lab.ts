/** A source for one major version and checksum setting, its manifest, and copies of it to harm. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckResult, Manifest, SuiteReport } from '../../../src/core/model/restore.ts';
import { confirmManifest } from '../../../src/core/restore/confirm-manifest.ts';
import type { Prepared, RestoreSuite, VerifyOptions } from '../../../src/restore-suite/port.ts';
import { sourceSql } from '../faults/all.ts';
import {
  type AtRest,
  type Combination,
  type CopyOrigin,
  closedBy,
  copyAtRest,
  type Expectation,
  type Facts,
  type Fault,
  isAbout,
  type Mode,
} from '../faults/fault.ts';
import { Cluster, makeRoom, type Started } from './cluster.ts';
import type { Programs } from './programs.ts';

export const DATABASE = 'shop';
const SIBLING = 'shop_staging';

/** What the source's parameter group says; two of them are also pinned by the suite on its own connections. */
const SOURCE_SETTINGS: Readonly<Record<string, string>> = {
  work_mem: '7MB',
  datestyle: 'SQL, DMY',
  random_page_cost: '1.5',
};
const BUSY_TABLE = 'CREATE TABLE harm.busy (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text NOT NULL)';
const BUSY_WRITE = `INSERT INTO harm.busy (note) SELECT md5(n::text) FROM generate_series(1, 200) n`;
const KEPT_SETTINGS = ['work_mem', 'DateStyle', 'random_page_cost', 'max_connections', 'shared_buffers'];

export interface Lab extends Combination {
  readonly programs: Programs;
  readonly manifest: Manifest;
  readonly facts: Facts;
  readonly faults: readonly Fault[];
  /** A stopped copy in a folder of its own. */
  copy(origin?: CopyOrigin): Promise<Cluster>;
  close(): Promise<void>;
}

/**
 * `quiet`: nothing runs between manifest and copy, and the tables are declared closed. `writing`: another table is
 * written to all the time and none is declared: what is closed is so by a second manifest.
 */
export type SourceKind = 'quiet' | 'writing';

/** Makes source, earlier state, twin and manifest; all servers are stopped when it answers. */
export async function openLab(
  suite: Pick<RestoreSuite, 'takeManifest'>,
  programs: Programs,
  checksums: boolean,
  wished: readonly Fault[],
  kind: SourceKind = 'quiet',
): Promise<Lab> {
  const { major } = programs;
  const faults = wished.filter((fault) => isAbout(fault, major));
  const room = await makeRoom();
  let copies = 0;
  const folder = () => join(room, `copy-${(copies += 1)}`);
  const sql = sourceSql(faults, major);
  const needs = (origin: CopyOrigin) => faults.some(({ from }) => from === origin);
  const clusters: Cluster[] = [];
  try {
    const source = await Cluster.create(join(room, 'source'), { programs, checksums });
    clusters.push(source);
    await fill(source, sql, needs('sibling'));
    const origins = new Map<CopyOrigin, Cluster>([['source', source]]);
    if (needs('earlier')) origins.set('earlier', await source.copy(join(room, 'earlier')));
    if (needs('other cluster')) {
      const twin = await Cluster.create(join(room, 'twin'), { programs, checksums });
      clusters.push(twin);
      await fill(twin, sql, false);
      origins.set('other cluster', twin);
    }
    const { manifest, facts } = await finish(suite, source, faults, kind);
    const close = () => rm(room, { recursive: true, force: true });
    const copy = (origin: CopyOrigin = 'source') =>
      (origins.get(origin === 'sibling' ? 'source' : origin) ?? source).copy(folder());
    return { major, checksums, programs, manifest, facts, faults, copy, close };
  } catch (error) {
    for (const cluster of clusters) await cluster.stop();
    await rm(room, { recursive: true, force: true });
    throw error;
  }
}

async function fill(cluster: Cluster, sql: readonly string[], hasSibling: boolean): Promise<void> {
  const server = await cluster.start(SOURCE_SETTINGS);
  await server.run('postgres', [`CREATE DATABASE ${DATABASE}`]);
  await server.run(DATABASE, [...sql, 'VACUUM ANALYZE']);
  await cluster.stop();
  if (!hasSibling) return;
  const again = await cluster.start(SOURCE_SETTINGS);
  await again.run('postgres', [`CREATE DATABASE ${SIBLING}`]);
  await cluster.stop();
}

/** The last writes of the source, its manifest, and where everything lies on disk. */
async function finish(
  suite: Pick<RestoreSuite, 'takeManifest'>,
  source: Cluster,
  faults: readonly Fault[],
  kind: SourceKind,
): Promise<{ readonly manifest: Manifest; readonly facts: Facts }> {
  const server = await source.start(SOURCE_SETTINGS);
  const late = faults.some(({ from }) => from === 'earlier');
  if (late) await server.run(DATABASE, [`INSERT INTO harm.backup_too_old VALUES (1001, 'the last one', 1, now())`]);
  if (kind === 'writing') await server.run(DATABASE, [BUSY_TABLE, BUSY_WRITE]);
  const wish = { url: server.url(DATABASE), sampleAboveBytes: 1e12, settings: KEPT_SETTINGS, connections: 2 };
  const closedRanges = kind === 'writing' ? [] : faults.flatMap(closedBy);
  const first = await suite.takeManifest({ ...wish, closedRanges, canary: true });
  let manifest = first;
  if (kind === 'writing') {
    await server.run(DATABASE, [BUSY_WRITE]);
    manifest = confirmManifest(first, await suite.takeManifest({ ...wish, closedRanges, canary: false })).manifest;
    await server.run(DATABASE, [BUSY_WRITE]);
  }
  const facts = await readFacts(server);
  await source.stop();
  return { manifest, facts };
}

async function readFacts(server: Started): Promise<Facts> {
  const rows = await server.query<{ name: string; oid: number; path: string; toast: string; index: string }>(
    DATABASE,
    `SELECT n.nspname || '.' || c.relname AS name, c.oid::int4 AS oid, pg_relation_filepath(c.oid) AS path,
       'pg_toast.' || t.relname AS toast,
       (SELECT 'pg_toast.' || i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = t.oid) AS index
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
     WHERE pg_relation_filepath(c.oid) IS NOT NULL`,
  );
  return new Map(
    rows.map(({ name, oid, path, toast, index }) => [
      name,
      { oid, path, ...(toast ? { toast } : {}), ...(index ? { toastIndex: index } : {}) },
    ]),
  );
}

export interface Trial {
  readonly report: SuiteReport;
  readonly prepared: Prepared;
  /** Milliseconds of copy, start, preparation and suite. */
  readonly ms: Readonly<Record<'copy' | 'start' | 'prepare' | 'suite', number>>;
}

/** Answers what the suite needs for a copy of the lab's source; the verifier's URL is for the copy given. */
export function verifyOptions(lab: Pick<Lab, 'manifest'>, url: string, connections = 2): VerifyOptions {
  return {
    url,
    manifest: lab.manifest,
    connections,
    checkTimeoutMs: 60_000,
    sampleAboveBytes: 1e12,
    criticalTables: lab.manifest.tables.some(({ table }) => table === 'rows_critical_gone')
      ? ['harm.rows_critical_gone']
      : [],
    allowedLosses: {},
    rules: [],
    probes: [],
    expectedSettings: { max_logical_replication_workers: '0' },
    rpoMs: 3_600_000,
    ...(lab.manifest.tables.some(({ table }) => table === 'newest_rows_missing')
      ? { freshnessSql: 'SELECT max(at) FROM harm.newest_rows_missing' }
      : {}),
    nowMs: Date.now(),
    physical: true,
  };
}

/** A harmed copy that runs, for other tools too: page faults first, then SQL. The caller removes the cluster. */
export async function harmedCopy(
  lab: Lab,
  faults: readonly Fault[],
  mode: Mode,
): Promise<{
  readonly cluster: Cluster;
  readonly server: Started;
  readonly database: string;
  readonly copyMs: number;
}> {
  const started = performance.now();
  const origin = faults.find(({ from }) => from !== undefined)?.from ?? 'source';
  const database = origin === 'sibling' ? SIBLING : DATABASE;
  const cluster = await lab.copy(origin);
  try {
    const atRest: AtRest = copyAtRest(cluster.data, lab.facts, mode);
    for (const fault of faults) await fault.atRest?.(atRest);
    const copyMs = performance.now() - started;
    const settings = Object.assign({}, SOURCE_SETTINGS, ...faults.map((fault) => fault.settings ?? {}));
    const server = await cluster.start(settings);
    for (const { sql } of faults) if (sql) await server.run(database, sql);
    return { cluster, server, database, copyMs };
  } catch (error) {
    await cluster.remove();
    throw error;
  }
}

/** One copy with these faults through the suite; everything of it is gone when this answers. */
export async function tryFaults(
  suite: RestoreSuite,
  lab: Lab,
  faults: readonly Fault[],
  mode: Mode = 'silent',
): Promise<Trial> {
  const began = performance.now();
  const { cluster, server, database, copyMs } = await harmedCopy(lab, faults, mode);
  try {
    const running = performance.now();
    const verifierPassword = 'only-here';
    const prepared = await suite.prepareCopy({ url: server.url(database), verifierPassword });
    for (const { afterwards } of faults) if (afterwards) await server.run(database, afterwards);
    const ready = performance.now();
    const report = await suite.verifyDatabase(verifyOptions(lab, server.url(database, 'mainstay_verifier')));
    const ms = {
      copy: copyMs,
      start: running - began - copyMs,
      prepare: ready - running,
      suite: performance.now() - ready,
    };
    return { report, prepared, ms };
  } finally {
    await cluster.remove();
  }
}

export const expectationsOf = (
  fault: Fault,
  lab: Pick<Lab, 'facts' | 'major' | 'checksums'>,
): readonly Expectation[] => (typeof fault.expects === 'function' ? fault.expects(lab.facts, lab) : fault.expects);

/** The checks that meet an expectation. With a page that checksums tell of, every reader of it may be the one to say so. */
export function findings(
  report: SuiteReport,
  { name }: Fault,
  { kinds, names = name, state = 'fail' }: Expectation,
  mode: Mode = 'silent',
): readonly CheckResult[] {
  // What is only suspicious of an open table is a failure of one that is proven closed.
  const isWorse = (check: CheckResult) => check.state === state || check.state === 'fail';
  return report.checks.filter(
    (check) =>
      isWorse(check) &&
      (mode === 'noisy' || kinds.includes(check.kind)) &&
      `${check.object} ${check.says}`.includes(names),
  );
}

/** What is said of all together: `446 of 448 indexes are valid`. */
const SUMMARIES = [DATABASE, 'pg_catalog'];

/** Failed checks that no fault of the copy accounts for: a false FAIL beside true ones. */
export function unaccounted(report: SuiteReport, faults: readonly Fault[], lab: Lab): readonly CheckResult[] {
  const words = faults.flatMap((fault) => {
    const facts = lab.facts.get(`harm.${fault.name}`);
    const named = expectationsOf(fault, lab).flatMap(({ names }) => (names === undefined ? [] : [names]));
    return [
      fault.name,
      ...named,
      ...(fault.also ?? []),
      ...(facts?.toast ? [facts.toast] : []),
      ...(facts?.toastIndex ? [facts.toastIndex] : []),
    ];
  });
  return report.checks.filter(
    (check) =>
      check.state === 'fail' &&
      !SUMMARIES.includes(check.object) &&
      !words.some((word) => `${check.object} ${check.says}`.includes(word)),
  );
}
