import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { BuildEnd } from '../../core/build/build-outcome.ts';
import { CodedError } from '../../errors/coded-error.ts';
import { JobFolder, type Owner, removeOldJobs } from './job-folder.ts';
import type { BuildJobs, BuildRequest, BuildSight } from './port.ts';

const RUNNER = fileURLToPath(new URL('./build-runner.mjs', import.meta.url));
const START_WITHIN_MS = 10_000;
const STOP_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 25;

export interface LocalBuildOptions {
  /** Job folders are made in `<stateDir>/builds`; it must be the same for every worker that may take over. */
  readonly stateDir: string;
  /** What the command inherits; settings and credentials of Mainstay and Temporal are left out. */
  readonly inherited: NodeJS.ProcessEnv;
}

/**
 * Builds by a local command, each under a runner of its own that survives this process: the next worker on the same
 * host and state directory adopts it. Other hosts know nothing of it.
 */
export function createLocalBuilds(options: LocalBuildOptions): BuildJobs {
  const root = join(options.stateDir, 'builds');

  async function look(jobId: string): Promise<BuildSight> {
    const folder = new JobFolder(root, jobId);
    const owner = await folder.owner();
    if (!owner) return { state: 'absent' };
    const isAlive = await folder.isAlive(owner, Date.now());
    // Read after the process was looked at: a runner publishes its result before it goes.
    const end = (await folder.result()) ?? (isAlive ? undefined : await recordVanished(folder, owner));
    if (end) return { state: 'ended', end, logPath: folder.logPath };
    return { state: 'running', startedAtMs: owner.startedAtMs, lastLine: (await folder.logTail(1))[0] ?? '' };
  }

  return {
    async start(request) {
      const folder = new JobFolder(root, request.jobId);
      await makeFolder(root);
      if ((await look(request.jobId)).state !== 'absent') return;
      await removeOldJobs(root, Date.now());
      const { command, directory, timeoutMs, secretNames } = request;
      await folder.create({ command, directory, timeoutMs, secretNames });
      await spawnRunner(folder, request, options.inherited, async () => (await look(request.jobId)).state !== 'absent');
    },

    look,

    async stop(jobId, why) {
      const folder = new JobFolder(root, jobId);
      if ((await look(jobId)).state !== 'running') return;
      await folder.publish('stop.json', { why });
      const untilMs = Date.now() + STOP_WITHIN_MS;
      while (Date.now() < untilMs) {
        if ((await look(jobId)).state !== 'running') return;
        await delay(LOOK_EVERY_MS * 4);
      }
      await folder.killAll(await folder.owner());
    },
  };
}

async function makeFolder(root: string): Promise<void> {
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new CodedError('Unavailable', `state directory for builds ${root}: ${said}`, { cause: error });
  }
}

/** Starts a runner and returns when some runner has the job: this one, or one that a killed worker started before. */
async function spawnRunner(
  folder: JobFolder,
  request: BuildRequest,
  inherited: NodeJS.ProcessEnv,
  isTaken: () => Promise<boolean>,
): Promise<void> {
  const kept = Object.entries(inherited).filter(([name]) => !/^(MAINSTAY|TEMPORAL)_/.test(name));
  const environment = { ...Object.fromEntries(kept), ...request.environment };
  // Secrets go by the environment, never by a file or the command line.
  const runner = spawn(process.execPath, [RUNNER, folder.path], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: environment,
  });
  runner.unref();
  let ended: string | undefined;
  let said = '';
  runner.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString('utf8')}`.slice(-2000);
  });
  runner.once('error', (error) => {
    ended = error.message;
  });
  runner.once('exit', (code, signal) => {
    ended ??= `it ended with ${signal ?? `code ${code}`}`;
  });
  try {
    const untilMs = Date.now() + START_WITHIN_MS;
    while (Date.now() < untilMs) {
      if (await isTaken()) return;
      if (ended !== undefined && !(await isTaken())) break;
      await delay(LOOK_EVERY_MS);
    }
    const why = ended ?? `it did not take the job within ${START_WITHIN_MS / 1000} s`;
    throw new CodedError(
      'Unavailable',
      `build job ${request.jobId}: the build runner did not start: ${why} ${said.trim()}`.trim(),
    );
  } finally {
    runner.stderr.destroy();
  }
}

/** The runner is gone and left no result: machine restarted, out of memory, killed. The command must not go on alone. */
async function recordVanished(folder: JobFolder, owner: Owner): Promise<BuildEnd | undefined> {
  await folder.killAll(owner);
  const end: BuildEnd = {
    ended: 'vanished',
    exitCode: null,
    signal: null,
    startedAtMs: owner.startedAtMs,
    endedAtMs: Date.now(),
    lastOutputLine: '',
    tail: await folder.logTail(20),
    problem: `process ${owner.pid} is gone and left no result (killed, out of memory, or the host restarted)`,
  };
  await folder.publish('result.json', end);
  return folder.result();
}
