/**
 * A consistent copy of a running server's data directory, with the WAL that makes it so inside. One session holds the
 * backup from start to stop; files change while they are copied, and the WAL mends that.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import type { Account } from '../../../../clients/postgres/account.ts';
import { runToEnd } from '../../../../clients/postgres/server-process.ts';
import { CodedError } from '../../../../errors/coded-error.ts';
import { type AdminTarget, asAdmin, one } from './admin.ts';
import { makeFolder, writeFor } from './places.ts';
import { type WalRange, walNames, walRange } from './wal-names.ts';

/** What stands beside a copy. Times are of the server's clock. */
export interface BaseFacts {
  readonly resourceId: string;
  readonly major: number;
  readonly timeline: number;
  readonly segmentBytes: number;
  readonly startLsn: string;
  readonly stopLsn: string;
  /** Before the backup was stopped: every commit until then is in the copy. */
  readonly completeUntilMs: number;
  /** After it was stopped: no commit later than this is in the copy. */
  readonly stoppedMs: number;
}

/** The WAL that makes the copy consistent. */
export function walRangeOf(base: BaseFacts): WalRange {
  return walRange(base.timeline, base.startLsn, base.stopLsn, base.segmentBytes);
}

export interface CopyWish {
  readonly resourceId: string;
  readonly major: number;
  readonly admin: AdminTarget;
  readonly account: Account | undefined;
  readonly dataDir: string;
  /** Becomes the copied data directory; must not be there. */
  readonly target: string;
}

/** Contents belong to the running server, not to its data; the folders themselves are needed. */
const EMPTIED = [
  'pg_wal',
  'pg_replslot',
  'pg_subtrans',
  'pg_notify',
  'pg_dynshmem',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
].map((name) => `./${name}/*`);
const LEFT_OUT = [
  './postmaster.pid',
  './postmaster.opts',
  './backup_label*',
  './*.signal',
  // Copied last: on a replica its end of recovery must not be older than any page.
  './global/pg_control',
  'pgsql_tmp*',
  'pg_internal.init*',
];

/** Answers 1 of tar (a file changed or went while it was read) are what a copy of a living server looks like. */
const TAR = `from=$1; to=$2; shift 2
{ tar -C "$from" -cf - "$@" .; [ $? -le 1 ] || kill -TERM $$; } | tar -C "$to" -xf -`;

export async function copyRunning(wish: CopyWish): Promise<BaseFacts> {
  return asAdmin(wish.admin, (client) => copyInSession(client, wish));
}

async function copyInSession(client: pg.Client, wish: CopyWish): Promise<BaseFacts> {
  await refuseTablespaces(client, wish);
  const segmentBytes = Number(await one(client, `SELECT setting FROM pg_settings WHERE name = 'wal_segment_size'`));
  // Ends with the session: until then no WAL that the copy needs is recycled.
  await client.query(`SELECT pg_create_physical_replication_slot('rds_copy_' || pg_backend_pid(), true, true)`);
  await client.query(`SELECT pg_backup_start('rds', true)`);
  await copyFiles(wish);
  const completeUntilMs = await clock(client);
  const { rows } = await client.query<{ lsn: string; labelfile: string; spcmapfile: string }>(
    'SELECT lsn::text, labelfile, spcmapfile FROM pg_backup_stop(false)',
  );
  const [stop] = rows;
  const started = /START WAL LOCATION: (\S+)[^]*START TIMELINE: (\d+)/.exec(stop?.labelfile ?? '');
  if (!stop || !started) throw broken(wish, 'a backup label', JSON.stringify(rows));
  const stoppedMs = (await clock(client)) + 1;
  await writeFor(wish.account, join(wish.target, 'backup_label'), stop.labelfile);
  const [startLsn, timeline] = [started[1] ?? '', Number(started[2])];
  const { resourceId, major } = wish;
  const stopLsn = stop.lsn;
  const facts = { resourceId, major, timeline, segmentBytes, startLsn, stopLsn, completeUntilMs, stoppedMs };
  await copyWal(wish, walNames(walRangeOf(facts), segmentBytes));
  return facts;
}

async function refuseTablespaces(client: pg.Client, wish: CopyWish): Promise<void> {
  const found = await one(
    client,
    `SELECT string_agg(spcname, ', ') FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')`,
  );
  if (found) throw broken(wish, 'no tablespaces', found);
}

async function copyFiles({ account, dataDir, target }: CopyWish): Promise<void> {
  await makeFolder(target, account);
  const but = [...EMPTIED, ...LEFT_OUT].map((pattern) => `--exclude=${pattern}`);
  await runToEnd('/bin/sh', ['-c', TAR, 'sh', dataDir, target, ...but], { account, cwd: '/' });
  await runToEnd('cp', ['-p', join(dataDir, 'global/pg_control'), join(target, 'global/pg_control')], {
    account,
    cwd: '/',
  });
}

/** A replica does not switch to a new file at the stop: its last one is copied as far as it is written. */
async function copyWal({ account, dataDir, target }: CopyWish, names: readonly string[]): Promise<void> {
  const [from, to] = [join(dataDir, 'pg_wal'), join(target, 'pg_wal')];
  const histories = (await readdir(from)).filter((name) => name.endsWith('.history'));
  await runToEnd('cp', ['-p', ...[...names, ...histories].map((name) => join(from, name)), to], { account, cwd: '/' });
}

async function clock(client: pg.Client): Promise<number> {
  return Math.floor(Number(await one(client, 'SELECT extract(epoch FROM clock_timestamp()) * 1000')));
}

function broken({ dataDir }: CopyWish, expected: string, seen: string): CodedError {
  return new CodedError('PreconditionFailed', `copy of Postgres in ${dataDir}: expected ${expected}, found ${seen}`);
}

/** A whole copy of a folder that nobody writes to; never hard links. */
export async function copyResting(from: string, to: string, account: Account | undefined): Promise<void> {
  await runToEnd('cp', ['-a', from, to], { account, cwd: '/' });
}
