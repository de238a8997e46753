/**
 * A cluster in memory, as far as the activities of a deployment see it: Deployments whose pods get ready after a while,
 * Services, HTTPRoutes that a gateway accepts at once, pods that all answer at one address. Every namespace holds every
 * service from the first look on, so that a thousand need no set-up.
 */
import type {
  ClusterAddress,
  KindName,
  KubernetesClient,
  KubernetesClients,
  KubernetesObject,
  ObjectAddress,
  ObjectMeta,
} from '../../src/clients/kubernetes/port.ts';
import { CodedError } from '../../src/errors/coded-error.ts';

export interface FakeClusterOptions {
  readonly replicas: number;
  /** Image that every service runs at first. */
  readonly image: string;
  /** From a change of a Deployment until its pods are ready. */
  readonly podReadyMs: number;
  /** `host:port` where the pods of a namespace answer. */
  readonly podsOf: (namespace: string) => string;
}

interface Stored {
  object: KubernetesObject<Spec>;
  /** Of Deployments: when the pods of the last change are ready, and how many of the same template were before. */
  readyAtMs: number;
  readyBefore: number;
}

interface Spec {
  readonly replicas?: number;
  readonly selector?: Labels | { readonly matchLabels?: Labels };
  readonly template?: { readonly metadata?: { readonly labels?: Labels } };
}
type Labels = Readonly<Record<string, string>>;

const CONTAINER_PORT = 8080;

export function createFakeCluster(options: FakeClusterOptions): KubernetesClients {
  const cluster = new FakeCluster(options);
  return (_address: ClusterAddress): KubernetesClient => cluster;
}

class FakeCluster implements KubernetesClient {
  private readonly namespaces = new Map<string, Map<string, Stored>>();
  private readonly options: FakeClusterOptions;
  private lastVersion = 0;

  constructor(options: FakeClusterOptions) {
    this.options = options;
  }

  async get<T extends KubernetesObject>(address: ObjectAddress, signal?: AbortSignal): Promise<T | undefined> {
    signal?.throwIfAborted();
    const found = this.find(address);
    return found && (withStatus(found) as T);
  }

  async list<T extends KubernetesObject>(
    kind: KindName,
    namespace: string,
    { labelSelector = '' }: { labelSelector?: string; fieldSelector?: string } = {},
    signal?: AbortSignal,
  ): Promise<readonly T[]> {
    signal?.throwIfAborted();
    const wanted = labelsOf(labelSelector);
    const all = [...this.namespace(namespace).values()];
    if (kind === 'Pod') return this.pods(namespace, all, wanted) as unknown as readonly T[];
    const ofKind = all.filter(({ object }) => object.kind === kind && carries(object.metadata.labels, wanted));
    return ofKind.map((each) => withStatus(each) as T);
  }

  async create<T extends KubernetesObject>(object: T): Promise<T> {
    const { name, namespace = 'default' } = object.metadata;
    const objects = this.namespace(namespace);
    const key = `${object.kind}/${name}`;
    if (objects.has(key)) throw new CodedError('Conflict', `${object.kind} ${namespace}/${name} exists`);
    return this.store(key, object, undefined) as T;
  }

  async replace<T extends KubernetesObject>(object: T): Promise<T> {
    const { name, namespace = 'default', resourceVersion } = object.metadata;
    const key = `${object.kind}/${name}`;
    const before = this.namespace(namespace).get(key);
    if (!before) throw new CodedError('NotFound', `${key} in ${namespace} does not exist`);
    if (resourceVersion !== before.object.metadata.resourceVersion)
      throw new CodedError('Conflict', `${key} in ${namespace} was changed meanwhile`);
    return this.store(key, object, before) as T;
  }

  async delete({ kind, namespace, name }: ObjectAddress): Promise<boolean> {
    return this.namespace(namespace).delete(`${kind}/${name}`);
  }

  async canI(): Promise<boolean> {
    return true;
  }

  private namespace(name: string): Map<string, Stored> {
    const known = this.namespaces.get(name) ?? new Map<string, Stored>();
    this.namespaces.set(name, known);
    return known;
  }

  /** What a team would have applied long ago is there when it is first asked for. */
  private find({ kind, namespace, name }: ObjectAddress): Stored | undefined {
    const objects = this.namespace(namespace);
    const key = `${kind}/${name}`;
    const isTeams = !name.includes('-canary-');
    if (!objects.has(key) && isTeams) {
      const seed = teamsObject(kind, namespace, name, this.options);
      if (seed) {
        this.store(key, seed, undefined);
        const stored = objects.get(key);
        if (stored) stored.readyAtMs = 0;
      }
    }
    return objects.get(key);
  }

