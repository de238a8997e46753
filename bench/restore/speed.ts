/** How long the suite takes over 2.5 million rows, and what it costs in CPU. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { CheckKind, CheckResult, Manifest } from '../../src/core/model/restore.ts';
import { restoreSuite as suite } from '../../src/restore-suite/index.ts';
import { Cluster, makeRoom, type Started } from '../../test/restore-suite/harness/cluster.ts';
import type { Programs } from '../../test/restore-suite/harness/programs.ts';
import { verifyOptions } from '../../test/restore-suite/harness/lab.ts';
import { amcheckAlone, baseBackup, countsAlone, pgDump, verifyBackup } from './tools.ts';

const DATABASE = 'shop';
const VERIFIER = 'mainstay_verifier';
const TICKS_PER_SECOND = 100;
const SETTLED_MS = 150;
/** Left out of the finding set: digests and indexes find all that they do, in a database with a manifest. */
const NOT_FINDING: readonly CheckKind[] = ['heap', 'foreignKey'];

export interface Timed {
  readonly what: string;
  readonly connections?: number;
  readonly wallS: number;
  /** Of the server's processes and the program that asks. */
  readonly cpuS: number;
  /** Load of the machine before it began, in processes that wanted to run. */
  readonly load: number;
}

export interface Speed {
  readonly major: number;
  readonly rows: number;
  readonly timed: readonly Timed[];
}

/** Orders and customers, four to one, as `rows` in all; closed, so that all of them are digested. */
const sqlOf = (rows: number): readonly string[] => [
  `CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL, since timestamptz NOT NULL)`,
  `INSERT INTO customers SELECT g, 'customer' || g || '@example.com', '2020-01-01Z'::timestamptz + g * interval '1 minute'
     FROM generate_series(1, ${rows / 5}) g`,
  `CREATE TABLE orders (id bigserial PRIMARY KEY, customer_id bigint NOT NULL, amount numeric(12,2) NOT NULL,
     state text NOT NULL, at timestamptz NOT NULL)`,
  `INSERT INTO orders (customer_id, amount, state, at) SELECT 1 + (g * 7919::bigint) % ${rows / 5}, (g % 100000) / 100.0,
     CASE WHEN g % 9 = 0 THEN 'open' ELSE 'paid' END, '2020-01-01Z'::timestamptz + g * interval '30 seconds'
     FROM generate_series(1, ${(rows / 5) * 4}) g`,
  `ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers`,
];

export async function timeIt(
  programs: Programs,
  options: { readonly rows: number; readonly rounds: number; readonly connections: readonly number[] },
): Promise<Speed> {
  const room = await makeRoom();
  const cluster = await Cluster.create(join(room, 'server'), { programs, checksums: false });
  try {
    const server = await cluster.start({ shared_buffers: '512MB', max_wal_size: '4GB' });
    await server.run('postgres', [`CREATE DATABASE ${DATABASE}`]);
    await server.run(DATABASE, [...sqlOf(options.rows), 'VACUUM ANALYZE', 'CHECKPOINT']);
    const url = server.url(DATABASE);
    const closedRanges = ['customers', 'orders'].map((table) => ({ schema: 'public', table }));
    const manifest = await suite.takeManifest({
      url,
      closedRanges,
      sampleAboveBytes: 1e12,
      canary: true,
      connections: 2,
    });
    await suite.prepareCopy({ url, verifierPassword: 'only-here' });
    const timed = [
      ...(await timeSuite(server, manifest, options)),
      ...(await timeOthers(programs, server, manifest, join(room, 'backup'))),
    ];
    return { major: programs.major, rows: options.rows, timed };
  } finally {
    await cluster.remove();
    rmSync(room, { recursive: true, force: true });
  }
}

async function timeSuite(
  server: Started,
  manifest: Manifest,
  { rounds, connections }: { readonly rounds: number; readonly connections: readonly number[] },
): Promise<readonly Timed[]> {
  const verify = (count: number, finished: readonly CheckResult[]) =>
    suite.verifyDatabase({ ...verifyOptions({ manifest }, server.url(DATABASE, VERIFIER), count), finished });
  const warm = await verify(2, []);
  if (warm.verdict !== 'PASS')
    throw new Error(`expected PASS of a copy that is well, found ${warm.reasons.join('; ')}`);
  const left = warm.checks.filter(({ kind }) => NOT_FINDING.includes(kind));
  const sets = [
    { what: 'finding set', finished: left },
    { what: 'everything', finished: [] },
  ];
  const timed: Timed[] = [];
  for (const { what, finished } of sets) {
    for (const count of connections) {
      const tries: Timed[] = [];
      for (let round = 0; round < rounds; round += 1)
        tries.push({ ...(await time(server.pid, what, () => verify(count, finished))), connections: count });
      timed.push(tries.toSorted((one, other) => one.wallS - other.wallS)[Math.floor((rounds - 1) / 2)] as Timed);
    }
  }
  return timed;
}

async function timeOthers(
  programs: Programs,
  server: Started,
  manifest: Manifest,
  folder: string,
): Promise<readonly Timed[]> {
  const url = server.url(DATABASE);
  const { major } = programs;
  const timed: Timed[] = [
    await time(server.pid, 'row counts alone', () => countsAlone(url, manifest)),
    await time(server.pid, 'amcheck alone', () => amcheckAlone(url, major)),
  ];
  const dumped = await time(server.pid, 'pg_dump to nothing', () => pgDump(programs, url));
  if (dumped.result) timed.push({ ...dumped, cpuS: dumped.cpuS + dumped.result.cpuMs / 1000 });
  if (await baseBackup(programs, url, folder)) {
    const verified = await time(server.pid, 'pg_verifybackup', () => verifyBackup(programs, folder));
    timed.push({ ...verified, cpuS: verified.cpuS + verified.result.cpuMs / 1000 });
  }
  return timed;
}

async function time<T>(pid: number, what: string, work: () => Promise<T>): Promise<Timed & { readonly result: T }> {
  const load = loadavg()[0] ?? 0;
  const [began, ours, theirs] = [performance.now(), process.cpuUsage(), serverCpuS(pid)];
  const result = await work();
  const wallS = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(ours);
  // A session's time is nobody's while its process ends.
  await delay(SETTLED_MS);
  return { what, wallS, cpuS: (user + system) / 1e6 + serverCpuS(pid) - theirs, load, result };
}

/** Seconds of the postmaster, of the sessions that ended (they count as its children) and of those that live. */
function serverCpuS(pid: number): number {
  const own = ticks(pid, 4);
  const living = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(Number(name)) === pid)
    .reduce((sum, name) => sum + ticks(Number(name), 2), 0);
  return (own + living) / TICKS_PER_SECOND;
}

/** Fields after the command's name, which may hold blanks. */
function fields(pid: number): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

const parentOf = (pid: number): number => Number(fields(pid)[1] ?? 0);

/** utime, stime and, with four, those of children that ended. */
const ticks = (pid: number, count: 2 | 4): number =>
  fields(pid)
    .slice(11, 11 + count)
    .reduce((sum, text) => sum + Number(text), 0);
