import { CodedError } from '../../errors/coded-error.ts';
import {
  type ClassifiedError,
  classifyKubernetesLoss,
  classifyKubernetesRefusal,
} from '../../errors/classify-kubernetes.ts';
import { exchange, ExchangeError, type HttpReply, retryAfterMs } from '../http/exchange.ts';
import { ClusterConnection, type Connection } from './connection.ts';
import { about, addressOf, apiVersionOf, collectionPath, objectPath } from './object-path.ts';
import {
  type ClusterAddress,
  KINDS,
  type KindName,
  type KubernetesClient,
  type KubernetesClients,
  type KubernetesObject,
  type ObjectAddress,
} from './port.ts';

export interface KubernetesClientOptions {
  /** From the call to the last byte of its reply, credentials included. Default 10 s. */
  readonly callTimeoutMs?: number;
}

/** Gives the client of a cluster, the same one for the same address. Nothing is read before the first call. */
export function createKubernetesClients(options: KubernetesClientOptions = {}): KubernetesClients {
  const clients = new Map<string, KubernetesClient>();
  return (cluster) => {
    const key = JSON.stringify([cluster.kubeconfig ?? '', cluster.context ?? '']);
    const known = clients.get(key);
    if (known) return known;
    const made = createKubernetesClient(cluster, options);
    clients.set(key, made);
    return made;
  };
}

export interface Call {
  /** For messages: `get`, `list`, `create`, `update`, `delete`, `review`, `apply`. */
  readonly verb: string;
  /** For messages: `Deployment crm/crm-api`. */
  readonly object: string;
  readonly write: boolean;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** `application/json` when left out. */
  readonly contentType?: string;
}

/** A refusal by the API server, with what only this file needs to know. */
export class Refusal extends CodedError {
  readonly absent: boolean;
  readonly status: number;

  constructor(classified: ClassifiedError, status: number) {
    super(classified.code, classified.message, { retryAfterMs: classified.retryAfterMs });
    this.absent = classified.absent;
    this.status = status;
  }
}

/** One cluster over plain JSON: unlike the typed calls of client-node it keeps every field of a team's object. */
export function createKubernetesClient(
  cluster: ClusterAddress,
  options: KubernetesClientOptions = {},
): KubernetesClient {
  const connection = new ClusterConnection(cluster);
  const timeoutMs = options.callTimeoutMs ?? 10_000;
  const send = (call: Call, signal: AbortSignal | undefined) => sendCall(connection, call, timeoutMs, signal);

  return {
    async get<T extends KubernetesObject>(address: ObjectAddress, signal?: AbortSignal) {
      const call: Call = { ...about('get', address), write: false, method: 'GET', path: objectPath(address) };
      try {
        return asObject(await send(call, signal), call) as T;
      } catch (error) {
        if (error instanceof Refusal && error.absent) return undefined;
        throw error;
      }
    },

    async list<T extends KubernetesObject>(
      kind: KindName,
      namespace: string,
      selectors: { labelSelector?: string; fieldSelector?: string } = {},
      signal?: AbortSignal,
    ) {
      const query = new URLSearchParams();
      if (selectors.labelSelector) query.set('labelSelector', selectors.labelSelector);
      if (selectors.fieldSelector) query.set('fieldSelector', selectors.fieldSelector);
      const text = query.size > 0 ? `?${query.toString()}` : '';
      const path = `${collectionPath(kind, namespace)}${text}`;
      const call: Call = { verb: 'list', object: `${kind} ${namespace}`, write: false, method: 'GET', path };
      const found = await send(call, signal);
      if (!isRecord(found) || !Array.isArray(found.items)) throw badResponse(call, 'a list with items');
      // Items of a list carry neither kind nor apiVersion on a real server.
      return found.items.map(
        (item: unknown) => asObject({ apiVersion: apiVersionOf(kind), kind, ...asRecord(item) }, call) as T,
      );
    },

    async create<T extends KubernetesObject>(object: T, signal?: AbortSignal) {
      const address = addressOf(object);
      const path = collectionPath(address.kind, address.namespace);
      const call: Call = { ...about('create', address), write: true, method: 'POST', path, body: object };
      return asObject(await send(call, signal), call) as T;
    },

    async replace<T extends KubernetesObject>(object: T, signal?: AbortSignal) {
      const address = addressOf(object);
      const path = objectPath(address);
      const call: Call = { ...about('update', address), write: true, method: 'PUT', path, body: object };
      return asObject(await send(call, signal), call) as T;
    },

    async delete(address: ObjectAddress, { uid }: { uid?: string } = {}, signal?: AbortSignal) {
      const body = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Background',
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      };
      const path = objectPath(address);
      try {
        await send({ ...about('delete', address), write: true, method: 'DELETE', path, body }, signal);
        return true;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (error.absent) return false;
        // The name is taken by another object: the one that was meant is gone.
        if (uid !== undefined && error.status === 409 && error.message.includes('UID')) return false;
        throw error;
      }
    },

    async canI(verb, kind, namespace, signal) {
      const { group, plural } = KINDS[kind];
      const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
      const call: Call = {
        verb: 'review',
        object: `right to ${verb} ${kind} in ${namespace}`,
        write: false,
        method: 'POST',
        path,
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes: { namespace, verb, group, resource: plural } },
        },
      };
      const answer = asRecord(await send(call, signal));
      const allowed = asRecord(answer.status).allowed;
      if (typeof allowed !== 'boolean') throw badResponse(call, 'status.allowed');
      return allowed;
    },
  };
}

