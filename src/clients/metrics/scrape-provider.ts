/** Metrics without a server: the text exposition of the pods of each arm, or of one router. */
import { ARMS } from '../../core/model/analysis.ts';
import type { Arm, ScrapeSource } from '../../core/model/analysis.ts';
import type { ArmReading, InstanceReading, MetricReading } from '../../core/analysis/reading.ts';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import { podAddress } from '../kubernetes/pod-address.ts';
import type { KubernetesClients, KubernetesObject } from '../kubernetes/port.ts';
import type { Exposition } from './exposition.ts';
import type { MetricsProvider, MetricsRequest } from './port.ts';
import { scrapePage } from './scrape.ts';
import type { ScrapeLimits } from './scrape.ts';
import { selectSeries } from './select-series.ts';

/** Pages of one arm that are read at the same time. */
const PARALLEL = 16;

type Pod = KubernetesObject<unknown, { readonly phase?: string; readonly podIP?: string }>;
type PodsSource = Extract<ScrapeSource, { from: 'pods' }>;
type RouterSource = Extract<ScrapeSource, { from: 'router' }>;

export interface ScrapeDeps {
  readonly kubernetes: KubernetesClients;
  readonly limits?: ScrapeLimits;
}

export function createScrapeProvider(deps: ScrapeDeps): MetricsProvider {
  return {
    async read(request, signal) {
      const { source } = request;
      if (source.from === 'prometheus') throw new CodedError('InvalidInput', 'scrape: expected pods or a router');
      if (source.from === 'router') return await readRouter(deps, request, source, signal);
      const reading: Partial<Record<Arm, ArmReading>> = {};
      const arms = ARMS.filter((arm) => request.arms[arm] !== undefined);
      const read = await Promise.all(arms.map((arm) => readPods(deps, request, source, arm, signal)));
      for (const [at, arm] of arms.entries()) reading[arm] = read[at];
      return reading;
    },
  };
}

async function readRouter(
  deps: ScrapeDeps,
  request: MetricsRequest,
  source: RouterSource,
  signal?: AbortSignal,
): Promise<MetricReading> {
  const page = await attempt(() => scrapePage(source.url, pageOptions(deps, request), signal), signal);
  const reading: Partial<Record<Arm, ArmReading>> = {};
  for (const arm of ARMS) {
    const target = request.arms[arm];
    if (!target) continue;
    const scope = { ...source.labels, [source.backendLabel]: target.backend };
    reading[arm] = armOf(
      [{ instance: `router ${source.url}`, createdAtMs: null, page, terminating: false }],
      null,
      (one) => request.selectors.map((selector) => selectSeries(one, selector, scope)),
    );
  }
  return reading;
}

async function readPods(
  deps: ScrapeDeps,
  request: MetricsRequest,
  source: PodsSource,
  arm: Arm,
  signal?: AbortSignal,
): Promise<ArmReading> {
  const labelSelector = request.arms[arm]?.labelSelector ?? '';
  const client = deps.kubernetes(request.cluster);
  const list = await attempt(() => client.list<Pod>('Pod', request.namespace, { labelSelector }, signal), signal);
  if ('problem' in list) {
    const instance = `pods ${request.namespace}/${labelSelector}`;
    return { listed: null, answered: [], failed: [{ instance, problem: list.problem }], without: [] };
  }
  const running = list.value.filter((pod) => pod.status?.phase === 'Running');
  const pages = await inParallel(running, async (pod): Promise<Asked> => {
    const created = Date.parse(pod.metadata.creationTimestamp ?? '');
    return {
      instance: instanceName(pod),
      createdAtMs: Number.isNaN(created) ? null : created,
      terminating: pod.metadata.deletionTimestamp !== undefined,
      page: await attempt(() => scrapePage(pageUrl(pod, source), pageOptions(deps, request), signal), signal),
    };
  });
  return armOf(pages, list.value.map(instanceName), (page) =>
    request.selectors.map((selector) => selectSeries(page, selector)),
  );
}

function pageOptions(deps: ScrapeDeps, request: MetricsRequest) {
  const wanted = new Set(request.selectors.flatMap((selector) => ('promql' in selector ? [] : [selector.name])));
  return { wanted, ...(deps.limits ? { limits: deps.limits } : {}) };
}

function instanceName(pod: Pod): string {
  return `pod ${pod.metadata.name}`;
}

function pageUrl(pod: Pod, source: PodsSource): string {
  const { host, port } = podAddress(pod, source.port);
  const path = source.path.startsWith('/') ? source.path : `/${source.path}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
}

type Attempt<T> = { readonly value: T } | { readonly problem: string; readonly absent: boolean };

interface Asked {
  readonly instance: string;
  readonly createdAtMs: number | null;
  /** A pod on its way out may fail to answer without anything being wrong. */
  readonly terminating: boolean;
  readonly page: Attempt<Exposition>;
}

function armOf(
  pages: readonly Asked[],
  listed: readonly string[] | null,
  select: (page: Exposition) => InstanceReading['selectors'],
): ArmReading {
  const answered: InstanceReading[] = [];
  const failed: { instance: string; problem: string }[] = [];
  const without: string[] = [];
  for (const { instance, createdAtMs, terminating, page } of pages) {
    if ('value' in page) answered.push({ instance, createdAtMs, selectors: select(page.value) });
    else if (terminating) continue;
    else if (page.absent) without.push(instance);
    else failed.push({ instance, problem: page.problem });
  }
  return { listed, answered, failed, without };
}

/** The value, or the problem in words; cancellation and wrong input are thrown. */
async function attempt<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<Attempt<T>> {
  try {
    return { value: await call() };
  } catch (error) {
    if (signal?.aborted) throw error;
    if (isCoded(error, 'InvalidInput')) throw error;
    return { problem: error instanceof Error ? error.message : String(error), absent: isCoded(error, 'NotFound') };
  }
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [at, item] of queue) results[at] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, worker));
  return results;
}
