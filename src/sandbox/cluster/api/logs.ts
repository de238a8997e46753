import { type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { ApiError, badRequest, notFound } from './api-error.ts';
import { readText } from './body.ts';
import { type Cluster, kindByPlural } from './cluster.ts';
import { type ApiObject, listAt, numberAt, textAt } from './json.ts';
import { addressOf } from './kinds/node.ts';
import { type ObjectAddress, readObject } from './writes.ts';

const PASSED_ON = [
  'follow',
  'previous',
  'sinceSeconds',
  'sinceTime',
  'timestamps',
  'tailLines',
  'limitBytes',
  'stream',
];
const WHOLE_NUMBERS = ['sinceSeconds', 'tailLines', 'limitBytes'];

/**
 * Serves `pods/NAME/log` by asking the kubelet endpoint of the Pod's node, as a real server does: https, or plain http
 * where the node speaks no TLS. Throws 400 for a wrong container, 404 for an unknown pod, 500 when the node is silent.
 */
export async function serveLog(
  cluster: Cluster,
  address: ObjectAddress,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const pod = readObject(cluster, address);
  const container = containerOf(pod, query.get('container') ?? undefined);
  const parameters = new URLSearchParams();
  for (const name of PASSED_ON) {
    const value = query.get(name);
    if (value === null) continue;
    if (WHOLE_NUMBERS.includes(name) && !/^\d+$/.test(value))
      throw badRequest(`${name} must be a whole number, at least 0, got "${value}"`);
    parameters.set(name, value);
  }
  const nodeName = textAt(pod, 'spec', 'nodeName');
  if (!nodeName) {
    // Not scheduled yet: there is no log, and a real server answers with an empty one.
    response.writeHead(200, { 'content-type': 'text/plain' }).end();
    return;
  }
  const path = `/containerLogs/${address.namespace ?? ''}/${address.name}/${container}?${parameters.toString()}`;
  const endpoint = endpointOf(cluster, nodeName);
  const reply = await openLog(endpoint, path, nodeName, response);
  await passOn(reply, response, pod, container);
}

function containerOf(pod: ApiObject, wanted: string | undefined): string {
  const name = pod.metadata.name ?? '';
  const main = listAt(pod, 'spec', 'containers').map((container) => textAt(container, 'name') ?? '');
  const all = [...main, ...listAt(pod, 'spec', 'initContainers').map((container) => textAt(container, 'name') ?? '')];
  if (wanted !== undefined) {
    if (all.includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${name}`);
  }
  const [only] = main;
  if (only !== undefined && all.length === 1) return only;
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${all.join(' ')}]`);
}

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

function endpointOf(cluster: Cluster, nodeName: string): Endpoint {
  const kind = kindByPlural(cluster, '', 'v1', 'nodes');
  const node = kind && cluster.store.get(kind, undefined, nodeName);
  if (!kind || !node) throw kind ? notFound(kind, nodeName) : badRequest('this server has no nodes');
  const port = numberAt(node, 'status', 'daemonEndpoints', 'kubeletEndpoint', 'Port');
  const host = addressOf(node, 'InternalIP');
  if (port === undefined || host === '<none>')
    throw new ApiError(
      500,
      'InternalError',
      `node ${nodeName}: expected an InternalIP and status.daemonEndpoints.kubeletEndpoint.Port, found ${host} and ${String(port)}`,
    );
  return { host, port };
}

async function openLog(
  endpoint: Endpoint,
  path: string,
  node: string,
  response: ServerResponse,
): Promise<IncomingMessage> {
  try {
    return await open(httpsRequest, endpoint, path, response);
  } catch (error) {
    if (!isNoTls(error)) throw unreachable(node, endpoint, error);
  }
  try {
    return await open(httpRequest, endpoint, path, response);
  } catch (error) {
    throw unreachable(node, endpoint, error);
  }
}

function isNoTls(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code === 'EPROTO' || code === 'ECONNRESET' || code.startsWith('ERR_SSL');
}

function unreachable(node: string, endpoint: Endpoint, error: unknown): ApiError {
  const why = error instanceof Error ? error.message : String(error);
  return new ApiError(500, 'InternalError', `node ${node} at ${endpoint.host}:${endpoint.port} gave no log: ${why}`);
}

function open(
  send: typeof httpsRequest,
  endpoint: Endpoint,
  path: string,
  response: ServerResponse,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = send({ ...endpoint, path, rejectUnauthorized: false, agent: false, timeout: 10_000 }, resolve);
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 10 s')));
    outgoing.on('response', () => outgoing.setTimeout(0));
    outgoing.on('error', reject);
    response.on('close', () => outgoing.destroy());
    outgoing.end();
  });
}

/** Streams the log; a refusal of the node becomes a Status, so that kubectl shows its sentence. */
async function passOn(
  reply: IncomingMessage,
  response: ServerResponse,
  pod: ApiObject,
  container: string,
): Promise<void> {
  if (reply.statusCode === 200) {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
    reply.pipe(response);
    reply.on('error', () => response.destroy());
    return;
  }
  const text = (await readText(reply)).trim();
  const message = text || `container "${container}" in pod "${pod.metadata.name ?? ''}" has no log`;
  throw reply.statusCode === 404 ? new ApiError(404, 'NotFound', message) : badRequest(message);
}
