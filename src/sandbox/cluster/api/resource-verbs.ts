import type { IncomingMessage, ServerResponse } from 'node:http';
import { reviewAccess } from './access-review.ts';
import { applyObject } from './apply/apply-object.ts';
import type { WriteOptions } from './admission.ts';
import {
  ApiError,
  badRequest,
  conflict,
  invalidOptions,
  methodNotAllowed,
  notSupported,
  qualifiedResource,
  unknownPath,
} from './api-error.ts';
import { bindPod } from './binding.ts';
import { mediaTypeOf, parseJson, readText, requireJson } from './body.ts';
import type { Cluster } from './cluster.ts';
import { deleteObject, readDeleteOptions } from './deletes.ts';
import type { Faults } from './faults.ts';
import { type ApiObject, isObject, type Json, type JsonObject, textAt } from './json.ts';
import { apiVersionOf, type ResourceKind, type Subresource } from './kinds/kind.ts';
import { serveLog } from './logs.ts';
import { APPLY_PATCH, patcherOf } from './patch/index.ts';
import { type Presentation, presentationOf, presentList, presentOne } from './present.ts';
import { isTrue, selectionOf, versionIn } from './query.ts';
import type { Route } from './route.ts';
import { scaleOf, updateScale } from './scale.ts';
import { checkWatchQuery, serveWatch } from './watch.ts';
import { createObject, type ObjectAddress, readObject, updateObject, type WriteTarget } from './writes.ts';

/** One request for a resource, ready to be served. */
export interface ResourceRequest {
  readonly cluster: Cluster;
  readonly faults: Faults;
  readonly route: Extract<Route, { type: 'resource' }>;
  readonly verb: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly bookmarkEveryMs: number;
  /** Sees every watch that opened, so that it can be ended. */
  readonly onStream: (response: ServerResponse) => void;
}

export interface Reply {
  readonly code: number;
  readonly body: Json;
  readonly warnings?: readonly string[];
  /** Content type; JSON, or plain text for a string body, when absent. */
  readonly type?: string;
}

/** The verb of the API for a method and path, as access rules name it; undefined for a method the API does not have. */
export function verbOf(
  method: string,
  route: Extract<Route, { type: 'resource' }>,
  query: URLSearchParams,
): string | undefined {
  const isCollection = route.name === undefined;
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (isTrue(query, 'watch')) return 'watch';
      return isCollection ? 'list' : 'get';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return isCollection ? 'deletecollection' : 'delete';
    default:
      return undefined;
  }
}

/** Serves a request; undefined when the answer was streamed. Throws ApiError for every refusal. */
export async function serveResource(call: ResourceRequest, response: ServerResponse): Promise<Reply | undefined> {
  const { route, verb } = call;
  const { kind } = route;
  if (kind.createOnly) return review(call);
  if (route.subresource !== undefined) return serveSubresource(call, route.subresource, response);
  if (verb === 'watch') return watch(call, response);
  if (verb === 'list') return list(call);
  if (verb === 'create') return create(call);
  if (verb === 'deletecollection') return deleteMany(call);
  const address = addressOf(call);
  if (verb === 'get') return shown(call, 200, readObject(call.cluster, address));
  if (verb === 'delete') return deleteOne(call, address);
  if (isApply(call)) return apply(call, address, 'main');
  const options = writeOptions(call);
  const change = await changeOf(call, kind.custom ? undefined : kind.model);
  if (verb === 'update' && kind.createsOnUpdate && !call.cluster.store.get(kind, address.namespace, address.name))
    return shown(call, 201, createByPut(call, address, change({}), options), options.warnings);
  const rules = { isPatch: verb === 'patch' };
  return shown(call, 200, updateObject(call.cluster, address, 'main', change, options, rules), options.warnings);
}

/** PUT of what is not there, where the kind allows it. One that was there once is not made anew. */
function createByPut(call: ResourceRequest, address: ObjectAddress, body: Json, options: WriteOptions): ApiObject {
  const { kind, namespace, name } = address;
  if (textAt(body, 'metadata', 'resourceVersion') ?? textAt(body, 'metadata', 'uid')) throw conflict(kind, name);
  return createObject(call.cluster, kind, namespace, body, options);
}

