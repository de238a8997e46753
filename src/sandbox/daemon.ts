// The sandbox as a process of its own. Started by `mainstay sandbox up`, ended by SIGTERM.
import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { startControl } from './control.ts';
import { claimStateDir, releaseStateDir, writeDaemonState } from './daemon-state.ts';
import { onPort } from './preferred-port.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';
import type { SandboxStatus } from './status.ts';

/** Where a sandbox listens when nobody else does: the catalogue of the example company names the registry's. */
const WISHED_PORTS = {
  api: 7443,
  registry: 7050,
  router: 7080,
  routerAdmin: 7081,
  control: 7090,
  prometheus: 7092,
  aws: 7094,
};
const CLOSE_LIMIT_MS = 12_000;

const { values } = parseArgs({
  options: {
    state: { type: 'string' },
    rps: { type: 'string', default: '50' },
    'watch-window': { type: 'string' },
    'no-seed': { type: 'boolean', default: false },
    prometheus: { type: 'boolean', default: false },
    aws: { type: 'boolean', default: false },
    'aws-clock': { type: 'string' },
  },
});
const stateDir = resolve(values.state ?? '.mainstay/sandbox');
const startedAt = new Date().toISOString();
const ending = new AbortController();
let sandbox: Sandbox | undefined;
let phase: SandboxStatus['phase'] = 'starting';
let step = 'starting';

function log(message: string): void {
  console.log(`${new Date().toISOString()} ${message}`);
}

try {
  await run();
} catch (error) {
  const isOrdered = ending.signal.aborted;
  if (!isOrdered) log(`failed: ${error instanceof Error ? error.message : String(error)}`);
  await releaseStateDir(stateDir, process.pid);
  process.exit(isOrdered ? 0 : 1);
}

async function run(): Promise<void> {
  await claimStateDir(stateDir, { pid: process.pid, startedAt });
  process.on('SIGTERM', () => void end('SIGTERM'));
  process.on('SIGINT', () => void end('SIGINT'));
  process.on('unhandledRejection', (reason) =>
    log(`unhandled: ${reason instanceof Error ? reason.stack : String(reason)}`),
  );

  const control = await onPort(WISHED_PORTS.control, (port) =>
    startControl({ port, sandbox: () => (phase === 'ready' ? sandbox : undefined), status }),
  );
  await writeDaemonState(stateDir, { pid: process.pid, startedAt, control: control.url });
  log(`control server at ${control.url}`);

  async function status(): Promise<SandboxStatus> {
    const common = { pid: process.pid, stateDir, startedAt, control: control.url, phase, step };
    return sandbox && phase === 'ready' ? { ...common, running: await sandbox.status() } : common;
  }

  const window = values['watch-window'];
  const clock = values['aws-clock'];
  sandbox = await startSandbox({
    stateDir,
    ports: WISHED_PORTS,
    rps: Number(values.rps),
    seed: !values['no-seed'],
    prometheus: values.prometheus,
    database: !values['no-seed'],
    aws: values.aws && (clock === undefined || { clockFactor: Number(clock) }),
    ...(window === undefined ? {} : { apiWatchWindow: Number(window) }),
    signal: ending.signal,
    onPhase: (text) => {
      step = text;
      log(text);
    },
    reportProblem: (part, problem) => log(`${part}: ${problem.message}`),
  });
  // The order to end came in the last moment of the start.
  if (ending.signal.aborted) {
    await sandbox.close();
    ending.signal.throwIfAborted();
  }
  phase = 'ready';
  step = 'serving';
  log('ready');
}

/** Ends pods and servers, gives the folder back, and leaves; also when a part hangs. */
async function end(reason: string): Promise<void> {
  if (phase === 'stopping') return;
  phase = 'stopping';
  step = 'ending the pods';
  log(`ending: ${reason}`);
  ending.abort(new Error('the sandbox is being ended'));
  setTimeout(() => {
    log(`some part did not end within ${CLOSE_LIMIT_MS} ms`);
    process.exit(1);
  }, CLOSE_LIMIT_MS);
  // A start under way ends by the signal and releases the folder itself.
  if (!sandbox) return;
  await sandbox.close().catch((error: unknown) => log(`close: ${String(error)}`));
  await releaseStateDir(stateDir, process.pid);
  log('ended');
  process.exit(0);
}
