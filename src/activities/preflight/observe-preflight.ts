import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { KubernetesClient, KubernetesClients, KubernetesObject } from '../../clients/kubernetes/port.ts';
import type { MetricsProvider } from '../../clients/metrics/port.ts';
import type { TrafficRouter } from '../../clients/router/port.ts';
import type { RegistryClient } from '../../clients/registry/port.ts';
import { readGauge } from '../../clients/router/weight-metric.ts';
import type { MigrationsFact } from '../../core/model/migration.ts';
import type { Seen } from '../../core/model/observe.ts';
import type { ServiceObservation } from '../../core/model/operation.ts';
import type { ConfigRequirement, DeployPlan } from '../../core/model/plan.ts';
import { type PreflightFacts, trimDeployment, trimRouting, trimService } from '../../core/preflight/facts.ts';
import { askedRights } from '../../core/preflight/required-rights.ts';
import { ROUTING_KINDS, type RoutingKind, type RoutingObject } from '../../core/rollout/routing.ts';
import { type Deployment, selectorText, type Service } from '../../core/rollout/workload.ts';
import { isCoded } from '../../errors/coded-error.ts';
import { isRetryable } from '../../errors/codes.ts';
import { guarded } from '../failure.ts';
import { probeMetrics } from '../metrics/probe-metrics.ts';
import { readService } from '../kubernetes/observe-service.ts';
import { observeMigrations } from '../migrations/observe-migrations.ts';
import { observeKind } from './observe-kind.ts';

export interface ObservePreflightInput {
  readonly plan: DeployPlan;
  /** `repository@sha256:...`; left out when it is built after the checks. */
  readonly image?: string;
}

export interface ObservePreflightDeps {
  readonly kubernetes: KubernetesClients;
  readonly registry: RegistryClient;
  readonly router: TrafficRouter;
  readonly metrics: MetricsProvider;
  /** For all observations together. Default 8 s. */
  readonly withinMs?: number;
}

/** No image has it: asked for to see whether the registry answers. */
const NO_DIGEST = `sha256:${'0'.repeat(64)}`;

/** Ends by the deadline of the preflight; what could not be seen is `unknown`. */
export type Look = <T extends object>(
  what: string,
  read: (signal: AbortSignal) => Promise<Seen<T>>,
) => Promise<Seen<T>>;

export function createObservePreflight(deps: ObservePreflightDeps) {
  return {
    /**
     * Everything the preflight checks need to see, at the same time and within 8 s. What could not be seen is
     * `unknown` with the reason; only a cancellation is thrown. Key names of Secrets come home, values do not.
     */
    observePreflight: guarded(async ({ plan, image }: ObservePreflightInput): Promise<PreflightFacts> => {
      const { signal, look, done } = startLooking(deps.withinMs ?? 8000);
      try {
        const client = deps.kubernetes(plan.workload.cluster);
        const { namespace } = plan.workload;
        const observedAtMs = Date.now();
        const { migrations } = plan;
        const [ofImage, config, rights, { objects, metrics }, weightMetric, standing, ofMigrations] = await Promise.all(
          [
            observeImage(deps.registry, plan, image, look),
            Promise.all(plan.requires.map((each) => observeKeys(client, namespace, each, look))),
            observeRights(client, plan, look),
            observeObjects(client, plan, look).then(async (seen) => ({
              objects: seen,
              metrics: await observeMetrics(deps.metrics, plan, seen.deployment, look),
            })),
            observeWeightMetric(plan, look),
            look<ServiceObservation>('standing', async (within) => ({
              seen: 'present',
              ...(await readService(deps, plan, within)),
            })),
            migrations &&
              look<MigrationsFact>('migrations', (within) =>
                observeMigrations(plan, migrations, deps.kubernetes, within),
              ),
          ],
        );
        signal.throwIfAborted();
        return {
          observedAtMs,
          image: ofImage,
          config,
          rights,
          ...objects,
          ...(weightMetric && { weightMetric }),
          standing,
          ...(metrics && { metrics }),
          ...(ofMigrations && { migrations: ofMigrations }),
        };
      } finally {
        done();
      }
    }),
  };
}

/** One deadline for all looks: each ends by then, also one whose client pays no heed to its signal. */
function startLooking(withinMs: number): { signal: AbortSignal; look: Look; done: () => void } {
  const cancelled = Context.current().cancellationSignal;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), withinMs);
  const signal = AbortSignal.any([cancelled, late.signal]);
  // Every look of a preflight hangs on it; eleven are no leak.
  setMaxListeners(0, signal);
  const look: Look = async (what, read) => {
    const unknown = (problem: string): { seen: 'unknown'; problem: string } => ({ seen: 'unknown', problem });
    const tooLate = `${what}: no answer within ${withinMs / 1000} s`;
    let stop: (() => void) | undefined;
    const ended = new Promise<{ seen: 'unknown'; problem: string }>((resolve) => {
      stop = () => resolve(unknown(tooLate));
      signal.addEventListener('abort', stop, { once: true });
    });
    try {
      return await Promise.race([patiently(read, signal), ended]);
    } catch (error) {
      if (signal.aborted) return unknown(tooLate);
      return unknown(error instanceof Error ? error.message : String(error));
    } finally {
      if (stop) signal.removeEventListener('abort', stop);
    }
  };
  return { signal: cancelled, look, done: () => clearTimeout(timer) };
}