/** Sends one call and returns the JSON of its 2xx reply. Throws CodedError. */
export async function sendCall(
  cluster: ClusterConnection,
  call: Call,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<unknown> {
  const deadlineMs = Date.now() + timeoutMs;
  const connection = await openWithin(cluster, call, timeoutMs, signal);
  const reply = await exchangeCall(connection, call, { timeoutMs, deadlineMs }, signal);
  if (reply.status === 401) cluster.forgetCredentials();
  if (reply.status < 200 || reply.status > 299) {
    const delayMs = retryAfterMs(reply.headers, Date.now());
    const classified = classifyKubernetesRefusal({
      ...call,
      status: reply.status,
      body: reply.body,
      retryAfterMs: delayMs,
    });
    throw new Refusal(classified, reply.status);
  }
  try {
    return JSON.parse(reply.body) as unknown;
  } catch {
    throw badResponse(call, 'JSON');
  }
}

async function exchangeCall(
  to: Connection,
  call: Call,
  time: { timeoutMs: number; deadlineMs: number },
  signal?: AbortSignal,
): Promise<HttpReply> {
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': 'mainstay', ...to.headers };
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  if (body !== undefined) headers['content-type'] = call.contentType ?? 'application/json';
  try {
    return await exchange({
      method: call.method,
      url: new URL(to.server + call.path),
      headers,
      agent: to.agent,
      tls: to.tls,
      timeoutMs: Math.max(1, time.deadlineMs - Date.now()),
      ...(body === undefined ? {} : { body }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    // Cancelled before it took effect: the caller's own reason, so that a cancellation is seen as one.
    if (error.kind === 'cancelled' && !(call.write && error.sent)) throw error.cause;
    const classified = classifyKubernetesLoss({
      ...call,
      kind: error.kind,
      sent: error.sent,
      message: messageOf(error, time.timeoutMs),
      server: to.server,
    });
    throw new CodedError(classified.code, classified.message, { cause: error });
  }
}

function messageOf(error: ExchangeError, timeoutMs: number): string {
  if (error.kind !== 'timeout') return error.message;
  return `no ${error.sent ? 'answer' : 'connection'} within ${timeoutMs / 1000} s`;
}

/** Reads settings and credentials; an exec plugin that hangs ends with the call's time. */
async function openWithin(cluster: ClusterConnection, call: Call, timeoutMs: number, signal?: AbortSignal) {
  signal?.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `${call.verb} ${call.object}: no credentials within ${timeoutMs / 1000} s; does the kubeconfig's exec plugin hang?`;
      reject(new CodedError('Timeout', message));
    }, timeoutMs);
  });
  try {
    return await Promise.race([cluster.open(), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function asObject(value: unknown, call: Call): KubernetesObject {
  if (!isRecord(value) || !isRecord(value.metadata) || typeof value.metadata.name !== 'string') {
    throw badResponse(call, 'an object with metadata.name');
  }
  return value as unknown as KubernetesObject;
}

function badResponse(call: Call, expected: string): CodedError {
  return new CodedError('BadResponse', `${call.verb} ${call.object}: expected ${expected}, the reply has none`);
}

function asRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
