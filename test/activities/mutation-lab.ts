/** The mutating activities with the real client against an API server; controllers and gateway are imitated at once. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { onTestFinished } from 'vitest';
import { createClaimService } from '../../src/activities/kubernetes/claim-service.ts';
import { createPromoteStable } from '../../src/activities/kubernetes/promote-stable.ts';
import { createRemoveCanary } from '../../src/activities/kubernetes/remove-canary.ts';
import { createRestoreWorkload } from '../../src/activities/kubernetes/restore-workload.ts';
import { createScaleCanary } from '../../src/activities/kubernetes/scale-canary.ts';
import { createRestoreTraffic } from '../../src/activities/traffic/restore-traffic.ts';
import { createShiftTraffic } from '../../src/activities/traffic/shift-traffic.ts';
import { createKubernetesClients } from '../../src/clients/kubernetes/http-client.ts';
import type { KubernetesClient, KubernetesObject, ObjectAddress } from '../../src/clients/kubernetes/port.ts';
import { createTrafficRouter } from '../../src/clients/router/traffic-router.ts';
import type { BeforeRecord, Fence } from '../../src/core/model/operation.ts';
import type { DeployPlan } from '../../src/core/model/plan.ts';
import { isCoded } from '../../src/errors/coded-error.ts';
import type { HttpRoute } from '../../src/core/rollout/route.ts';
import { type Deployment, templateDigest } from '../../src/core/rollout/workload.ts';
import type { ApiObject } from '../../src/sandbox/cluster/api/json.ts';
import { KINDS } from '../../src/sandbox/cluster/api/kinds/index.ts';
import { type ApiServer, startApiServer } from '../../src/sandbox/cluster/api/server.ts';
import { writeKubeconfig } from '../clients/kubernetes/kubeconfig.ts';
import { IMAGE_1, IMAGE_2, somePlan } from '../harness/some-plan.ts';

export const OPERATION = 'deploy/production/crm-api/1';
export const TERM = 7;
export const STABLE = { kind: 'Deployment', namespace: 'crm', name: 'crm-api' } as const;
export const ROUTE = { kind: 'HTTPRoute', namespace: 'crm', name: 'crm-api' } as const;
export const CANARY = { kind: 'Deployment', namespace: 'crm', name: `crm-api-canary-${TERM}` } as const;
export const CANARY_SERVICE = { kind: 'Service', namespace: 'crm', name: `crm-api-canary-${TERM}` } as const;
export const CANARY_PODS = `app=crm-api,mainstay.dev/track=canary-${TERM}`;
export const DEPLOYMENT_MARK = 'mainstay.dev/fence';
export const ROUTE_MARK = 'mainstay.dev/fence-crm-api';

export const STABLE_BACKENDS = [{ service: 'crm-api', port: 80, weight: 1 }];
export const SPLIT = [
  { service: 'crm-api', port: 80, weight: 90 },
  { service: CANARY_SERVICE.name, port: 80, weight: 10 },
];

export interface MutationLab {
  readonly api: ApiServer;
  readonly client: KubernetesClient;
  readonly plan: DeployPlan;
  readonly before: BeforeRecord;
  readonly act: ReturnType<typeof createMutators>;
  /** Neither controller nor gateway answers any more. */
  deafen(): void;
  /** Someone else writes an object. */
  edit<T extends KubernetesObject>(address: ObjectAddress, change: (object: T) => T): Promise<void>;
  stamp(address: ObjectAddress, fence: string | undefined): Promise<void>;
  /** All Deployments, Services and routes without what every write and every clock changes. */
  standing(): Promise<unknown>;
}

/** Stable with 4 replicas of the first image, its Service, and a route that sends everything there; stamped 7/1. */
export async function openMutationLab(): Promise<MutationLab> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-mutation-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const api = await startApiServer({ namespaces: ['crm'] });
  onTestFinished(() => api.close());
  const plan = somePlan({
    workload: { ...somePlan().workload, cluster: { kubeconfig: await writeKubeconfig(folder, api.url) } },
    deadlines: { ...somePlan().deadlines, readyMs: 1500, confirmWeightMs: 600 },
  });
  const kubernetes = createKubernetesClients({ callTimeoutMs: 2000 });
  const client = kubernetes(plan.workload.cluster);
  const hears = { now: true };
  imitateControllers(api, hears);
  for (const object of objects()) await client.create(object);
  const stable = (await client.get(STABLE)) as Deployment & KubernetesObject;
  const route = (await client.get(ROUTE)) as HttpRoute & KubernetesObject;
  return {
    api,
    client,
    plan,
    before: recordOf(stable, route),
    act: createMutators(kubernetes),
    deafen: () => {
      hears.now = false;
    },
    edit: (address, change) => editObject(client, address, change),
    stamp: (address, fenceText) => editObject(client, address, (object) => stamped(object, fenceText)),
    standing: async () => {
      const kinds = ['Deployment', 'Service', 'HTTPRoute'] as const;
      const found = await Promise.all(kinds.map((kind) => client.list(kind, 'crm')));
      return found.flat().map(withoutClock);
    },
  };
}

function createMutators(kubernetes: ReturnType<typeof createKubernetesClients>) {
  const router = createTrafficRouter(kubernetes);
  return {
    ...createClaimService({ kubernetes, router }),
    ...createScaleCanary({ kubernetes }),
    ...createPromoteStable({ kubernetes }),
    ...createRemoveCanary({ kubernetes }),
    ...createRestoreWorkload({ kubernetes }),
    ...createShiftTraffic({ router }),
    ...createRestoreTraffic({ kubernetes, router }),
  };
}

