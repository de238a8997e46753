/** What others would look at a copy with, and whether they say that something is wrong. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Manifest } from '../../src/core/model/restore.ts';
import { withClient } from '../../test/restore-suite/harness/cluster.ts';
import { findProgram, type Programs } from '../../test/restore-suite/harness/programs.ts';

/** True: it says that something is wrong. Undefined: there is no such program for the version. */
export type Said = boolean | undefined;

export interface Ended {
  readonly code: number;
  readonly cpuMs: number;
}

/** A program with its output thrown away; CPU time of itself only. */
export async function runProgram(program: string, argv: readonly string[]): Promise<Ended> {
  const child = spawn(
    '/bin/sh',
    ['-c', '"$0" "$@" >/dev/null 2>&1; code=$?; times >&3; exit $code', program, ...argv],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    },
  );
  let times = '';
  child.stdio[3]?.on('data', (chunk: Buffer) => (times += chunk.toString()));
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit) => resolve(exit ?? 1));
  });
  return { code, cpuMs: childTimes(times) };
}

/** The second line of `times`: user and system time of the children, `0m1.234s 0m0.567s`. */
function childTimes(text: string): number {
  const [, line = ''] = text.split('\n');
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, minutes, seconds]) => {
    return sum + Number(minutes) * 60_000 + Number(seconds) * 1000;
  }, 0);
}

/** A dump that nobody keeps: it reads every heap once. */
export async function pgDump(
  programs: Programs,
  url: string,
): Promise<(Ended & { readonly said: boolean }) | undefined> {
  const program = findProgram(programs, 'pg_dump');
  if (!program) return undefined;
  const ended = await runProgram(program, ['-d', url, '-f', '/dev/null']);
  return { ...ended, said: ended.code !== 0 };
}

/** A base backup of a running server, with its manifest; false when it could not be made. */
export async function baseBackup(programs: Programs, url: string, folder: string): Promise<boolean | undefined> {
  const program = findProgram(programs, 'pg_basebackup');
  if (!program) return undefined;
  return (await runProgram(program, ['-d', url, '-D', folder, '-c', 'fast', '-X', 'none', '--no-sync'])).code === 0;
}

export async function verifyBackup(programs: Programs, folder: string): Promise<Ended & { readonly said: boolean }> {
  const program = join(programs.bin, 'pg_verifybackup');
  const ended = await runProgram(program, ['-n', '-q', folder]);
  return { ...ended, said: ended.code !== 0 };
}

/** amcheck over everything it has a checker for, as its own program does it, with every row looked up in each index. */
export async function amcheckAlone(url: string, major: number): Promise<boolean> {
  return withClient(url, async (client) => {
    await client.query('CREATE EXTENSION IF NOT EXISTS amcheck');
    // Where a copy that was prepared has it.
    await client.query('SET search_path = public, mainstay_verify, pg_catalog');
    const { rows } = await client.query<{ sql: string }>(
      `SELECT CASE WHEN a.amname = 'btree' THEN format('SELECT bt_index_check(%s::regclass, true)', c.oid)
         ELSE format('SELECT msg FROM verify_heapam(%s::regclass, check_toast => true)', c.oid) END AS sql
       FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_am a ON a.oid = c.relam
       WHERE c.relpersistence <> 't' AND (c.relkind IN ('r', 'm', 't') OR (a.amname = 'btree' AND c.relkind = 'i' AND i.indisvalid AND i.indisready))
       ${major >= 18 ? `UNION ALL SELECT format('SELECT gin_index_check(%s::regclass)', c.oid) FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'gin' AND c.relkind = 'i'` : ''}`,
    );
    for (const { sql } of rows) {
      try {
        const found = await client.query<{ msg?: string }>(sql);
        if (found.rows.some(({ msg }) => msg !== undefined)) return true;
      } catch {
        return true;
      }
    }
    return false;
  }).catch(() => true);
}

/** As many rows in each table as the manifest has. */
export async function countsAlone(url: string, manifest: Manifest): Promise<boolean> {
  return withClient(url, async (client) => {
    for (const { schema, table, rows: wanted } of manifest.tables) {
      const name = [schema, table].map((part) => client.escapeIdentifier(part)).join('.');
      const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${name}`);
      if (Number(rows[0]?.count) !== wanted) return true;
    }
    return false;
  }).catch(() => true);
}
