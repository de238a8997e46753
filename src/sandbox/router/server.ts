import { createServer } from 'node:http';
import type { KubeConfig } from '@kubernetes/client-node';
import { createKubeClient } from '../cluster/kube/kube-client.ts';
import {
  type EndpointSlice,
  keyOf,
  type KubeObject,
  type Pod,
  type Resource,
  RESOURCES,
  type Service,
} from '../cluster/kube/objects.ts';
import { startWatchCache } from '../cluster/kube/watch-cache.ts';
import { createWorkQueue } from '../cluster/kube/work-queue.ts';
import { listenOnLoopback } from '../http/listen.ts';
import { createAdminServer } from './admin-server.ts';
import { GATEWAY_CLASS, GATEWAYS, type Gateway, HTTP_ROUTES, type HttpRoute } from './gateway-objects.ts';
import { DESTINATION_RULES, type DestinationRule, VIRTUAL_SERVICES, type VirtualService } from './istio-objects.ts';
import { createProxy } from './proxy.ts';
import { writeGatewayStatus, writeRouteStatus } from './route-status.ts';
import { RouterFaults } from './router-faults.ts';
import { RouterMetrics } from './router-metrics.ts';
import { buildTable, EMPTY_TABLE, type RoutingTable } from './routing-table.ts';

export interface RouterOptions {
  readonly kubeConfig: KubeConfig;
  /** 0 or absent: any free port. */
  readonly port?: number;
  readonly adminPort?: number;
  /** Problems with the Kubernetes API; the router goes on with the table it has. */
  readonly reportProblem?: (problem: Error) => void;
}

export interface Router {
  /** Where requests go. Hostnames are told by the Host header. */
  readonly url: string;
  readonly port: number;
  /** Serves /metrics, /routes and /healthz. */
  readonly adminUrl: string;
  readonly adminPort: number;
  readonly faults: RouterFaults;
  /** Resolves when the first complete table is applied. */
  readonly synced: Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts an HTTP proxy that follows by watch: Gateways of class `mainstay-sandbox` with their HTTPRoutes, VirtualServices
 * of the mesh or of a gateway of that name with DestinationRules, Services and pods.
 */
export async function startRouter(options: RouterOptions): Promise<Router> {
  const { kubeConfig, reportProblem = () => undefined } = options;
  const client = createKubeClient(kubeConfig);
  const metrics = new RouterMetrics();
  const faults = new RouterFaults(() => applySoon());
  let table: RoutingTable = EMPTY_TABLE;
  let isSynced = false;
  let isClosed = false;
  let isApplyPlanned = false;

  const proxy = createProxy(() => table, faults, metrics);
  const traffic = await listenOnLoopback(createServer(proxy.handle), options.port);
  const admin = await listenOnLoopback(
    createAdminServer({ table: () => table, isSynced: () => isSynced, faults, metrics }),
    options.adminPort,
  ).catch(async (error: unknown) => {
    await traffic.close();
    throw error;
  });

  const follow = <T extends KubeObject>(resource: Resource) =>
    startWatchCache<T>(kubeConfig, client, resource, reportProblem, { isOptional: true });
  const routes = startWatchCache<HttpRoute>(kubeConfig, client, HTTP_ROUTES, reportProblem);
  const gateways = startWatchCache<Gateway>(kubeConfig, client, GATEWAYS, reportProblem);
  const services = startWatchCache<Service>(kubeConfig, client, RESOURCES.services, reportProblem);
  const slices = startWatchCache<EndpointSlice>(kubeConfig, client, RESOURCES.endpointSlices, reportProblem);
  const pods = startWatchCache<Pod>(kubeConfig, client, RESOURCES.pods, reportProblem);
  // A cluster without Istio has no such kinds: then there are none.
  const virtualServices = follow<VirtualService>(VIRTUAL_SERVICES);
  const destinationRules = follow<DestinationRule>(DESTINATION_RULES);
  const caches = [routes, gateways, services, slices, pods, virtualServices, destinationRules];
  const sources = {
    routes: () => routes.list(),
    gateway: gateways.get,
    service: services.get,
    slices: (namespace: string, service: string) =>
      slices.list(namespace).filter((slice) => slice.metadata?.labels?.['kubernetes.io/service-name'] === service),
    pod: pods.get,
    virtualServices: () => virtualServices.list(),
    destinationRules: (namespace: string) => destinationRules.list(namespace),
  };

  // Status follows the table: it tells what is applied, never what was only read.
  const statusQueue = createWorkQueue({
    handle: async (key) => {
      const [kind, name = ''] = key.split(' ');
      const route = kind === 'route' ? routes.get(name) : undefined;
      if (route)
        await writeRouteStatus(
          client,
          route,
          table.routes.find((state) => state.key === name),
        );
      const gateway = kind === 'gateway' ? gateways.get(name) : undefined;
      if (gateway?.spec?.gatewayClassName !== GATEWAY_CLASS) return;
      await writeGatewayStatus(client, gateway, '127.0.0.1', table.attachedRoutes.get(name) ?? 0);
    },
    onError: (key, error, attempt) => {
      // The first conflicts only say that our copy is older than the object; the watch brings the newer one.
      if (attempt > 3) reportProblem(new Error(`status of ${key}: ${error.message}`, { cause: error }));
    },
    concurrency: 1,
  });

  function apply(): void {
    isApplyPlanned = false;
    if (!isSynced || isClosed || faults.has('frozen')) return;
    table = buildTable(sources, table);
    metrics.showWeights(table);
    for (const route of routes.list()) statusQueue.add(`route ${keyOf(route)}`);
    for (const gateway of gateways.list()) statusQueue.add(`gateway ${keyOf(gateway)}`);
  }

  /** One table for many changes that arrive together. */
  function applySoon(): void {
    if (isApplyPlanned) return;
    isApplyPlanned = true;
    setImmediate(apply);
  }

  for (const cache of caches) cache.onChange(applySoon);
  const synced = Promise.all(caches.map((cache) => cache.synced)).then(() => {
    isSynced = true;
    apply();
  });

  return {
    url: traffic.url,
    port: traffic.port,
    adminUrl: admin.url,
    adminPort: admin.port,
    faults,
    synced,
    close: async () => {
      isClosed = true;
      for (const cache of caches) cache.close();
      await Promise.all([statusQueue.close(), traffic.close(), admin.close()]);
      proxy.close();
      client.close();
    },
  };
}
