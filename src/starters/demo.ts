/** `mainstay demo`: everything on this machine, a good deployment, a bad one that is caught, and where to look. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { spanInWords } from '../core/status/words.ts';
import { CommandError } from './command-error.ts';
import { deploy } from './deploy.ts';
import type { RunningChild } from './demo/child-process.ts';
import { countedBetween, readRouterCounts } from './demo/router-counters.ts';
import { type DemoServer, startTemporal } from './demo/temporal-server.ts';
import { type DemoTools, findTools } from './demo/tools.ts';
import { whereToLook } from './demo/where-to-look.ts';
import { DEMO_CATALOGUE, MAINSTAY, spawnWorker, startWorker, workerState } from './demo/worker-process.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { bringUp, takeDown } from './sandbox/process.ts';
import type { Output } from './view/screen.ts';
import { type Style, styleFor } from './view/style.ts';

const REQUESTS_PER_SECOND = 80;
const GOOD = 'v1.4.2';
const BAD = 'v1.5.0-errors';
const WORKER_RESTART_MS = 2_000;

export function demoCommand(): Command {
  return new Command('demo')
    .description('everything on this machine: a good deployment, then a bad one that is caught')
    .option('--exit', 'end when it is done, also in a terminal')
    .action(async ({ exit }: { readonly exit?: boolean }) => {
      process.exitCode = await demo(process.stdout, process.stdout.isTTY && exit !== true);
    });
}

/** What was started so far, in order; ended in the opposite order. */
type Ending = () => Promise<unknown>;

interface Demo {
  readonly output: Output;
  readonly style: Style;
  readonly signal: AbortSignal;
  readonly endings: Ending[];
  readonly folder: string;
}

/** Exit code 0 only when the good version was promoted and the bad one was rolled back. */
export async function demo(output: Output, staysUp: boolean): Promise<number> {
  const leaving = new AbortController();
  const leave = (): void => leaving.abort(new CommandError('detached', 'the demo was ended before its end'));
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, leave);
  // A reader that is gone (`| head`) ends the demo as a signal does, instead of an error in the middle of nowhere.
  process.stdout.on('error', leave);
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-demo-'));
  // As root the ledger's Postgres runs as another account, which must be able to walk to its own folder.
  if (process.getuid?.() === 0) await chmod(folder, 0o711);
  const endings: Ending[] = [];
  const running: Demo = { output, style: styleFor(output), signal: leaving.signal, endings, folder };
  try {
    const code = await play(running, staysUp);
    endings.unshift(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    return code;
  } catch (error) {
    if (leaving.signal.aborted) endings.unshift(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    else say(running, `what went wrong can be read in the logs of ${folder}`);
    throw leaving.signal.aborted ? leaving.signal.reason : error;
  } finally {
    say(running, 'ending what the demo started');
    for (const end of endings.toReversed()) await end().catch((error: unknown) => say(running, String(error)));
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, leave);
    process.stdout.off('error', leave);
  }
}

async function play(running: Demo, staysUp: boolean): Promise<number> {
  const startedAtMs = Date.now();
  const stage = await setStage(running);
  say(running, `everything runs after ${spanInWords(Date.now() - startedAtMs)}`);

  heading(running, `1  A good version: crm-api ${GOOD}, step by step under ${REQUESTS_PER_SECOND} requests per second`);
  const good = await deployVersion(running, stage, GOOD);
  heading(running, `2  A bad version: crm-api ${BAD} answers some requests with errors`);
  const bad = good === EXIT_CODES.ok.code ? await deployVersion(running, stage, BAD) : undefined;

  const isWell = good === EXIT_CODES.ok.code && bad === EXIT_CODES.rolledBack.code;
  const took = spanInWords(Date.now() - startedAtMs);
  heading(
    running,
    isWell ? `Done in ${took}: the good version serves, the bad one was caught` : `Not as it should be (${took})`,
  );
  if (!isWell) {
    throw new CommandError(
      'noResult',
      `expected exit codes 0 and 10 of the deployments, found ${good} and ${bad ?? 'none'}`,
      [`the log of the worker: ${join(running.folder, 'worker.log')}`],
    );
  }
  const { server, tools, sandbox } = stage;
  const page = whereToLook(
    {
      temporal: server.address,
      ui: server.ui,
      kubeconfig: sandbox.kubeconfig,
      kubectl: tools.kubectl,
      sandboxState: sandboxFolder(running),
      binFolder: dirname(MAINSTAY),
      workerState: workerState(running.folder),
      workerPid: stage.worker().pid,
      workerLog: stage.worker().logFile,
    },
    running.style,
  );
  for (const line of page) running.output.write(`${line}\n`);
  if (staysUp) await stayUp(running);
  else running.output.write('\nAll of it is ended now. In a terminal the demo stays up until Ctrl-C.\n');
  return EXIT_CODES.ok.code;
}

