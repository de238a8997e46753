/** Objects of any kind, for copies of a whole namespace: lists in pages, and writes that are only tried. */
import type { ResourceKind } from '../../core/model/cluster-backup.ts';
import { CodedError } from '../../errors/coded-error.ts';
import { ClusterConnection } from './connection.ts';
import { type Call, Refusal, sendCall } from './http-client.ts';
import type { ClusterAddress, KubernetesObject } from './port.ts';

/** Every call takes at most 10 s and throws what a KubernetesClient throws. */
export interface ResourceClient {
  /**
   * Everything of a kind, of one namespace where the kind has them. Undefined when the server does not serve the kind.
   * A list whose pages expire in the middle is begun anew.
   */
  list(
    kind: ResourceKind,
    where: { readonly namespace?: string; readonly labelSelector?: string },
    signal?: AbortSignal,
  ): Promise<readonly KubernetesObject[] | undefined>;
  get(
    kind: ResourceKind,
    address: { readonly namespace?: string; readonly name: string },
    signal?: AbortSignal,
  ): Promise<KubernetesObject | undefined>;
  /** Server-side apply with dryRun=All: what the object would be. Nothing is written. */
  tryApply(kind: ResourceKind, object: KubernetesObject, signal?: AbortSignal): Promise<KubernetesObject>;
  /** Create with dryRun=All. Nothing is written. */
  tryCreate(kind: ResourceKind, object: KubernetesObject, signal?: AbortSignal): Promise<KubernetesObject>;
}

export type ResourceClients = (cluster: ClusterAddress) => ResourceClient;

const CALL_LIMIT_MS = 10_000;
const PAGE = 250;
/** How often a list is begun anew when its pages expire. */
const MOST_LISTS = 3;
const FIELD_MANAGER = 'mainstay-backup-check';

export function createResourceClients(): ResourceClients {
  const known = new Map<string, ResourceClient>();
  return (cluster) => {
    const key = JSON.stringify([cluster.kubeconfig ?? '', cluster.context ?? '']);
    const client = known.get(key) ?? createResourceClient(cluster);
    known.set(key, client);
    return client;
  };
}

function createResourceClient(cluster: ClusterAddress): ResourceClient {
  const connection = new ClusterConnection(cluster);
  const send = (call: Call, signal: AbortSignal | undefined) => sendCall(connection, call, CALL_LIMIT_MS, signal);

  async function listOnce(
    kind: ResourceKind,
    { namespace, labelSelector }: { readonly namespace?: string; readonly labelSelector?: string },
    signal: AbortSignal | undefined,
  ): Promise<readonly KubernetesObject[]> {
    const all: KubernetesObject[] = [];
    let next = '';
    do {
      const query = new URLSearchParams({ limit: String(PAGE), ...(labelSelector ? { labelSelector } : {}) });
      if (next !== '') query.set('continue', next);
      const object = `${kind.kind}${namespace === undefined ? '' : ` ${namespace}`}`;
      const path = `${collection(kind, namespace)}?${query.toString()}`;
      const call: Call = { verb: 'list', object, write: false, method: 'GET', path };
      const page = await send(call, signal);
      if (!isRecord(page) || !Array.isArray(page.items)) {
        throw new CodedError('BadResponse', `list ${object}: expected a list with items, the reply has none`);
      }
      for (const item of page.items as unknown[]) all.push(asObject({ ...asRecord(item), kind: kind.kind }, call));
      const metadata = asRecord(page.metadata);
      next = typeof metadata.continue === 'string' ? metadata.continue : '';
    } while (next !== '');
    return all;
  }

  async function tryWrite(call: Call, signal: AbortSignal | undefined): Promise<KubernetesObject> {
    return asObject(await send(call, signal), call);
  }

  return {
    async list(kind, where, signal) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await listOnce(kind, where, signal);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
          if (error.status === 404) return undefined;
          if (error.status !== 410 || attempt >= MOST_LISTS) throw error;
        }
      }
    },
    async get(kind, { namespace, name }, signal) {
      const path = `${collection(kind, namespace)}/${encodeURIComponent(name)}`;
      const call: Call = { ...about('get', kind, { namespace, name }), write: false, method: 'GET', path };
      try {
        return asObject(await send(call, signal), call);
      } catch (error) {
        if (error instanceof Refusal && error.absent) return undefined;
        throw error;
      }
    },
    tryApply(kind, object, signal) {
      const { namespace, name } = object.metadata;
      const query = `dryRun=All&force=true&fieldManager=${FIELD_MANAGER}`;
      const path = `${collection(kind, namespace)}/${encodeURIComponent(name)}?${query}`;
      const asked = about('apply (dry run)', kind, { namespace, name });
      const contentType = 'application/apply-patch+yaml';
      // Not a write: it may simply be asked again.
      return tryWrite({ ...asked, write: false, method: 'PATCH', path, body: object, contentType }, signal);
    },
    tryCreate(kind, object, signal) {
      const { namespace, name } = object.metadata;
      const path = `${collection(kind, namespace)}?dryRun=All&fieldManager=${FIELD_MANAGER}`;
      const asked = about('create (dry run)', kind, { namespace, name });
      return tryWrite({ ...asked, write: false, method: 'POST', path, body: object }, signal);
    },
  };
}

function about(
  verb: string,
  { kind }: ResourceKind,
  { namespace, name }: { readonly namespace?: string | undefined; readonly name: string },
): { readonly verb: string; readonly object: string } {
  return { verb, object: `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}` };
}

function collection({ group, version, plural, namespaced }: ResourceKind, namespace: string | undefined): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  if (!namespaced) return `${root}/${plural}`;
  if (namespace === undefined) throw new CodedError('InvalidInput', `${plural}: expected a namespace, found none`);
  return `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

function asObject(value: unknown, { verb, object }: Call): KubernetesObject {
  if (isRecord(value) && isRecord(value.metadata) && typeof value.metadata.name === 'string') {
    return value as unknown as KubernetesObject;
  }
  throw new CodedError('BadResponse', `${verb} ${object}: expected an object with metadata.name, the reply has none`);
}

function asRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
