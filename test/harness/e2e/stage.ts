/** One scenario's own world: a namespace of the cluster with the example company, its load, and its deployments. */
import { readFile, readdir } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { parseAllDocuments } from 'yaml';
import { TASK_QUEUES } from '../../../src/core/model/names.ts';
import type { DeployInput } from '../../../src/core/model/plan.ts';
import type { KubeClient } from '../../../src/sandbox/cluster/kube/kube-client.ts';
import {
  type Deployment,
  type KubeObject,
  type Resource,
  RESOURCES,
} from '../../../src/sandbox/cluster/kube/objects.ts';
import { type Load, startLoad } from '../../../src/sandbox/load/load.ts';
import { GATEWAYS, HTTP_ROUTES, type HttpRoute } from '../../../src/sandbox/router/gateway-objects.ts';
import type { ClusterParts } from '../e2e.ts';
import { type BackendCounts, readRouterCounts, since } from './router-counts.ts';
import { type ClusterView, type RouterView, type Standing, standingOf, versionThrough, whyNotS1 } from './s1.ts';
import { Run } from './run.ts';
import { until } from './until.ts';

const FOLDER = new URL('../../../examples/crm/k8s/', import.meta.url);
const KINDS: Readonly<Record<string, Resource>> = {
  Namespace: { prefix: '/api/v1', plural: 'namespaces', apiVersion: 'v1', kind: 'Namespace' },
  ConfigMap: RESOURCES.configMaps,
  Secret: RESOURCES.secrets,
  Deployment: RESOURCES.deployments,
  Service: RESOURCES.services,
  Gateway: GATEWAYS,
  HTTPRoute: HTTP_ROUTES,
};

export interface StageOptions {
  readonly image: string;
  /** Default 2; 0 for a company that has not deployed anything yet. */
  readonly replicas?: number;
  /** Requests per second; default 40. */
  readonly rps?: number;
}

export class Stage {
  readonly name: string;
  readonly cluster: ClusterView;
  readonly router: RouterView;
  readonly load: Load;
  readonly kube: KubeClient;
  readonly #client: Client;
  readonly #rps: number;
  #begun: BackendCounts = {};

  private constructor(name: string, sandbox: ClusterParts, kube: KubeClient, client: Client, rps: number) {
    const host = `${name}.example.com`;
    this.name = name;
    this.kube = kube;
    this.#client = client;
    this.cluster = { client: kube, namespace: name };
    this.router = { url: sandbox.router.url, adminUrl: sandbox.router.adminUrl, host };
    // Nothing is asked before anything serves: what fails later is to be the deployment's doing.
    this.load = startLoad({ target: sandbox.router.url, rps: 0, host });
    this.#rps = rps;
  }

  /** Applies the example's objects to a namespace of the stage's name and waits until they serve. */
  static async open(
    name: string,
    sandbox: ClusterParts,
    kube: KubeClient,
    client: Client,
    options: StageOptions,
  ): Promise<Stage> {
    const { replicas = 2, image, rps = 40 } = options;
    for (const object of await exampleObjects(name, image, replicas)) {
      const resource = KINDS[object.kind ?? ''];
      if (!resource) throw new Error(`example object of kind ${object.kind} is not known here`);
      const namespace = object.kind === 'Namespace' ? undefined : name;
      await kube.create({ resource, namespace }, object);
    }
    const stage = new Stage(name, sandbox, kube, client, rps);
    if (replicas > 0) await stage.begin();
    return stage;
  }