async function apply(call: ResourceRequest, address: ObjectAddress, target: WriteTarget): Promise<Reply> {
  const options = writeOptions(call);
  const request = { target, manager: call.query.get('fieldManager') ?? '', force: isTrue(call.query, 'force') };
  const { code, object } = applyObject(call.cluster, address, await readText(call.request), request, options);
  return shown(call, code, object, options.warnings);
}

function isApply({ verb, request }: ResourceRequest): boolean {
  return verb === 'patch' && mediaTypeOf(request) === APPLY_PATCH;
}

function addressOf(call: ResourceRequest): ObjectAddress {
  const { kind, namespace, name } = call.route;
  if (name === undefined) throw methodNotAllowed();
  return { kind, namespace, name };
}

export function writeOptions({ query, request, verb }: ResourceRequest): WriteOptions {
  const optionsKind = verb === 'create' ? 'CreateOptions' : verb === 'patch' ? 'PatchOptions' : 'UpdateOptions';
  const dryRun = query.getAll('dryRun');
  const bad = dryRun.find((value) => value !== 'All' && value !== '');
  if (bad !== undefined) throw invalidOptions(optionsKind, notSupported('dryRun', bad, ['All']));
  const validation = query.get('fieldValidation') ?? 'Warn';
  if (validation !== 'Strict' && validation !== 'Warn' && validation !== 'Ignore')
    throw invalidOptions(optionsKind, notSupported('fieldValidation', validation, ['Ignore', 'Warn', 'Strict']));
  // Who says nothing is known by the program it uses.
  const manager = query.get('fieldManager') || (request.headers['user-agent'] ?? 'unknown').split('/')[0] || 'unknown';
  return { dryRun: dryRun.includes('All'), fieldValidation: validation, warnings: [], manager };
}

function presentation(call: ResourceRequest): Presentation {
  const how = presentationOf(call.request.headers.accept, call.query);
  if (how) return how;
  throw new ApiError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/json;as=Table;g=meta.k8s.io;v=v1',
  );
}

function shown(call: ResourceRequest, code: number, object: ApiObject, warnings: readonly string[] = []): Reply {
  return { code, body: presentOne(call.route.kind, object, presentation(call)), warnings };
}

function watch(call: ResourceRequest, response: ServerResponse): undefined {
  const { route, query, cluster, bookmarkEveryMs } = call;
  checkWatchQuery(query);
  const matches = selectionOf(route.kind, route.namespace, route.name, query);
  const how = presentation(call);
  versionIn(query);
  call.onStream(response);
  serveWatch(cluster, { kind: route.kind, matches, how, query, bookmarkEveryMs }, response);
  return undefined;
}

function list(call: ResourceRequest): Reply {
  const { route, query, cluster } = call;
  const matches = selectionOf(route.kind, route.namespace, undefined, query);
  const version = versionIn(query);
  if (version !== undefined && version > cluster.store.version)
    throw new ApiError(504, 'Timeout', `Too large resource version: ${version}, current: ${cluster.store.version}`, {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    });
  const objects = cluster.store.list(route.kind, route.namespace).filter(matches);
  return { code: 200, body: presentList(route.kind, objects, presentation(call), cluster.store.version) };
}

async function jsonBody(call: ResourceRequest): Promise<Json> {
  requireJson(mediaTypeOf(call.request));
  return parseJson(await readText(call.request));
}

async function create(call: ResourceRequest): Promise<Reply> {
  const { route, cluster } = call;
  if (route.name !== undefined) throw methodNotAllowed();
  if (route.kind.namespaced && route.namespace === undefined) throw methodNotAllowed();
  const options = writeOptions(call);
  const body = await jsonBody(call);
  return shown(call, 201, createObject(cluster, route.kind, route.namespace, body, options), options.warnings);
}

