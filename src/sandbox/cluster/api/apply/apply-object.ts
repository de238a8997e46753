import { parse } from 'yaml';
import type { WriteOptions } from '../admission.ts';
import { ApiError, badRequest, unexplained } from '../api-error.ts';
import type { Cluster } from '../cluster.ts';
import { type ApiObject, isObject, type Json, type JsonObject, textAt } from '../json.ts';
import { apiVersionOf, type ResourceKind } from '../kinds/kind.ts';
import { prune } from '../prune.ts';
import { checkFields } from '../typed-fields.ts';
import { createObject, type ObjectAddress, updateObject, type WriteTarget } from '../writes.ts';
import { fieldsIn } from './fields.ts';
import { type Writer, withPaths, written } from './managers.ts';
import { applyTo } from './server-side-apply.ts';

export interface ApplyRequest {
  readonly target: WriteTarget;
  readonly manager: string;
  /** Takes fields from other managers instead of refusing. */
  readonly force: boolean;
}

/**
 * PATCH with a configuration to be applied: creates the object or lays the configuration over it. `text` is JSON or
 * YAML. Throws 400, 409 for conflicts with other managers, 422, and what a create or an update throws.
 */
export function applyObject(
  cluster: Cluster,
  address: ObjectAddress,
  text: string,
  { target, manager, force }: ApplyRequest,
  options: WriteOptions,
): { readonly code: number; readonly object: ApiObject } {
  if (manager === '') throw managerRequired();
  const { kind, namespace, name } = address;
  const wanted = readConfiguration(text, address);
  const writer: Writer = { manager, operation: 'Apply', ...(target === 'status' ? { subresource: 'status' } : {}) };
  const live = cluster.store.get(kind, namespace, name);
  if (!live && target === 'main') {
    const draft: ApiObject = { ...wanted, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: {} };
    const managers = withPaths(kind, [], writer, () => new Set(fieldsIn(kind, wanted).keys()));
    const body = { ...wanted, metadata: { ...(isObject(wanted.metadata) ? wanted.metadata : {}), name } };
    return { code: 201, object: createObject(cluster, kind, namespace, body, options, written(managers, draft)) };
  }
  const change = (current: ApiObject): Json => {
    const { object, managedFields } = applyTo(kind, current, wanted, writer, force);
    const metadata = isObject(object.metadata) ? object.metadata : {};
    return { ...object, metadata: { ...metadata, managedFields } };
  };
  return { code: 200, object: updateObject(cluster, address, target, change, options, { keepsManagers: true }) };
}

function readConfiguration(text: string, { kind, name, namespace }: ObjectAddress): JsonObject {
  const body: Json = parsed(text);
  if (!isObject(body)) throw badRequest('the applied configuration must be an object');
  if (body.apiVersion !== apiVersionOf(kind) || body.kind !== kind.kind)
    throw badRequest(
      `invalid object type: ${String(body.apiVersion)}, Kind=${String(body.kind)}: expected ${apiVersionOf(kind)}, Kind=${kind.kind}`,
    );
  const metadata = isObject(body.metadata) ? body.metadata : {};
  if (metadata.managedFields !== undefined && metadata.managedFields !== null)
    throw badRequest('metadata.managedFields must be nil');
  if ((textAt(metadata, 'name') ?? name) !== name || (textAt(metadata, 'namespace') ?? namespace) !== namespace)
    throw badRequest(`the name of the object (${String(metadata.name)}) does not match the name on the URL (${name})`);
  if (!kind.custom) refuseUnknown(kind, body);
  const pruned = prune(body, !kind.custom);
  return isObject(pruned) ? pruned : {};
}

/** Nobody can own a field that the kind does not have. */
function refuseUnknown(kind: ResourceKind, body: JsonObject): void {
  try {
    checkFields(kind, body, 'Strict', []);
  } catch (error) {
    throw unexplained(`failed to create typed patch object: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parsed(text: string): Json {
  try {
    return parse(text) as Json;
  } catch (error) {
    throw badRequest(`error decoding YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function managerRequired(): ApiError {
  const field = 'fieldManager';
  const message = 'Required value: is required for apply patch';
  return new ApiError(422, 'Invalid', `PatchOptions.meta.k8s.io "" is invalid: ${field}: ${message}`, {
    group: 'meta.k8s.io',
    kind: 'PatchOptions',
    causes: [{ reason: 'FieldValueRequired', message, field }],
  });
}
