/**
 * Which processes serve a data directory. They are found by their working directory: `postmaster.pid` is copied with a
 * folder, or left behind, and then names a server that is someone else's.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { findPostmaster } from '../../../../clients/postgres/server-process.ts';
import { CodedError } from '../../../../errors/coded-error.ts';

export interface ServingProcesses {
  readonly postmaster: number | undefined;
  /** Backends and workers; without a postmaster they are what a killed one left. */
  readonly others: readonly number[];
}

const POLL_MS = 15;
const IMMEDIATE_MS = 5_000;

export async function processesOf(dataDir: string): Promise<ServingProcesses> {
  const pids = await pidsIn(dataDir);
  if (pids === undefined) return { postmaster: (await findPostmaster(dataDir))?.pid, others: [] };
  const kinds = await Promise.all(pids.map(async (pid) => ({ pid, isChild: await isChild(pid) })));
  return {
    postmaster: kinds.find((each) => each.isChild === false)?.pid,
    others: kinds.filter((each) => each.isChild === true).map((each) => each.pid),
  };
}

/** Undefined where there is no /proc. */
async function pidsIn(folder: string): Promise<number[] | undefined> {
  const names = await readdir('/proc').catch(() => undefined);
  if (names === undefined || !names.includes('self')) return undefined;
  const there = await Promise.all(
    names.map(async (name) => {
      if (!/^\d+$/.test(name)) return undefined;
      const cwd = await readlink(`/proc/${name}/cwd`).catch(() => '');
      return cwd === folder || cwd === `${folder} (deleted)` ? Number(name) : undefined;
    }),
  );
  return there.filter((pid) => pid !== undefined);
}

/** Children of a postmaster call themselves `postgres: checkpointer`; undefined for what is no Postgres or gone. */
async function isChild(pid: number): Promise<boolean | undefined> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (line.startsWith('postgres:')) return true;
  return line.split('\0')[0]?.endsWith('postgres') ? false : undefined;
}

/** Immediate shutdown, then kill; returns when no process serves the folder any more. Gone already is success. */
export async function endImmediately(dataDir: string): Promise<void> {
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    const deadlineMs = Date.now() + IMMEDIATE_MS;
    let sent = false;
    while (Date.now() < deadlineMs) {
      const { postmaster, others } = await processesOf(dataDir);
      if (postmaster === undefined && others.length === 0) return;
      if (!sent)
        sendTo(signal === 'SIGQUIT' && postmaster !== undefined ? [postmaster] : [...others, postmaster], signal);
      sent = true;
      await delay(POLL_MS);
    }
  }
  throw new CodedError('Unavailable', `Postgres in ${dataDir}: expected its processes to end, found that they do not`);
}

/** A start fails while backends of a killed postmaster live. They hold nothing worth keeping: the server is gone. */
export async function endOrphans(dataDir: string): Promise<void> {
  const { postmaster } = await processesOf(dataDir);
  if (postmaster === undefined) await endImmediately(dataDir);
}

function sendTo(pids: readonly (number | undefined)[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      if (pid !== undefined) process.kill(pid, signal);
    } catch {
      // It ended meanwhile.
    }
  }
}
