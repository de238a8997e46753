import { randomBytes, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { admit, readBody, requireNamespace, type WriteOptions } from './admission.ts';
import {
  alreadyExists,
  ApiError,
  badRequest,
  conflict,
  forbiddenField,
  invalid,
  invalidPatch,
  invalidValue,
  notFound,
  unexplained,
} from './api-error.ts';
import { type Cluster, raisesGeneration, timestamp } from './cluster.ts';
import { afterUpdate, type Writer } from './apply/managers.ts';
import { type ApiObject, at, isObject, type Json, type JsonObject } from './json.ts';
import { hasStatus, type ResourceKind } from './kinds/kind.ts';

/** Where an object lives: namespace is undefined for cluster-wide kinds. */
export interface ObjectAddress {
  readonly kind: ResourceKind;
  readonly namespace: string | undefined;
  readonly name: string;
}

export function readObject(cluster: Cluster, address: ObjectAddress): ApiObject {
  const found = cluster.store.get(address.kind, address.namespace, address.name);
  if (!found) throw notFound(address.kind, address.name);
  return found;
}

/** POST of a new object; `managedFields` as given, or worked out. Throws 400, 403, 404 (namespace), 409 AlreadyExists, 422. */
export function createObject(
  cluster: Cluster,
  kind: ResourceKind,
  namespace: string | undefined,
  body: Json,
  options: WriteOptions,
  managedFields?: JsonObject[],
): ApiObject {
  const draft = readBody(kind, body, options);
  const { metadata } = draft;
  if (metadata.resourceVersion) throw unexplained('resourceVersion should not be set on objects to be created');
  if (namespace !== undefined && metadata.namespace !== undefined && metadata.namespace !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  const name = metadata.name || freshName(cluster, kind, namespace, metadata.generateName);
  if (namespace !== undefined) requireNamespace(cluster, kind, namespace, name ?? '');
  draft.metadata = {
    ...(name ? { name } : {}),
    ...(metadata.generateName ? { generateName: metadata.generateName } : {}),
    ...(namespace === undefined ? {} : { namespace }),
    uid: randomUUID(),
    ...(kind.counts ? { generation: 1 } : metadata.generation ? { generation: metadata.generation } : {}),
    creationTimestamp: timestamp(),
    ...(metadata.labels ? { labels: metadata.labels } : {}),
    ...(metadata.annotations ? { annotations: metadata.annotations } : {}),
    ...(metadata.ownerReferences ? { ownerReferences: metadata.ownerReferences } : {}),
    ...(metadata.finalizers ? { finalizers: metadata.finalizers } : {}),
  };
  if (hasStatus(kind)) delete draft.status;
  kind.prepareCreate?.(draft);
  admit(cluster, kind, draft, undefined, options);
  if (name && cluster.store.get(kind, namespace, name)) throw alreadyExists(kind, name);
  setManagedFields(draft, managedFields ?? ownedBy(kind, undefined, draft, options));
  return options.dryRun ? draft : cluster.store.put(kind, draft);
}

/** What is owned by whom after an ordinary write; unchanged when the writer has no name. */
function ownedBy(
  kind: ResourceKind,
  before: ApiObject | undefined,
  after: ApiObject,
  { manager }: WriteOptions,
  subresource?: string,
): JsonObject[] | undefined {
  if (!manager) return after.metadata.managedFields;
  const writer: Writer = { manager, operation: 'Update', ...(subresource ? { subresource } : {}) };
  return afterUpdate(kind, before, after, writer);
}

function setManagedFields(draft: ApiObject, managedFields: JsonObject[] | undefined): void {
  const { managedFields: _before, ...metadata } = draft.metadata;
  draft.metadata = managedFields && managedFields.length > 0 ? { ...metadata, managedFields } : metadata;
}

/** The entries a client sends along, as it got them or changed; undefined when it sends none. */
function sentManagedFields(body: Json): JsonObject[] | undefined {
  const sent = at(body, 'metadata', 'managedFields');
  return Array.isArray(sent) ? sent.filter(isObject) : undefined;
}

const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

function freshName(
  cluster: Cluster,
  kind: ResourceKind,
  namespace: string | undefined,
  prefix: string | undefined,
): string | undefined {
  if (!prefix) return undefined;
  for (;;) {
    const suffix = [...randomBytes(5)].map((byte) => SUFFIX_ALPHABET[byte % SUFFIX_ALPHABET.length]).join('');
    const name = `${prefix.slice(0, 58)}${suffix}`;
    if (!cluster.store.get(kind, namespace, name)) return name;
  }
}

export type WriteTarget = 'main' | 'status';

export interface UpdateRules {
  /** Under which `managedFields` note the write, when not that of the target. */
  readonly subresource?: string;
  /** The change is a patch: a result that cannot be read is the patch's fault. */
  readonly isPatch?: boolean;
  /** The `managedFields` that come with the change are final. */
  readonly keepsManagers?: boolean;
}

function readPatched(kind: ResourceKind, changed: Json, options: WriteOptions): ApiObject {
  try {
    return readBody(kind, changed, options);
  } catch (error) {
    throw error instanceof ApiError && error.code === 400 ? invalidPatch(error.message) : error;
  }
}

function subresourceOf(target: WriteTarget): string | undefined {
  return target === 'main' ? undefined : target;
}

/**
 * PUT and PATCH: `change` makes the wanted object from the current one; what may not change is taken from the current
 * one. A write that changes nothing raises no resourceVersion. An object under deletion goes when its last finalizer
 * went. Throws 400, 404, 409 Conflict, 422.
 */
export function updateObject(
  cluster: Cluster,
  address: ObjectAddress,
  target: WriteTarget,
  change: (current: ApiObject) => Json,
  options: WriteOptions,
  rules: UpdateRules = {},
): ApiObject {
  const { kind } = address;
  const current = readObject(cluster, address);
  const changed = change(current);
  const wanted = rules.isPatch ? readPatched(kind, changed, options) : readBody(kind, changed, options);
  checkIdentity(address, current, wanted);
  const draft = target === 'status' ? withNewStatus(kind, current, wanted) : withNewSpec(kind, current, wanted);
  admit(cluster, kind, draft, current, options);
  if (raisesGeneration(kind, current, draft)) draft.metadata.generation = (current.metadata.generation ?? 0) + 1;
  const sent = sentManagedFields(changed);
  if (sent) setManagedFields(draft, sent);
  if (isDeepStrictEqual(draft, current)) return current;
  if (!rules.keepsManagers)
    setManagedFields(draft, ownedBy(kind, current, draft, options, rules.subresource ?? subresourceOf(target)));
  if (options.dryRun) return draft;
  return isFinished(draft) ? (cluster.store.remove(kind, draft) ?? draft) : cluster.store.put(kind, draft);
}

/** Under deletion, nothing left to wait for: no finalizer (a Namespace has them in its spec), no grace of a node. */
export function isFinished(object: ApiObject): boolean {
  if (!object.metadata.deletionTimestamp || at(object, 'spec', 'finalizers') !== undefined) return false;
  return (object.metadata.finalizers ?? []).length === 0 && (object.metadata.deletionGracePeriodSeconds ?? 0) === 0;
}

function checkIdentity(address: ObjectAddress, current: ApiObject, wanted: ApiObject): void {
  const { kind, name } = address;
  const { metadata } = wanted;
  if (metadata.name !== undefined && metadata.name !== name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  if (metadata.namespace !== undefined && metadata.namespace !== address.namespace)
    throw badRequest(
      `the namespace of the object (${metadata.namespace}) does not match the namespace on the URL (${address.namespace ?? ''})`,
    );
  if (metadata.uid !== undefined && metadata.uid !== current.metadata.uid)
    throw conflict(
      kind,
      name,
      `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${current.metadata.uid ?? ''}`,
    );
  if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== current.metadata.resourceVersion)
    throw conflict(kind, name);
  if (metadata.resourceVersion === undefined && (kind.custom || kind.wantsVersion))
    throw pluralKind(
      kind,
      invalid(kind, name, [invalidValue('metadata.resourceVersion', 0, 'must be specified for an update')]),
    );
}

/** The one 422 that names the plural. */
function pluralKind(kind: ResourceKind, refusal: ApiError): ApiError {
  return new ApiError(refusal.code, refusal.reason, refusal.message, { ...refusal.details, kind: kind.plural });
}

function withNewSpec(kind: ResourceKind, current: ApiObject, wanted: ApiObject): ApiObject {
  const draft: ApiObject = { ...wanted, metadata: mergedMetadata(kind, current, wanted) };
  if (!hasStatus(kind)) return draft;
  delete draft.status;
  if (current.status !== undefined) draft.status = current.status;
  return draft;
}

/** Identity and life cycle belong to the server, the rest of metadata to the writer. */
function mergedMetadata(kind: ResourceKind, current: ApiObject, wanted: ApiObject): ApiObject['metadata'] {
  const { labels, annotations, ownerReferences, finalizers } = wanted.metadata;
  const before = current.metadata;
  const added = (finalizers ?? []).filter((finalizer) => !before.finalizers?.includes(finalizer));
  if (before.deletionTimestamp && added.length > 0)
    throw invalid(kind, before.name ?? '', [
      forbiddenField(
        'metadata.finalizers',
        `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`,
      ),
    ]);
  const { labels: _l, annotations: _a, ownerReferences: _o, finalizers: _f, ...kept } = before;
  return {
    ...kept,
    ...(labels ? { labels } : {}),
    ...(annotations ? { annotations } : {}),
    ...(ownerReferences ? { ownerReferences } : {}),
    ...(finalizers ? { finalizers } : {}),
  };
}

/** A status write keeps the spec; built-in kinds let labels and annotations through, custom resources do not. */
function withNewStatus(kind: ResourceKind, current: ApiObject, wanted: ApiObject): ApiObject {
  const draft: ApiObject = structuredClone(current);
  if (wanted.status === undefined) delete draft.status;
  else draft.status = wanted.status;
  if (kind.custom) return draft;
  const { labels, annotations } = wanted.metadata;
  if (!kind.statusKeepsLabels) {
    delete draft.metadata.labels;
    if (labels) draft.metadata.labels = labels;
  }
  delete draft.metadata.annotations;
  if (annotations) draft.metadata.annotations = annotations;
  return draft;
}
