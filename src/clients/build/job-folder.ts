import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildEnd } from '../../core/build/build-outcome.ts';
import { CodedError } from '../../errors/coded-error.ts';
import { processScope, startTimeOf } from './process-identity.mjs';

/** Without a way to look at the process itself, it counts as gone after this long without a sign. */
const SILENT_MS = 15_000;
const KEEP_MS = 7 * 24 * 3_600_000;

/** Who runs the build; written by the runner. */
export interface Owner {
  readonly pid: number;
  readonly startTime?: string;
  readonly scope?: string;
  readonly startedAtMs: number;
}

/** The files of one build: job.json, owner.json, command.json, alive, stop.json, log.txt, result.json. */
export class JobFolder {
  readonly path: string;

  constructor(root: string, jobId: string) {
    if (!/^[a-z0-9][a-z0-9-]{0,99}$/.test(jobId)) {
      throw new CodedError(
        'InvalidInput',
        `build job ${jobId.slice(0, 120)}: expected lower-case letters, digits and dashes`,
      );
    }
    this.path = join(root, jobId);
  }

  get logPath(): string {
    return join(this.path, 'log.txt');
  }

  async create(job: unknown): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    await this.publish('job.json', job);
  }

  /** True when somebody asked for this build on this host. */
  async exists(): Promise<boolean> {
    return (await this.#read('job.json')) !== undefined;
  }

  async owner(): Promise<Owner | undefined> {
    return (await this.#read('owner.json')) as Owner | undefined;
  }

  async result(): Promise<BuildEnd | undefined> {
    return (await this.#read('result.json')) as BuildEnd | undefined;
  }

  /** Writes a whole file or nothing; the first one counts. */
  async publish(name: string, content: unknown): Promise<void> {
    const draft = join(this.path, `${name}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
    await writeFile(draft, JSON.stringify(content), { mode: 0o600 });
    try {
      await link(draft, join(this.path, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      await rm(draft, { force: true });
    }
  }

  /** Whether the runner is there still. */
  async isAlive(owner: Owner, nowMs: number): Promise<boolean> {
    if (owner.scope !== undefined && owner.scope === processScope()) return startTimeOf(owner.pid) === owner.startTime;
    const alive = await stat(join(this.path, 'alive')).catch(() => undefined);
    return alive !== undefined && nowMs - alive.mtimeMs < SILENT_MS;
  }

  /** Kills the groups of command and runner, when they can be told from strangers that got their pids. */
  async killAll(owner: Owner | undefined): Promise<void> {
    if (owner?.scope === undefined || owner.scope !== processScope()) return;
    const command = (await this.#read('command.json')) as Pick<Owner, 'pid' | 'startTime'> | undefined;
    for (const target of [command, owner]) {
      if (target?.startTime === undefined || startTimeOf(target.pid) !== target.startTime) continue;
      try {
        process.kill(-target.pid, 'SIGKILL');
      } catch {
        // It ended in between.
      }
    }
  }

  /** Last lines of the log that are not empty, oldest first. */
  async logTail(lines: number): Promise<readonly string[]> {
    const file = await open(this.logPath).catch(() => undefined);
    if (!file) return [];
    try {
      const { size } = await file.stat();
      const length = Math.min(size, 16_384);
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
      const text = buffer.toString('utf8').split('\n');
      return text
        .filter((line) => line.trim() !== '')
        .slice(-lines)
        .map((line) => line.slice(0, 500));
    } finally {
      await file.close();
    }
  }

  async #read(name: string): Promise<unknown> {
    try {
      return JSON.parse(await readFile(join(this.path, name), 'utf8')) as unknown;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

/** Removes the folders of builds that ended more than a week ago. Never fails: it is housekeeping. */
export async function removeOldJobs(root: string, nowMs: number): Promise<void> {
  for (const name of await readdir(root).catch(() => [])) {
    const result = await stat(join(root, name, 'result.json')).catch(() => undefined);
    if (!result || nowMs - result.mtimeMs < KEEP_MS) continue;
    await rm(join(root, name), { recursive: true, force: true }).catch(() => {});
  }
}