  /** Waits until it serves, then sends load. */
  async begin(): Promise<void> {
    let why: string | undefined = 'not looked at';
    const serves = async (): Promise<boolean> => {
      why = await this.whyNotS1();
      return why === undefined;
    };
    await until(`stage ${this.name} to serve`, serves, 90_000, () => why);
    this.#begun = await readRouterCounts(this.router.adminUrl, this.name);
    this.load.setRate(this.#rps);
  }

  /** Starts `deployService` with the client, as a script would. */
  async deploy(version: string, input: Partial<DeployInput> = {}, id?: string): Promise<Run> {
    const workflowId = id ?? `deploy/${this.name}/crm-api/${randomBytes(4).toString('hex')}`;
    const args: [DeployInput] = [
      { service: 'crm-api', environment: this.name, version, requestedBy: 'release-manager', ...input },
    ];
    await this.#client.workflow.start('deployService', { taskQueue: TASK_QUEUES.main, workflowId, args });
    return this.run(workflowId);
  }

  run(workflowId: string): Run {
    return new Run(this.#client, workflowId);
  }

  standing(): Promise<Standing> {
    return standingOf(this.cluster);
  }

  whyNotS1(before?: Partial<Standing>): Promise<string | undefined> {
    return whyNotS1(this.cluster, this.router, before);
  }

  version(): Promise<string> {
    return versionThrough(this.router);
  }

  /** What the router counted since the stage serves. */
  async counts(): Promise<BackendCounts> {
    return since(this.#begun, await readRouterCounts(this.router.adminUrl, this.name));
  }

  at(resource: Resource, name = 'crm-api') {
    return { resource, namespace: this.name, name };
  }

  route(): Promise<HttpRoute> {
    return this.kube.get<HttpRoute>(this.at(HTTP_ROUTES));
  }

  deployment(name = 'crm-api'): Promise<Deployment> {
    return this.kube.get<Deployment>(this.at(RESOURCES.deployments, name));
  }

  patchDeployment(body: object): Promise<Deployment> {
    return this.kube.mergePatch<Deployment>(this.at(RESOURCES.deployments), body);
  }

  /** One field of the only container, as a person with `kubectl edit` would change it. */
  async editContainer(change: object): Promise<void> {
    const [container] = (await this.deployment()).spec?.template.spec?.containers ?? [];
    await this.patchDeployment({ spec: { template: { spec: { containers: [{ ...container, ...change }] } } } });
  }

  async canaryName(): Promise<string | undefined> {
    const { items } = await this.kube.list<Deployment>({ resource: RESOURCES.deployments, namespace: this.name });
    return items.map(({ metadata }) => metadata?.name ?? '').find((name) => name.includes('-canary-'));
  }

  /** Versions of everything an operation could write, to see that it wrote nothing. */
  async resourceVersions(): Promise<Record<string, string>> {
    const versions: Record<string, string> = {};
    for (const resource of [RESOURCES.deployments, RESOURCES.services, HTTP_ROUTES, RESOURCES.configMaps]) {
      const { items } = await this.kube.list<KubeObject>({ resource, namespace: this.name });
      for (const { metadata } of items)
        versions[`${resource.kind} ${metadata?.name}`] = metadata?.resourceVersion ?? '';
    }
    return versions;
  }

  close(): Promise<void> {
    return Promise.resolve(this.load.close());
  }
}

async function exampleObjects(namespace: string, image: string, replicas: number): Promise<KubeObject[]> {
  const objects: KubeObject[] = [];
  for (const file of (await readdir(FOLDER)).filter((each) => each.endsWith('.yaml')).sort()) {
    const text = (await readFile(new URL(file, FOLDER), 'utf8'))
      .replaceAll('REGISTRY/crm-api@DIGEST', image)
      .replaceAll('namespace: crm\n', `namespace: ${namespace}\n`)
      .replaceAll('name: crm\n', `name: ${namespace}\n`)
      .replaceAll('replicas: 3', `replicas: ${replicas}`)
      // On a machine that is busy with other tests a pod may be slow to answer without being ill.
      .replaceAll('timeoutSeconds: 1', 'timeoutSeconds: 5')
      .replaceAll('failureThreshold: 2', 'failureThreshold: 4')
      .replaceAll('crm.example.com', `${namespace}.example.com`);
    for (const document of parseAllDocuments(text)) objects.push(document.toJS() as KubeObject);
  }
  return objects;
}
