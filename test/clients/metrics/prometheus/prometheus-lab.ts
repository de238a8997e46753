/** A real Prometheus that scrapes pages whose text tests set, beside a tiny cluster whose Pods these pages are. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { MetricsRequest } from '../../../../src/clients/metrics/port.ts';
import {
  createPrometheusProvider,
  type PrometheusProvider,
} from '../../../../src/clients/metrics/prometheus/provider.ts';
import type { SeriesSelector } from '../../../../src/core/model/analysis.ts';
import type { PrometheusArms, PrometheusServer, PrometheusSource } from '../../../../src/core/model/prometheus.ts';
import { startPrometheusServer } from '../../../../src/sandbox/prometheus/prometheus-process.ts';
import { requireTool } from '../../../harness/tools.ts';
import type { TinyServer } from '../../http/tiny-server.ts';
import { startSmallCluster, type SmallCluster } from '../small-cluster.ts';

export interface Page {
  text: string;
  status: number;
}

export interface PrometheusLab {
  readonly url: string;
  readonly folder: string;
  readonly cluster: SmallCluster;
  /** By name of the Pod. */
  readonly pages: Readonly<Record<string, Page>>;
  readonly provider: PrometheusProvider;
  close(): Promise<void>;
}

export interface LabOptions {
  /** Name and `track` of each Pod; each is a page that is scraped every 100 ms. */
  readonly pods?: Readonly<Record<string, 'stable' | 'canary'>>;
  /** Further scrape jobs of these Pods' pages. */
  readonly jobs?: readonly { readonly name: string; readonly pods: readonly string[]; readonly every: string }[];
  /** OpenMetrics text that stands in the data from the beginning. */
  readonly history?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly flags?: (folder: string) => Promise<readonly string[]>;
  readonly readyStatus?: number;
}

export async function startPrometheusLab(options: LabOptions = {}): Promise<PrometheusLab> {
  const { pods = {}, jobs = [] } = options;
  const cluster = await startSmallCluster();
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-prometheus-'));
  const closes = [() => cluster.close(), () => rm(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const each of closes.splice(0)) await each();
  };
  try {
    const pages: Record<string, Page> = {};
    const servers: Record<string, TinyServer> = {};
    for (const [name, track] of Object.entries(pods)) {
      const page = (pages[name] = { text: '', status: 200 });
      const server = await cluster.page((_, response) => response.writeHead(page.status).end(page.text));
      servers[name] = server;
      cluster.pods.push({ name, track, dial: server.host, createdAt: '2026-01-01T00:00:00Z' });
    }
    const job = (name: string, every: string, names: readonly string[]) => ({
      job_name: name,
      scrape_interval: every,
      scrape_timeout: every,
      static_configs: names.map((pod) => ({ targets: [servers[pod]?.host], labels: { pod, namespace: 'crm' } })),
    });
    const program = requireTool('prometheus');
    const config = {
      scrape_configs: [
        job('pods', '100ms', Object.keys(pods)),
        ...jobs.map(({ name, every, pods: names }) => job(name, every, names)),
      ],
      ...options.config,
    };
    const flags = (await options.flags?.(folder)) ?? [];
    const dataDir = options.history === undefined ? {} : { dataDir: await blocksOf(folder, options.history) };
    const ready = options.readyStatus === undefined ? {} : { readyStatus: options.readyStatus };
    const server = await startPrometheusServer({
      program,
      folder: join(folder, 'server'),
      config,
      flags,
      ...dataDir,
      ...ready,
    });
    closes.unshift(() => server.close());
    return { url: server.url, folder, cluster, pages, provider: createPrometheusProvider(cluster), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A folder of blocks as `promtool`, which comes with Prometheus, makes them. */
async function blocksOf(folder: string, text: string): Promise<string> {
  const file = join(folder, 'history.txt');
  const blocks = join(folder, 'blocks');
  await mkdir(blocks, { recursive: true });
  await writeFile(file, `${text}# EOF\n`);
  const promtool = join(dirname(requireTool('prometheus')), 'promtool');
  await promisify(execFile)(promtool, ['tsdb', 'create-blocks-from', 'openmetrics', file, blocks]);
  return blocks;
}

export function serverAt(url: string, more: Partial<PrometheusServer> = {}): PrometheusServer {
  return { url, headers: {}, timeoutMs: 5_000, lagMs: 200, staleAfterMs: 2_000, ...more };
}

export function sourceAt(
  url: string,
  more: Partial<PrometheusServer> = {},
  arms: PrometheusArms = { by: 'pods', label: 'pod' },
): PrometheusSource {
  return { from: 'prometheus', server: serverAt(url, more), arms, labels: { job: 'pods' } };
}

export const ARM_TARGETS: MetricsRequest['arms'] = {
  stable: { labelSelector: 'track=stable', backend: 'crm-api' },
  canary: { labelSelector: 'track=canary', backend: 'crm-api-canary-7' },
};

export function requestOf(
  lab: PrometheusLab,
  selectors: readonly SeriesSelector[],
  more: Partial<MetricsRequest> = {},
): MetricsRequest {
  return {
    source: sourceAt(lab.url),
    cluster: { kubeconfig: lab.cluster.kubeconfig },
    namespace: 'crm',
    arms: ARM_TARGETS,
    selectors,
    ...more,
  };
}
