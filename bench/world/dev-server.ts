/** A Temporal dev server that tells what it was asked: requests by namespace and operation. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { startChild } from '../../test/harness/e2e/child.ts';
import { until } from '../../test/harness/e2e/until.ts';
import { loadTools } from '../../tools/setup/tools.mjs';

export interface BenchServer {
  readonly address: string;
  readonly connection: Connection;
  /** Requests of clients and workers that reached the server since its start, by operation. Up to a second behind. */
  requests(namespace: string): Promise<Readonly<Record<string, number>>>;
  /** What the server itself holds to be billable, by its own names. Up to a second behind. */
  actions(namespace: string): Promise<Readonly<Record<string, number>>>;
  /** User and system time so far, in milliseconds. */
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startBenchServer(folder: string, namespaces: readonly string[] = []): Promise<BenchServer> {
  const path = loadTools().TEMPORAL_CLI_PATH;
  if (path === undefined) throw new Error('temporal not found: run node tools/setup.mjs --for test');
  const [port, metricsPort] = [await freePort(), await freePort()];
  const address = `127.0.0.1:${port}`;
  const args = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', `${port}`, '--log-level', 'error'];
  const child = startChild({
    name: 'the Temporal server',
    command: path,
    args: [...args, '--metrics-port', `${metricsPort}`, ...namespaces.flatMap((name) => ['--namespace', name])],
    env: process.env,
    logFile: join(folder, 'temporal.log'),
  });
  try {
    const connection = await until('the Temporal server', () => connected(address, namespaces), 60_000);
    return {
      address,
      connection,
      pid: child.pid,
      requests: (namespace) => readCounts(metricsPort, 'service_requests', 'operation', namespace),
      actions: (namespace) => readCounts(metricsPort, 'action', 'action_type', namespace),
      stop: async () => {
        await connection.close();
        await child.stop();
      },
    };
  } catch (error) {
    await child.kill();
    throw error;
  }
}

async function connected(address: string, namespaces: readonly string[]): Promise<Connection> {
  const connection = await Connection.connect({ address, connectTimeout: '2s' });
  try {
    for (const namespace of ['default', ...namespaces]) {
      await connection.workflowService.describeNamespace({ namespace });
    }
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** One counter of the server, by a label, as its frontend and history parts count it for a namespace. */
async function readCounts(port: number, name: string, by: string, namespace: string): Promise<Record<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const counts: Record<string, number> = {};
  for (const [, labels = '', value = '0'] of text.matchAll(new RegExp(`^${name}\\{([^}]*)\\} (\\S+)`, 'gm'))) {
    const label = (wanted: string): string => new RegExp(`(?:^|,)${wanted}="([^"]*)"`).exec(labels)?.[1] ?? '';
    // The server writes a namespace's hyphens as underscores.
    if (label('namespace') !== namespace.replaceAll('-', '_')) continue;
    // A request is counted once more by each part that it is handed to.
    if (name === 'service_requests' && label('service_name') !== 'frontend') continue;
    counts[label(by)] = (counts[label(by)] ?? 0) + Number(value);
  }
  return counts;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error('no free port');
}
