/** A Temporal server for the demo alone: free ports, nothing kept. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { CommandError } from '../command-error.ts';
import { openSession } from '../session.ts';
import { type RunningChild, startChild, untilReady } from './child-process.ts';
import type { DemoTools } from './tools.ts';

const START_LIMIT_MS = 30_000;
const NAMESPACE = 'default';

export interface DemoServer {
  readonly child: RunningChild;
  readonly address: string;
  readonly ui: string;
}

/** Starts the server and points this process at it. Throws a CommandError when it does not come up. */
export async function startTemporal(folder: string, tools: DemoTools, signal: AbortSignal): Promise<DemoServer> {
  if (tools.temporal === undefined) {
    throw new CommandError('unavailable', 'the demo needs the temporal command, and it was not found', [
      'from a clone: node tools/setup.mjs --for demo',
      'or set TEMPORAL_CLI_PATH=/path/to/temporal',
    ]);
  }
  const [port, uiPort] = await freePorts(2);
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--ui-port', `${uiPort}`];
  const child = startChild({
    name: 'the Temporal server',
    command: tools.temporal,
    args: [...args, '--log-level', 'error'],
    env: process.env,
    logFile: join(folder, 'temporal.log'),
  });
  const address = `127.0.0.1:${port}`;
  pointTo(address, folder);
  try {
    await untilReady(child, answers, { limitMs: START_LIMIT_MS, signal });
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { child, address, ui: `http://127.0.0.1:${uiPort}` };
}

/** Settings of another Temporal must not leak in: the demo deploys to its own server or to none. */
function pointTo(address: string, folder: string): void {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('TEMPORAL_') && !name.endsWith('_PATH')) delete process.env[name];
  }
  const settings = join(folder, 'temporal.toml');
  writeFileSync(settings, `[profile.default]\naddress = "${address}"\nnamespace = "${NAMESPACE}"\n`);
  process.env.TEMPORAL_CONFIG_FILE = settings;
  process.env.TEMPORAL_ADDRESS = address;
  process.env.TEMPORAL_NAMESPACE = NAMESPACE;
}

/** Ready means that the namespace answers, not only that the port is open. */
async function answers(): Promise<boolean> {
  try {
    const session = await openSession();
    try {
      await session.connection.workflowService.describeNamespace({ namespace: NAMESPACE });
      return true;
    } finally {
      await session.close();
    }
  } catch {
    return false;
  }
}

/** Ports that were free a moment ago, all different because they are held at the same time. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listening));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listening(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
