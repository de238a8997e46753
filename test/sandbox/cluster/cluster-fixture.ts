import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { type ApiServer, startApiServer } from '../../../src/sandbox/cluster/api/server.ts';
import { startControllers } from '../../../src/sandbox/cluster/controllers/start-controllers.ts';
import { createKubeClient, type KubeClient } from '../../../src/sandbox/cluster/kube/kube-client.ts';
import {
  type Deployment,
  type EndpointSlice,
  type Pod,
  type ReplicaSet,
  RESOURCES,
} from '../../../src/sandbox/cluster/kube/objects.ts';
import {
  type NodeAgent,
  type NodeAgentOptions,
  startNodeAgent,
} from '../../../src/sandbox/cluster/node/start-node-agent.ts';
import { type Registry, startRegistry } from '../../../src/sandbox/registry/server.ts';
import { requireTool } from '../../harness/tools.ts';

export const NAMESPACE = 'crm';

/** A cluster for one test file, with the parts it asks for. */
export interface TestCluster {
  readonly api: ApiServer;
  readonly registry: Registry;
  readonly kubeConfig: KubeConfig;
  readonly client: KubeClient;
  readonly folder: string;
  readonly problems: string[];
  startAgent(options?: Partial<NodeAgentOptions>): Promise<NodeAgent>;
  kubectl(...args: string[]): Promise<string>;
  create<T extends object>(resource: (typeof RESOURCES)[keyof typeof RESOURCES], body: T): Promise<T>;
  pods(selector?: Readonly<Record<string, string>>): Promise<Pod[]>;
  pod(name: string): Promise<Pod>;
  deployment(name: string): Promise<Deployment>;
  replicaSets(deployment: string): Promise<ReplicaSet[]>;
  slices(service: string): Promise<EndpointSlice[]>;
  /** Runs at close, before the servers stop. */
  onClose(stop: () => Promise<void> | void): void;
  close(): Promise<void>;
}

/** `route` leads the controllers to the API on another way than the rest. */
export async function startTestCluster(
  route: (apiUrl: string) => string | Promise<string> = (apiUrl) => apiUrl,
): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'cluster-'));
  const api = await startApiServer({ namespaces: ['default', NAMESPACE] });
  const registry = await startRegistry({ stateDir: folder });
  const kubeConfig = kubeConfigFor(api.url);
  const kubeConfigFile = join(folder, 'kubeconfig');
  await writeFile(kubeConfigFile, kubeConfig.exportConfig());
  const problems: string[] = [];
  const reportProblem = (what: string, problem: Error): void => {
    problems.push(`${what}: ${problem.message}`);
  };
  const controllers = await startControllers({ kubeConfig: kubeConfigFor(await route(api.url)), reportProblem });
  const client = createKubeClient(kubeConfig);
  const stops: (() => Promise<void> | void)[] = [];
  const list = async <T extends object>(resource: (typeof RESOURCES)[keyof typeof RESOURCES]) =>
    (await client.list<T>({ resource, namespace: NAMESPACE })).items;
  return {
    api,
    registry,
    kubeConfig,
    client,
    folder,
    problems,
    startAgent: async (options = {}) => {
      const agent = await startNodeAgent({
        kubeConfig,
        stateDir: join(folder, 'node'),
        registryHost: registry.host,
        reportProblem,
        ...options,
      });
      stops.push(() => agent.close());
      return agent;
    },
    kubectl: (...args) =>
      new Promise((resolve, reject) => {
        const all = ['--kubeconfig', kubeConfigFile, '--cache-dir', join(folder, 'cache'), ...args];
        execFile(requireTool('kubectl'), all, (error, stdout, stderr) => {
          if (error) reject(new Error(`kubectl ${args.join(' ')}: ${stderr}${stdout}`));
          else resolve(stdout);
        });
      }),
    create: (resource, body) => client.create({ resource, namespace: NAMESPACE }, body),
    pods: async (selector = {}) =>
      (await list<Pod>(RESOURCES.pods)).filter(({ metadata }) =>
        Object.entries(selector).every(([key, value]) => metadata?.labels?.[key] === value),
      ),
    pod: (name) => client.get({ resource: RESOURCES.pods, namespace: NAMESPACE, name }),
    deployment: (name) => client.get({ resource: RESOURCES.deployments, namespace: NAMESPACE, name }),
    replicaSets: async (deployment) =>
      (await list<ReplicaSet>(RESOURCES.replicaSets)).filter(
        ({ metadata }) => metadata?.ownerReferences?.[0]?.name === deployment,
      ),
    slices: async (service) =>
      (await list<EndpointSlice>(RESOURCES.endpointSlices)).filter(
        ({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === service,
      ),
    onClose: (stop) => stops.push(stop),
    close: async () => {
      for (const stop of stops.reverse()) await stop();
      await controllers.close();
      client.close();
      await api.close();
      await registry.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function kubeConfigFor(url: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'sandbox', server: url, skipTLSVerify: true }],
    users: [{ name: 'sandbox' }],
    contexts: [{ name: 'sandbox', cluster: 'sandbox', user: 'sandbox', namespace: NAMESPACE }],
    currentContext: 'sandbox',
  });
  return kubeConfig;
}

export interface DeploymentShape {
  readonly replicas: number;
  readonly image?: string;
  readonly strategy?: object;
  readonly container?: object;
  readonly spec?: object;
  readonly podSpec?: object;
}

/** A Deployment `name` whose Pods carry the label `app: name`. */
export function deploymentNamed(name: string, shape: DeploymentShape): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas: shape.replicas,
      selector: { matchLabels: { app: name } },
      strategy: shape.strategy ?? { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      ...shape.spec,
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            {
              name: 'app',
              image: shape.image ?? 'any:1',
              ports: [{ containerPort: 8080, name: 'http' }],
              ...shape.container,
            },
          ],
          ...shape.podSpec,
        },
      },
    },
  };
}
