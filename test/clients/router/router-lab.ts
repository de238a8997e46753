/**
 * A cluster with two arms of real pods, the controllers that make endpoints of them, and the router that sends requests to
 * them: what an adapter must change, and where it must be seen.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, createServer, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createKubernetesClients } from '../../../src/clients/kubernetes/http-client.ts';
import type {
  KubernetesClient,
  KubernetesClients,
  KubernetesObject,
  ObjectAddress,
} from '../../../src/clients/kubernetes/port.ts';
import type { TrafficPlan } from '../../../src/core/model/plan.ts';
import { type ApiServer, startApiServer } from '../../../src/sandbox/cluster/api/server.ts';
import {
  type RunningControllers,
  startControllers,
} from '../../../src/sandbox/cluster/controllers/start-controllers.ts';
import { createKubeClient } from '../../../src/sandbox/cluster/kube/kube-client.ts';
import { RESOURCES } from '../../../src/sandbox/cluster/kube/objects.ts';
import { listenOnLoopback } from '../../../src/sandbox/http/listen.ts';
import { kubeConfigFor } from '../../../src/sandbox/kubeconfig.ts';
import { GATEWAYS } from '../../../src/sandbox/router/gateway-objects.ts';
import { type Router, startRouter } from '../../../src/sandbox/router/server.ts';
import { somePlan } from '../../harness/some-plan.ts';
import { writeKubeconfig } from '../kubernetes/kubeconfig.ts';

export const TERM = 7;
export const CANARY_NAME = `crm-api-canary-${TERM}`;
export const STABLE_PODS = 4;
const HOST = 'crm.example.com';

export interface RouterLab {
  readonly api: ApiServer;
  readonly clients: KubernetesClients;
  readonly client: KubernetesClient;
  readonly router: Router;
  readonly target: {
    readonly workload: ReturnType<typeof somePlan>['workload'];
    readonly traffic: TrafficPlan;
    readonly service: string;
  };
  /** Canary pods that are ready, as many as asked for. */
  runCanaryPods(count: number): Promise<void>;
  /** Neither endpoints nor router follow any more; answers how they go on. */
  holdDataPlane(): Promise<() => Promise<void>>;
  /** Sends requests one after the other; how many each arm answered. */
  send(count: number): Promise<Readonly<Record<string, number>>>;
  /** Someone else writes an object. */
  edit(address: ObjectAddress, change: (object: KubernetesObject) => KubernetesObject): Promise<void>;
}

/** Four stable pods behind `crm-api`, the named Deployment (which makes none), and the objects of one kind of router. */
export async function openRouterLab(
  objects: readonly KubernetesObject[],
  trafficOf: (adminUrl: string) => TrafficPlan,
): Promise<RouterLab> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-router-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const api = await startApiServer({ namespaces: ['crm'] });
  onTestFinished(() => api.close());
  const kubeConfig = kubeConfigFor(api.url);
  const kube = createKubeClient(kubeConfig);
  onTestFinished(() => kube.close());
  let controllers: RunningControllers | undefined = await startControllers({ kubeConfig });
  onTestFinished(() => controllers?.close());
  const router = await startRouter({ kubeConfig });
  onTestFinished(() => router.close());
  await router.synced;
  const clients = createKubernetesClients({ callTimeoutMs: 5000 });
  const workload = { ...somePlan().workload, cluster: { kubeconfig: await writeKubeconfig(folder, api.url) } };
  const client = clients(workload.cluster);
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  let canaries = 0;

  async function runPod(track: string, index: number): Promise<void> {
    const pod = await listenOnLoopback(
      createServer((_request, response) => response.setHeader('x-track', track).end(track)),
    );
    onTestFinished(() => pod.close());
    const name = `crm-api-${track}-${index}`;
    const labels = { app: 'crm-api', 'mainstay.dev/track': track };
    const annotations = { 'sandbox.mainstay.dev/dial': JSON.stringify({ 8080: pod.host }) };
    const containers = [{ name: 'api', image: 'example.com/crm-api', ports: [{ containerPort: 8080 }] }];
    await client.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'crm', labels, annotations },
      spec: { nodeName: 'nowhere', containers },
    });
    const status = {
      phase: 'Running',
      podIP: `10.244.${track === 'stable' ? 0 : 1}.${index + 1}`,
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    await kube.mergePatch({ resource: RESOURCES.pods, namespace: 'crm', name, subresource: 'status' }, { status });
  }

  for (const object of [...shared(), ...objects]) {
    // The client of the worker writes no Gateway.
    if (object.kind === 'Gateway') await kube.create({ resource: GATEWAYS, namespace: 'crm' }, structuredClone(object));
    else await client.create(object);
  }
  for (let index = 0; index < STABLE_PODS; index += 1) await runPod('stable', index);
  return {
    api,
    clients,
    client,
    router,
    target: { workload, traffic: trafficOf(router.adminUrl), service: 'crm-api' },
    runCanaryPods: async (count) => {
      for (; canaries < count; canaries += 1) await runPod(`canary-${TERM}`, canaries);
    },
    holdDataPlane: async () => {
      await controllers?.close();
      controllers = undefined;
      router.faults.set({ kind: 'frozen' });
      return async () => {
        controllers = await startControllers({ kubeConfig });
        router.faults.clear();
      };
    },
    send: async (count) => {
      const answers: Record<string, number> = {};
      for (let sent = 0; sent < count; sent += 1) {
        const track = await sendOne(router.url, agent);
        answers[track] = (answers[track] ?? 0) + 1;
      }
      return answers;
    },
    edit: async (address, change) => {
      const found = await client.get(address);
      if (found === undefined) throw new Error(`${address.kind} ${address.name} does not exist`);
      await client.replace(change(found));
    },
  };
}

/** Track of the pod that answered, or the code of the router. */
function sendOne(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers: { host: HOST }, agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(String(response.headers['x-track'] ?? response.statusCode)));
    });
    request.on('error', reject);
    request.end();
  });
}

export function service(name: string, track: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'crm' },
    spec: {
      selector: { app: 'crm-api', 'mainstay.dev/track': track },
      ports: [{ name: 'http', port: 80, targetPort: 8080 }],
    },
  };
}

/** A Gateway, and an HTTPRoute with these rules at its host. */
export function gatewayRoute(rules: readonly object[]): readonly KubernetesObject[] {
  return [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'public', namespace: 'crm' },
      spec: { gatewayClassName: 'mainstay-sandbox', listeners: [{ name: 'http', protocol: 'HTTP', port: 80 }] },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'crm-api', namespace: 'crm', labels: { team: 'crm' }, annotations: { note: 'kept' } },
      spec: { parentRefs: [{ name: 'public' }], hostnames: [HOST], rules },
    },
  ];
}

function shared(): readonly KubernetesObject[] {
  const labels = { app: 'crm-api', 'mainstay.dev/track': 'stable' };
  return [
    service('crm-api', 'stable'),
    service('docs', 'docs'),
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'crm-api', namespace: 'crm' },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'crm-api', 'mainstay.dev/track': 'stable' } },
        template: { metadata: { labels }, spec: { containers: [{ name: 'api', image: 'example.com/crm-api' }] } },
      },
    },
  ];
}