  private store(key: string, object: KubernetesObject, before: Stored | undefined): KubernetesObject {
    this.lastVersion += 1;
    const spec = (object.spec ?? {}) as Spec;
    const isChanged = !before || JSON.stringify(before.object.spec) !== JSON.stringify(spec);
    const sameTemplate = before && JSON.stringify(before.object.spec?.template) === JSON.stringify(spec.template);
    const metadata: ObjectMeta = {
      ...object.metadata,
      uid: before?.object.metadata.uid ?? `uid-${this.lastVersion}`,
      resourceVersion: `${this.lastVersion}`,
      generation: (before?.object.metadata.generation ?? 0) + (isChanged ? 1 : 0),
      creationTimestamp: before?.object.metadata.creationTimestamp ?? new Date().toISOString(),
    };
    const stored: Stored = {
      object: { ...object, metadata, spec },
      readyAtMs: before && !isChanged ? before.readyAtMs : Date.now() + this.options.podReadyMs,
      readyBefore: before ? (sameTemplate ? (before.object.spec?.replicas ?? 1) : 0) : 0,
    };
    // Fewer pods of the same template need not start.
    if (sameTemplate && stored.readyBefore >= (spec.replicas ?? 1)) stored.readyAtMs = before.readyAtMs;
    this.namespace(metadata.namespace ?? 'default').set(key, stored);
    return stored.object;
  }

  private pods(namespace: string, all: readonly Stored[], wanted: Labels): KubernetesObject[] {
    const dial = JSON.stringify({ [CONTAINER_PORT]: this.options.podsOf(namespace) });
    return all.flatMap(({ object }) => {
      const labels = object.kind === 'Deployment' ? object.spec?.template?.metadata?.labels : undefined;
      if (!labels || !carries(labels, wanted)) return [];
      return Array.from({ length: object.spec?.replicas ?? 1 }, (_none, index) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name: `${object.metadata.name}-${index}`,
          namespace,
          labels,
          annotations: { 'sandbox.mainstay.dev/dial': dial },
          ...(object.metadata.creationTimestamp && { creationTimestamp: object.metadata.creationTimestamp }),
        },
        status: { phase: 'Running', podIP: '10.244.0.1' },
      }));
    });
  }
}

function withStatus({ object, readyAtMs, readyBefore }: Stored): KubernetesObject {
  const generation = object.metadata.generation ?? 1;
  if (object.kind === 'Deployment') {
    const replicas = object.spec?.replicas ?? 1;
    const ready = Date.now() >= readyAtMs ? replicas : Math.min(readyBefore, replicas);
    const counts = { replicas, updatedReplicas: ready, readyReplicas: ready, availableReplicas: ready };
    return { ...object, status: { observedGeneration: generation, ...counts } };
  }
  if (object.kind === 'HTTPRoute') {
    const condition = (type: string) => ({ type, status: 'True', observedGeneration: generation });
    return { ...object, status: { parents: [{ conditions: [condition('Accepted'), condition('ResolvedRefs')] }] } };
  }
  return object;
}

function teamsObject(
  kind: KindName,
  namespace: string,
  name: string,
  { replicas, image }: FakeClusterOptions,
): KubernetesObject | undefined {
  const labels = { app: name, 'mainstay.dev/track': 'stable' };
  const metadata: ObjectMeta = { name, namespace, labels: { app: name } };
  switch (kind) {
    case 'Deployment':
      return {
        apiVersion: 'apps/v1',
        kind,
        metadata: { ...metadata, annotations: { 'deployment.kubernetes.io/revision': '1' } },
        spec: {
          replicas,
          revisionHistoryLimit: 10,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'api', image, env: environment() }] } },
        },
      };
    case 'Service':
      return {
        apiVersion: 'v1',
        kind,
        metadata,
        spec: { selector: labels, ports: [{ port: 80, targetPort: CONTAINER_PORT }] },
      };
    case 'HTTPRoute':
      return {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind,
        metadata,
        spec: { rules: [{ backendRefs: [{ name, port: 80, weight: 100 }] }] },
      };
    default:
      return undefined;
  }
}

/** A template of ordinary size: what is read, compared and written is not only three lines. */
function environment(): readonly { name: string; value: string }[] {
  return Array.from({ length: 20 }, (_none, index) => ({ name: `SETTING_${index}`, value: `value of ${index}` }));
}

function labelsOf(selector: string): Labels {
  const pairs = selector.split(',').filter((pair) => pair !== '');
  return Object.fromEntries(pairs.map((pair) => pair.split('=', 2) as [string, string]));
}

function carries(labels: Labels | undefined, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels?.[key] === value);
}