interface Stage {
  readonly server: DemoServer;
  readonly tools: DemoTools;
  readonly sandbox: { readonly kubeconfig: string; readonly routerAdmin: string };
  /** The one that runs now. */
  worker(): RunningChild;
}

async function setStage(running: Demo): Promise<Stage> {
  const { folder, endings, signal } = running;
  const tools = await findTools();
  say(running, `logs and state are in ${folder}`);
  say(running, 'starting a Temporal server');
  const server = await startTemporal(folder, tools, signal);
  endings.push(() => server.child.stop());
  say(running, 'starting the sandbox: Kubernetes API, registry, router, load, and the example company in it');
  const stateDir = sandboxFolder(running);
  endings.push(() => takeDown(stateDir));
  const { status } = await bringUp({
    stateDir,
    rps: REQUESTS_PER_SECOND,
    seed: true,
    onStep: (step) => {
      say(running, `  ${step}`);
      signal.throwIfAborted();
    },
  });
  endAtExit(status.pid, running);
  const sandbox = status.running;
  if (!sandbox) throw new Error(`the sandbox in ${stateDir} is ready but tells no addresses`);
  say(running, 'starting a worker');
  const env = {
    ...process.env,
    KUBECONFIG: sandbox.kubeconfig,
    MAINSTAY_CONFIG: DEMO_CATALOGUE,
    MAINSTAY_REGISTRY: sandbox.registry,
    MAINSTAY_SANDBOX_ROUTER_ADMIN: sandbox.routerAdmin,
  };
  process.env.MAINSTAY_CONFIG = DEMO_CATALOGUE;
  let worker = await startWorker(folder, env, signal);
  const supervising = superviseWorker(running, () => {
    if (worker.ended() !== undefined) worker = spawnWorker(folder, env);
    return worker;
  });
  endings.push(async () => {
    supervising.stop();
    await worker.stop();
  });
  return { server, tools, sandbox, worker: () => worker };
}

/** The net under the endings: a demo that falls over takes its sandbox with it. */
function endAtExit(pid: number, { endings }: Demo): void {
  const end = (): void => {
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // it is gone already
    }
  };
  process.once('exit', end);
  endings.unshift(async () => void process.off('exit', end));
}

/** A worker that was killed is started again, as a service manager would. */
function superviseWorker(running: Demo, revive: () => RunningChild): { stop(): void } {
  let pid = revive().pid;
  const timer = setInterval(() => {
    const now = revive();
    if (now.pid !== pid && !running.signal.aborted)
      say(running, `the worker (pid ${pid}) was gone; started another one, pid ${now.pid}`);
    pid = now.pid;
  }, WORKER_RESTART_MS);
  return { stop: () => clearInterval(timer) };
}

function sandboxFolder({ folder }: Demo): string {
  return join(folder, 'sandbox');
}

/** Returns the exit code of the deployment, after telling what the router counted meanwhile. */
async function deployVersion(running: Demo, { sandbox }: Stage, version: string): Promise<number> {
  running.signal.throwIfAborted();
  const before = await readRouterCounts(sandbox.routerAdmin);
  const options = { environment: 'demo', version, reason: 'the demo', by: 'release-manager' };
  const code = await deploy('crm-api', options, running.output);
  running.signal.throwIfAborted();
  const { canary, all } = countedBetween(before, await readRouterCounts(sandbox.routerAdmin));
  const share = all.requests === 0 ? 0 : (100 * canary.requests) / all.requests;
  say(
    running,
    `the router counted ${all.requests} requests meanwhile: ${canary.requests} (${share.toFixed(1)} %) reached the canary of ${version}, ${canary.failed} of them failed; ${all.failed - canary.failed} failed elsewhere`,
  );
  return code;
}

async function stayUp({ signal, output }: Demo): Promise<void> {
  output.write('\nThe demo stays up until Ctrl-C.\n');
  await delay(2 ** 31 - 1, undefined, { signal }).catch(() => undefined);
}

function heading({ output, style }: Demo, text: string): void {
  output.write(`\n${style.bold(text)}\n\n`);
}

function say({ output, style }: Demo, line: string): void {
  output.write(`${style.dim(`demo: ${line}`)}\n`);
}
