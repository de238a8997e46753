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
  /** Requests of clients and workers that reached the server since its start, by operation. */
  requests(namespace: string): Promise<Readonly<Record<string, number>>>;
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
      requests: (namespace) => readRequests(`http://127.0.0.1:${metricsPort}/metrics`, namespace),
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

/** What the frontend of the server counted. */
async function readRequests(url: string, namespace: string): Promise<Record<string, number>> {
  const text = await (await fetch(url)).text();
  const counts: Record<string, number> = {};
  for (const [, labels = '', value = '0'] of text.matchAll(/^service_requests\{([^}]*)\} (\S+)/gm)) {
    const label = (name: string): string | undefined => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1];
    if (label('service_name') !== 'frontend' || label('namespace') !== namespace) continue;
    const operation = label('operation') ?? '';
    counts[operation] = (counts[operation] ?? 0) + Number(value);
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
