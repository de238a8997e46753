import { ApiError, badRequest, type Cause, forbidden, invalid, invalidValue, notFound, required } from './api-error.ts';
import { type Cluster, kindByPlural } from './cluster.ts';
import { type ApiObject, isObject, type Json, stringsAt } from './json.ts';
import { apiVersionOf, type ResourceKind } from './kinds/kind.ts';
import { prune } from './prune.ts';
import { checkFields, type FieldValidation } from './typed-fields.ts';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const QUALIFIED_NAME = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;
const STANDARD_FINALIZERS = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);
const NAMES_AS_LABELS = new Set(['Namespace', 'Service']);

/** What the request says about how the body is to be read and kept. */
export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Filled with texts for the `Warning` header. */
  readonly warnings: string[];
  /** Who owns what is changed, in `managedFields`; nobody when absent. */
  readonly manager?: string;
}

/** A body as an object of the kind: right apiVersion and kind, pruned, with known and well-typed fields only. Throws 400. */
export function readBody(kind: ResourceKind, body: Json, options: WriteOptions): ApiObject {
  if (!isObject(body)) throw badRequest(`the body must be a JSON object of kind ${kind.kind}`);
  const expected = apiVersionOf(kind);
  if (body.apiVersion !== undefined && body.apiVersion !== expected)
    throw badRequest(
      `the API version in the data (${String(body.apiVersion)}) does not match the expected API version (${expected})`,
    );
  if (body.kind !== undefined && body.kind !== kind.kind)
    throw badRequest(`the kind in the data (${String(body.kind)}) does not match the expected kind (${kind.kind})`);
  const pruned = prune(body, !kind.custom);
  const checked = checkFields(kind, isObject(pruned) ? pruned : {}, options.fieldValidation, options.warnings);
  const metadata = isObject(checked.metadata) ? { ...checked.metadata } : {};
  delete metadata.managedFields;
  delete metadata.selfLink;
  // Metadata is the same for all kinds: an empty map of it is none.
  for (const name of ['labels', 'annotations'] as const)
    if (isObject(metadata[name]) && Object.keys(metadata[name]).length === 0) delete metadata[name];
  return { ...checked, apiVersion: expected, kind: kind.kind, metadata };
}

/** Defaults and validation, in that order; changes the draft in place. Throws 422. */
export function admit(
  cluster: Cluster,
  kind: ResourceKind,
  draft: ApiObject,
  old: ApiObject | undefined,
  options: WriteOptions,
): void {
  const others = (): ApiObject[] =>
    cluster.store.list(kind).filter((other) => other.metadata.uid !== draft.metadata.uid);
  kind.applyDefaults?.(draft, old, { others });
  const causes = [...metadataCauses(kind, draft), ...(kind.validate?.(draft, old) ?? [])];
  if (causes.length > 0) throw invalid(kind, draft.metadata.name ?? '', causes);
  options.warnings.push(...(kind.warnings?.(draft) ?? []));
}

function metadataCauses(kind: ResourceKind, draft: ApiObject): Cause[] {
  const causes: Cause[] = [];
  const { name } = draft.metadata;
  if (!name) causes.push(required('metadata.name', 'name or generateName is required'));
  else if (NAMES_AS_LABELS.has(kind.kind) ? !LABEL.test(name) : name.length > 253 || !SUBDOMAIN.test(name))
    causes.push(
      invalidValue(
        'metadata.name',
        name,
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
      ),
    );
  for (const [key, value] of Object.entries(stringsAt(draft.metadata, 'labels'))) {
    if (!QUALIFIED_NAME.test(key))
      causes.push(invalidValue('metadata.labels', key, 'name part must be a qualified name'));
    if (value.length > 63 || !LABEL_VALUE.test(value))
      causes.push(
        invalidValue(
          'metadata.labels',
          value,
          'a valid label must be at most 63 alphanumeric characters, "-", "_" or "."',
        ),
      );
  }
  for (const key of Object.keys(stringsAt(draft.metadata, 'annotations'))) {
    if (!QUALIFIED_NAME.test(key))
      causes.push(invalidValue('metadata.annotations', key, 'name part must be a qualified name'));
  }
  const firstController = (draft.metadata.ownerReferences ?? []).findIndex((owner) => owner.controller === true);
  for (const [index, owner] of (draft.metadata.ownerReferences ?? []).entries()) {
    for (const part of ['apiVersion', 'kind', 'name', 'uid'] as const)
      if (!owner[part]) causes.push(invalidValue(`metadata.ownerReferences.${part}`, owner[part], 'must not be empty'));
    if (owner.controller && index > firstController)
      causes.push(
        invalidValue('metadata.ownerReferences', owner.name, 'only one reference can have Controller set to true'),
      );
  }
  for (const [index, finalizer] of (draft.metadata.finalizers ?? []).entries()) {
    if (!finalizer.includes('/') && !STANDARD_FINALIZERS.has(finalizer))
      causes.push(
        invalidValue(
          `metadata.finalizers[${index}]`,
          finalizer,
          'name is neither a standard finalizer name nor is it fully qualified',
        ),
      );
  }
  return causes;
}

/** Throws 404 when the namespace is absent and 403 when it is being deleted. */
export function requireNamespace(cluster: Cluster, kind: ResourceKind, namespace: string, name: string): void {
  const namespaces = kindByPlural(cluster, '', 'v1', 'namespaces');
  if (!namespaces) return;
  const found = cluster.store.get(namespaces, undefined, namespace);
  if (!found) throw notFound(namespaces, namespace);
  if (!found.metadata.deletionTimestamp) return;
  const refusal = forbidden(
    kind,
    name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  );
  throw new ApiError(403, 'Forbidden', refusal.message, {
    ...refusal.details,
    causes: [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  });
}
