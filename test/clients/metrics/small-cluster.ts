/** A tiny API server and metrics pages on loopback: just enough for a watch, every answer settable. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKubernetesClients } from '../../../src/clients/kubernetes/http-client.ts';
import { DIAL_ANNOTATION } from '../../../src/clients/kubernetes/pod-address.ts';
import type { KubernetesClients } from '../../../src/clients/kubernetes/port.ts';
import { answerJson, startTinyServer, type TinyHandler, type TinyServer } from '../http/tiny-server.ts';

export interface SmallPod {
  readonly name: string;
  /** Value of its label `track`. */
  readonly track: string;
  /** `host:port` of its metrics page, for container port 8080. */
  readonly dial: string;
  readonly phase?: string;
  readonly createdAt?: string;
  readonly deletedAt?: string;
}

export interface SmallCluster {
  readonly kubernetes: KubernetesClients;
  readonly kubeconfig: string;
  readonly pods: SmallPod[];
  /** Objects by REST path; removed ones answer 404. */
  readonly objects: Map<string, unknown>;
  /** Answers 500 to everything while true. */
  broken: boolean;
  /** Starts a page server that `close` stops. */
  page(handler: TinyHandler | string): Promise<TinyServer>;
  close(): Promise<void>;
}

export async function startSmallCluster(): Promise<SmallCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-watch-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const servers: TinyServer[] = [];
  const api = await startTinyServer((request, response) => {
    const url = new URL(request.path, 'http://api');
    if (cluster.broken) return answerJson(response, 500, { kind: 'Status', message: 'etcd is away', code: 500 });
    if (url.pathname.endsWith('/pods')) {
      const track = /track=(\S+)/.exec(url.searchParams.get('labelSelector') ?? '')?.[1];
      return answerJson(response, 200, {
        kind: 'PodList',
        items: cluster.pods.filter((pod) => pod.track === track).map(podObject),
      });
    }
    const found = cluster.objects.get(url.pathname);
    if (found) return answerJson(response, 200, found);
    const name = url.pathname.split('/').at(-1);
    return answerJson(response, 404, {
      kind: 'Status',
      reason: 'NotFound',
      code: 404,
      message: 'not found',
      details: { name },
    });
  });
  servers.push(api);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'here', cluster: { server: api.url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'worker', user: {} }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'worker' } }],
    'current-context': 'here',
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const cluster: SmallCluster = {
    kubernetes: createKubernetesClients(),
    kubeconfig,
    pods: [],
    objects: new Map(),
    broken: false,
    async page(handler) {
      const server = await startTinyServer(
        typeof handler === 'string'
          ? (_, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end(handler)
          : handler,
      );
      servers.push(server);
      return server;
    },
    async close() {
      await Promise.all(servers.map((server) => server.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
  return cluster;
}

function podObject(pod: SmallPod) {
  return {
    metadata: {
      name: pod.name,
      namespace: 'crm',
      labels: { track: pod.track },
      annotations: { [DIAL_ANNOTATION]: JSON.stringify({ 8080: pod.dial }) },
      ...(pod.createdAt === undefined ? {} : { creationTimestamp: pod.createdAt }),
      ...(pod.deletedAt === undefined ? {} : { deletionTimestamp: pod.deletedAt }),
    },
    status: { phase: pod.phase ?? 'Running', podIP: '10.244.0.9' },
  };
}