/** Runs a body as one attempt of an activity. */
export function attempt<R>(body: () => Promise<R>, environment = activityEnvironment()): Promise<R> {
  return environment.run<[], R, () => Promise<R>>(body);
}

export function activityEnvironment(): MockActivityEnvironment {
  return new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
}

/** As the retry policy does: attempts until one succeeds or fails for good. */
export async function attempts<R>(body: () => Promise<R>, most = 5): Promise<R> {
  for (let left = most; ; left -= 1) {
    try {
      return await attempt(body);
    } catch (error) {
      if (left <= 1 || (error as { nonRetryable?: boolean }).nonRetryable === true) throw error;
    }
  }
}

export function fence(change: number, term = TERM): Fence {
  return { term, change };
}

export function backendsOf(route: KubernetesObject | undefined): unknown {
  const refs = (route as HttpRoute | undefined)?.spec.rules?.[0]?.backendRefs ?? [];
  return refs.map(({ name, weight }) => [name, weight]);
}

function objects(): readonly KubernetesObject[] {
  const labels = { app: 'crm-api', 'mainstay.dev/track': 'stable' };
  const containers = [{ name: 'api', image: IMAGE_1, env: [{ name: 'TOKEN', value: 'not for histories' }] }];
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'crm-api', namespace: 'crm', annotations: { team: 'crm', [DEPLOYMENT_MARK]: `${TERM}/1` } },
      spec: {
        replicas: 4,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'crm-api', namespace: 'crm' },
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'crm-api', namespace: 'crm', annotations: { [ROUTE_MARK]: `${TERM}/1` } },
      spec: {
        parentRefs: [{ name: 'edge' }],
        rules: [
          {
            matches: [{ path: { type: 'PathPrefix', value: '/' } }],
            backendRefs: [{ name: 'crm-api', port: 80, weight: 1 }],
          },
          {
            matches: [{ path: { type: 'PathPrefix', value: '/docs' } }],
            backendRefs: [{ name: 'docs', port: 80, weight: 3 }],
          },
        ],
      },
    },
  ];
}

function recordOf(stable: Deployment, route: HttpRoute): BeforeRecord {
  return {
    deployment: {
      name: 'crm-api',
      uid: stable.metadata.uid ?? '',
      replicas: 4,
      image: IMAGE_1,
      templateDigest: templateDigest(stable),
      revision: '1',
      readyReplicas: 4,
      selector: stable.spec.selector.matchLabels ?? {},
    },
    route: { name: 'crm-api', uid: route.metadata.uid ?? '', rule: 0, backends: STABLE_BACKENDS },
    observedAtMs: 0,
    first: false,
  };
}

/** The imitated controllers write too: whoever edits by hand tries again after a conflict. */
async function editObject<T extends KubernetesObject>(
  client: KubernetesClient,
  address: ObjectAddress,
  change: (object: T) => T,
): Promise<void> {
  for (let left = 10; ; left -= 1) {
    const found = await client.get<T>(address);
    if (found === undefined) throw new Error(`${address.kind} ${address.name} does not exist`);
    try {
      await client.replace(change(found));
      return;
    } catch (error) {
      if (left === 0 || !isCoded(error, 'Conflict')) throw error;
    }
  }
}

function stamped(object: KubernetesObject, fenceText: string | undefined): KubernetesObject {
  const mark = object.kind === 'HTTPRoute' ? ROUTE_MARK : DEPLOYMENT_MARK;
  const { [mark]: _old, ...rest } = object.metadata.annotations ?? {};
  const annotations = fenceText === undefined ? rest : { ...rest, [mark]: fenceText };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function withoutClock({ kind, metadata, spec }: KubernetesObject): unknown {
  const { name, labels, annotations } = metadata;
  const { clusterIP: _ip, clusterIPs: _ips, ...rest } = spec as Record<string, unknown>;
  return { kind, name, labels, annotations, spec: rest };
}

/** Every Deployment is rolled out, and every route accepted, a moment after it was written: that too raises its version. */
function imitateControllers(api: ApiServer, hears: { now: boolean }): void {
  api.store.subscribe(({ type, kind, object }) => {
    if (type === 'DELETED' || (kind.plural !== 'deployments' && kind.plural !== 'httproutes')) return;
    setTimeout(() => {
      const row = KINDS.find((each) => each.plural === kind.plural);
      const now = row && api.store.get(row, object.metadata.namespace, object.metadata.name ?? '');
      if (!hears.now || !row || now?.metadata.resourceVersion !== object.metadata.resourceVersion) return;
      const status = kind.plural === 'deployments' ? rolledOut(now as ApiObject) : accepted(now as ApiObject);
      if (JSON.stringify(status) !== JSON.stringify(now?.status)) api.store.put(row, { ...(now as ApiObject), status });
    }, 5);
  });
}

function rolledOut({ metadata, spec }: ApiObject) {
  const replicas = (spec as { replicas?: number }).replicas ?? 1;
  const all = { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
  return { observedGeneration: metadata.generation ?? 1, ...all };
}

function accepted({ metadata }: ApiObject) {
  const said = { reason: 'Accepted', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
  const condition = { type: 'Accepted', status: 'True', observedGeneration: metadata.generation ?? 1, ...said };
  const parent = { controllerName: 'example.com/gateway', parentRef: { name: 'edge' } };
  return { parents: [{ ...parent, conditions: [condition] }] };
}

export { IMAGE_1, IMAGE_2 };
