import { createServer } from 'node:http';
import { join } from 'node:path';
import type { Pod } from '../cluster/kube/objects.ts';
import { listenOnLoopback } from '../http/listen.ts';
import { onPort } from '../preferred-port.ts';
import { findPrometheus } from './find-prometheus.ts';
import { podTargets, type TargetGroup } from './pod-targets.ts';
import { type PrometheusServer, startPrometheusServer } from './prometheus-process.ts';

export interface SandboxPrometheusOptions {
  readonly stateDir: string;
  /** A taken one is replaced by any free one. */
  readonly port?: number | undefined;
  readonly pods: () => readonly Pod[];
  readonly routerAdminUrl: string;
  /** Path of the program; looked for when absent. */
  readonly program?: string;
}

/** A real cluster scrapes every 15 or 30 s; in the sandbox steps last seconds. */
const SCRAPE_INTERVAL = '1s';

/**
 * A real Prometheus that scrapes the sandbox: job `pods` with every pod, job `router` with the router. New pods are
 * found within about 6 s: Prometheus takes in changed targets every 5 s.
 *
 * @throws Error when there is no such program, or it does not start
 */
export async function startSandboxPrometheus(options: SandboxPrometheusOptions): Promise<PrometheusServer> {
  const program = options.program ?? findPrometheus();
  const targets = await listenOnLoopback(
    createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(targetsOf(options)));
    }),
  );
  try {
    const folder = join(options.stateDir, 'prometheus');
    const config = configOf(targets.url, options.routerAdminUrl);
    const server = await onPort(options.port, (port) => startPrometheusServer({ program, folder, config, port }));
    const close = async (): Promise<void> => {
      await server.close();
      await targets.close();
    };
    return { url: server.url, close };
  } catch (error) {
    await targets.close();
    throw error;
  }
}

/** A pod whose address cannot be told yet is no target yet. */
function targetsOf({ pods }: SandboxPrometheusOptions): readonly TargetGroup[] {
  return pods().flatMap((pod) => {
    try {
      return podTargets([pod]);
    } catch {
      return [];
    }
  });
}

function configOf(targetsUrl: string, routerAdminUrl: string): unknown {
  return {
    global: { scrape_interval: SCRAPE_INTERVAL, scrape_timeout: SCRAPE_INTERVAL },
    scrape_configs: [
      { job_name: 'pods', http_sd_configs: [{ url: targetsUrl, refresh_interval: '1s' }] },
      { job_name: 'router', static_configs: [{ targets: [new URL(routerAdminUrl).host] }] },
    ],
  };
}
