/**
 * The observer of promise S1. It shares nothing with the product: it looks at cluster and router, and at nothing else.
 * "All traffic goes to one version whose pods are ready; after a rollback image, config, replicas and weights equal what
 * was observed before; no canary objects are left."
 */
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import type { KubeClient } from '../../../src/sandbox/cluster/kube/kube-client.ts';
import { hasCode } from '../../../src/sandbox/cluster/kube/kube-client.ts';
import {
  type ConfigMap,
  type Deployment,
  type KubeObject,
  type Pod,
  type Resource,
  RESOURCES,
  type Secret,
  type Service,
} from '../../../src/sandbox/cluster/kube/objects.ts';
import { HTTP_ROUTES, type HttpRoute } from '../../../src/sandbox/router/gateway-objects.ts';

export interface ClusterView {
  readonly client: KubeClient;
  readonly namespace: string;
}

export interface RouterView {
  readonly url: string;
  readonly adminUrl: string;
  /** Host header that the route answers to. */
  readonly host: string;
}

/** What S1 compares: `template` and `config` are digests, `template` without the image. */
export interface Standing {
  readonly image: string;
  readonly template: string;
  readonly config: string;
  readonly replicas: number;
  /** `crm-api:80 100` */
  readonly weights: string;
}

const NAME = 'crm-api';

export async function standingOf({ client, namespace }: ClusterView): Promise<Standing> {
  const at = { namespace, name: NAME };
  const deployment = await client.get<Deployment>({ resource: RESOURCES.deployments, ...at });
  const route = await client.get<HttpRoute>({ resource: HTTP_ROUTES, ...at });
  const configMap = await client.get<ConfigMap>({ resource: RESOURCES.configMaps, ...at });
  const secret = await client.get<Secret>({ resource: RESOURCES.secrets, ...at });
  const [container] = deployment.spec?.template.spec?.containers ?? [];
  const template = JSON.stringify(deployment.spec?.template, (key: string, value: unknown) =>
    key === 'image' ? '' : value,
  );
  return {
    image: container?.image ?? '',
    template: digest(template),
    config: digest(JSON.stringify([configMap.data, secret.data])),
    replicas: deployment.spec?.replicas ?? 1,
    weights: refsOf(route)
      .map((ref) => `${ref.name}:${ref.port} ${ref.weight ?? 1}`)
      .join(', '),
  };
}

/** Undefined when S1 holds; else every way in which it does not. `before`: what must stand again after a rollback. */
export async function whyNotS1(
  cluster: ClusterView,
  router: RouterView,
  before?: Partial<Standing>,
): Promise<string | undefined> {
  const problems = [
    ...(await leftovers(cluster)),
    ...(await traffic(cluster, router)),
    ...(before ? differences(before, await standingOf(cluster)) : []),
  ];
  return problems.length === 0 ? undefined : problems.join('; ');
}

function differences(before: Partial<Standing>, now: Standing): string[] {
  return (Object.keys(before) as (keyof Standing)[])
    .filter((key) => before[key] !== now[key])
    .map((key) => `${key}: before ${before[key]}, now ${now[key]}`);
}

const MAY_BE_CANARY = [
  RESOURCES.deployments,
  RESOURCES.replicaSets,
  RESOURCES.services,
  RESOURCES.pods,
  RESOURCES.endpointSlices,
];

async function leftovers({ client, namespace }: ClusterView): Promise<string[]> {
  const problems: string[] = [];
  for (const resource of MAY_BE_CANARY) {
    for (const object of await listAll(client, resource, namespace)) {
      const { name = '', labels = {} } = object.metadata ?? {};
      if (name.includes('-canary-') || (labels['mainstay.dev/track'] ?? '').startsWith('canary-')) {
        problems.push(`left over: ${resource.kind} ${name}`);
      }
    }
  }
  return problems;
}

async function listAll(client: KubeClient, resource: Resource, namespace: string): Promise<readonly KubeObject[]> {
  return (await client.list<KubeObject>({ resource, namespace })).items;
}

async function traffic({ client, namespace }: ClusterView, router: RouterView): Promise<string[]> {
  const route = await orUndefined(client.get<HttpRoute>({ resource: HTTP_ROUTES, namespace, name: NAME }));
  if (!route) return ['the route does not exist'];
  const receiving = refsOf(route).filter((ref) => (ref.weight ?? 1) > 0);
  const [only, ...others] = receiving;
  if (!only || others.length > 0) return [`the route sends to ${receiving.length} backends`];
  return [
    ...(await applied(router, namespace, only.name)),
    ...(await podsBehind(client, namespace, only.name)),
    ...(await answers(router)),
  ];
}

/** What the data plane itself says that it applies. */
async function applied({ adminUrl }: RouterView, namespace: string, service: string): Promise<string[]> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith('router_backend_weight{'));
  const ours = lines.filter((line) => line.includes(`namespace="${namespace}"`) && line.includes(`route="${NAME}"`));
  const weights = new Map(ours.map((line) => [/backend="([^"]*)"/.exec(line)?.[1] ?? '', Number(line.split(' ')[1])]));
  const wrong = [...weights].filter(([name, weight]) => weight !== (name === service ? 100 : 0));
  if (!weights.has(service)) return [`the router tells no weight of ${service}`];
  return wrong.map(([name, weight]) => `the router applies ${weight} % to ${name}`);
}

async function podsBehind(client: KubeClient, namespace: string, serviceName: string): Promise<string[]> {
  const service = await client.get<Service>({ resource: RESOURCES.services, namespace, name: serviceName });
  const selector = Object.entries(service.spec?.selector ?? {});
  const pods = (await client.list<Pod>({ resource: RESOURCES.pods, namespace })).items.filter(
    ({ metadata }) =>
      !metadata?.deletionTimestamp && selector.every(([key, value]) => metadata?.labels?.[key] === value),
  );
  const unready = pods.filter((pod) => !isReady(pod)).map((pod) => `pod ${pod.metadata?.name} is not ready`);
  const images = new Set(pods.map((pod) => pod.spec?.containers[0]?.image));
  const deployment = await client.get<Deployment>({ resource: RESOURCES.deployments, namespace, name: NAME });
  const wanted = deployment.spec?.replicas ?? 1;
  return [
    ...unready,
    ...(images.size === 1 ? [] : [`pods of ${images.size} versions serve`]),
    ...(pods.length === wanted ? [] : [`${pods.length} pods serve, ${wanted} are wanted`]),
  ];
}

function isReady({ status }: Pod): boolean {
  return (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');
}

/** Some real requests: all answered, all by one version. */
async function answers(router: RouterView): Promise<string[]> {
  const seen = new Set<string>();
  for (let index = 0; index < 6; index += 1) seen.add(await versionThrough(router));
  return seen.size === 1 && ![...seen][0]?.startsWith('code') ? [] : [`requests were answered by ${[...seen].join()}`];
}

/** Version that answers through the router; `code 503` when none does. */
export function versionThrough({ url, host }: RouterView): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request(`${url}/version`, { headers: { host }, agent: false }, (reply) => {
      let body = '';
      reply.on('data', (chunk: Buffer) => (body += chunk.toString()));
      reply.on('end', () => {
        if (reply.statusCode !== 200) resolve(`code ${reply.statusCode}`);
        else resolve((JSON.parse(body) as { version: string }).version);
      });
    });
    asking.on('error', reject);
    asking.end();
  });
}

function refsOf(route: HttpRoute) {
  return route.spec?.rules?.flatMap((rule) => rule.backendRefs ?? []) ?? [];
}

async function orUndefined<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (hasCode(error, 404)) return undefined;
    throw error;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