const LOOKS = 3;
const LOOK_AGAIN_MS = 300;

/** A passing failure of a server is asked again; what is final, and what lasts, is told. Bounded by the one deadline. */
async function patiently<T>(read: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let look = 1; ; look += 1) {
    try {
      return await read(signal);
    } catch (error) {
      if (look >= LOOKS || signal.aborted || !isCoded(error) || !isRetryable(error.code)) throw error;
      await delay(look * LOOK_AGAIN_MS, undefined, { signal });
    }
  }
}

async function observeImage(
  registry: RegistryClient,
  plan: DeployPlan,
  image: string | undefined,
  look: Look,
): Promise<PreflightFacts['image']> {
  const [repository = plan.build.repository, digest = NO_DIGEST] = image?.split('@') ?? [];
  const found = await look<object>(`registry of ${repository}`, async (signal) =>
    (await registry.hasDigest(repository, digest, signal)) ? { seen: 'present' } : { seen: 'missing' },
  );
  return image === undefined ? { of: 'registry', repository, found } : { of: 'image', image, found };
}

async function observeKeys(client: KubernetesClient, namespace: string, { kind, name }: ConfigRequirement, look: Look) {
  const found = await look<{ keys: readonly string[] }>(`${kind} ${namespace}/${name}`, async (signal) => {
    const object = await client.get<KubernetesObject & { binaryData?: Readonly<Record<string, string>> }>(
      { kind, namespace, name },
      signal,
    );
    if (object === undefined) return { seen: 'missing' };
    return { seen: 'present', keys: [...Object.keys(object.data ?? {}), ...Object.keys(object.binaryData ?? {})] };
  });
  return { kind, name, found };
}

async function observeRights(
  client: KubernetesClient,
  { workload: { namespace }, traffic }: DeployPlan,
  look: Look,
): Promise<PreflightFacts['rights']> {
  return Promise.all(
    askedRights(traffic.kind).map(async ({ kind, verb }) => {
      const found = await look<{ allowed: boolean }>(`right to ${verb} ${kind}`, async (signal) => ({
        seen: 'present',
        allowed: await client.canI(verb, kind, namespace, signal),
      }));
      return { kind, verb, found };
    }),
  );
}

async function observeObjects(
  client: KubernetesClient,
  plan: DeployPlan,
  look: Look,
): Promise<Pick<PreflightFacts, 'deployment' | 'service' | 'route' | 'destinationRules' | 'pods'>> {
  const { namespace } = plan.workload;
  async function one<T>(kind: 'Deployment' | RoutingKind, name: string, trim: (object: T) => T) {
    return look<{ object: T }>(`${kind} ${namespace}/${name}`, async (signal) => {
      const object = await client.get({ kind, namespace, name }, signal);
      return object === undefined ? { seen: 'missing' } : { seen: 'present', object: trim(object as T) };
    });
  }
  const [deployment, service, route, ofKind] = await Promise.all([
    one<Deployment>('Deployment', plan.workload.deployment, trimDeployment),
    one<Service>('Service', plan.traffic.stableService, trimService),
    one<RoutingObject>(ROUTING_KINDS[plan.traffic.kind], plan.traffic.route, (object) =>
      trimRouting(plan.traffic, object),
    ),
    observeKind(client, plan, look),
  ]);
  return { deployment, service, route, ...ofKind };
}

/** Asked for by the Pods of the Deployment that serves; the check tells why not when there is none. */
async function observeMetrics(
  provider: MetricsProvider,
  plan: DeployPlan,
  deployment: PreflightFacts['deployment'],
  look: Look,
): Promise<PreflightFacts['metrics']> {
  if (plan.preflight.metrics === undefined || deployment.seen !== 'present') return undefined;
  const labelSelector = selectorText(deployment.object.spec.selector.matchLabels ?? {});
  return probeMetrics(provider, plan, { labelSelector, backend: plan.traffic.stableService }, look);
}

async function observeWeightMetric(plan: DeployPlan, look: Look): Promise<PreflightFacts['weightMetric']> {
  const { weightMetric, stableService } = plan.traffic;
  if (!weightMetric) return undefined;
  return look<{ stablePercent: number | null }>(`weight metric at ${weightMetric.url}`, async (signal) => {
    const percent = (await readGauge(weightMetric, signal)).get(stableService);
    return { seen: 'present', stablePercent: percent ?? null };
  });
}