/** What a PUT or PATCH makes of the current object. */
async function changeOf(call: ResourceRequest, model: string | undefined): Promise<(current: JsonObject) => Json> {
  if (call.verb === 'update') {
    const body = await jsonBody(call);
    // Before anything is looked for: a body without a name is nobody's.
    if (!textAt(body, 'metadata', 'name'))
      throw badRequest('the name of the object (based on URL) was undeterminable: name must be provided');
    return () => body;
  }
  if (call.verb !== 'patch') throw methodNotAllowed();
  const patcher = patcherOf(mediaTypeOf(call.request), call.route.kind, model);
  const patch = parseJson(await readText(call.request));
  return (current) => patcher(current, patch);
}

async function deleteBody(call: ResourceRequest): Promise<Json> {
  const text = await readText(call.request);
  if (text === '') return null;
  requireJson(mediaTypeOf(call.request));
  return parseJson(text);
}

async function deleteOne(call: ResourceRequest, address: ObjectAddress): Promise<Reply> {
  const options = readDeleteOptions(call.query, await deleteBody(call));
  const { gone, object } = deleteObject(call.cluster, address, options);
  if (!gone || address.kind.returnsDeleted) return shown(call, 200, object);
  const { kind } = address;
  const details = {
    name: address.name,
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.plural,
    uid: object.metadata.uid,
  };
  return { code: 200, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details } };
}

async function deleteMany(call: ResourceRequest): Promise<Reply> {
  const { route, cluster, query } = call;
  const options = readDeleteOptions(query, await deleteBody(call));
  const matches = selectionOf(route.kind, route.namespace, undefined, query);
  const chosen = cluster.store.list(route.kind, route.namespace).filter(matches);
  const done = chosen.map((object) => deleteObject(cluster, addressFor(route.kind, object), options).object);
  return { code: 200, body: presentList(route.kind, done, presentation(call), cluster.store.version) };
}

function addressFor(kind: ResourceKind, object: ApiObject): ObjectAddress {
  return { kind, namespace: object.metadata.namespace, name: object.metadata.name ?? '' };
}

async function serveSubresource(
  call: ResourceRequest,
  subresource: string,
  response: ServerResponse,
): Promise<Reply | undefined> {
  const { route, cluster, query, verb } = call;
  const known = route.kind.subresources?.find((name: Subresource) => name === subresource);
  if (!known || route.name === undefined) throw unknownPath();
  const address = addressOf(call);
  const isWrite = verb === 'update' || verb === 'patch';
  switch (known) {
    case 'status': {
      if (verb === 'get') return shown(call, 200, readObject(cluster, address));
      if (!isWrite) throw methodNotAllowed();
      if (isApply(call)) return apply(call, address, 'status');
      const options = writeOptions(call);
      const change = await changeOf(call, route.kind.custom ? undefined : route.kind.model);
      const rules = { isPatch: verb === 'patch' };
      return shown(call, 200, updateObject(cluster, address, 'status', change, options, rules), options.warnings);
    }
    case 'scale': {
      if (verb === 'get') return { code: 200, body: scaleOf(readObject(cluster, address)) };
      if (!isWrite) throw methodNotAllowed();
      const change = await changeOf(call, 'V1Scale');
      return { code: 200, body: updateScale(cluster, address, change, writeOptions(call)) };
    }
    case 'binding': {
      if (verb !== 'create') throw methodNotAllowed();
      return { code: 201, body: bindPod(cluster, address, await jsonBody(call), writeOptions(call)) };
    }
    case 'log': {
      if (verb !== 'get') throw methodNotAllowed();
      await serveLog(cluster, address, query, response);
      return undefined;
    }
  }
}

async function review(call: ResourceRequest): Promise<Reply> {
  if (call.verb !== 'create' || call.route.name !== undefined) throw methodNotAllowed();
  const body = await jsonBody(call);
  if (!isObject(body) || (body.apiVersion ?? apiVersionOf(call.route.kind)) !== apiVersionOf(call.route.kind))
    throw badRequest(`expected a ${qualifiedResource(call.route.kind)} object`);
  return { code: 201, body: reviewAccess(call.faults, body, call.request.headers['user-agent']) };
}
