import type { Cluster } from './cluster.ts';
import type { Json, JsonObject } from './json.ts';
import { apiVersionOf, type ResourceKind, type Subresource } from './kinds/kind.ts';

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const SUBRESOURCES: Record<Subresource, { kind: string; group: string; version: string; verbs: string[] } | undefined> =
  {
    status: undefined,
    scale: { kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ['get', 'patch', 'update'] },
    log: { kind: 'Pod', group: '', version: 'v1', verbs: ['get'] },
    binding: { kind: 'Binding', group: '', version: 'v1', verbs: ['create'] },
  };

/** Whether `Accept` asks for aggregated discovery v2; `v2beta1` is something else. Answers the content type. */
export function aggregatedType(accept: string | undefined): string | undefined {
  const asksFor = (accept ?? '').split(',').some((part) => {
    const parameters = part.split(';').map((item) => item.trim());
    return ['application/json', 'g=apidiscovery.k8s.io', 'v=v2', 'as=APIGroupDiscoveryList'].every((item) =>
      parameters.includes(item),
    );
  });
  return asksFor ? AGGREGATED : undefined;
}

/** One document with every group, version and resource: of the core group (`/api`) or of the named ones (`/apis`). */
export function aggregatedDiscovery(cluster: Cluster, isCore: boolean): Json {
  const groups = isCore ? [''] : groupNames(cluster);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((group) => ({
      metadata: { name: group, creationTimestamp: null },
      versions: versionsOf(cluster, group).map((version) => ({
        version,
        freshness: 'Current',
        resources: kindsOf(cluster, group, version).map(discoveryEntry),
      })),
    })),
  };
}

function verbsOf(kind: ResourceKind): string[] {
  return kind.createOnly ? ['create'] : VERBS;
}

function discoveryEntry(kind: ResourceKind): JsonObject {
  const self = { group: kind.group, version: kind.version, kind: kind.kind };
  return {
    resource: kind.plural,
    responseKind: self,
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: verbsOf(kind),
    ...(kind.shortNames ? { shortNames: [...kind.shortNames] } : {}),
    ...(kind.categories ? { categories: [...kind.categories] } : {}),
    ...(kind.subresources ? { subresources: kind.subresources.map((name) => subresourceEntry(name, self)) } : {}),
  };
}

function subresourceEntry(name: Subresource, self: JsonObject): JsonObject {
  const known = SUBRESOURCES[name];
  if (!known) return { subresource: name, responseKind: self, verbs: ['get', 'patch', 'update'] };
  const { verbs, ...responseKind } = known;
  return { subresource: name, responseKind, verbs };
}

export function coreVersions(): Json {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
}

export function groupList(cluster: Cluster): Json {
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groupNames(cluster).map((name) => groupEntry(cluster, name)),
  };
}

/** One group, or undefined when the server has no such group. */
export function oneGroup(cluster: Cluster, name: string): Json | undefined {
  if (!groupNames(cluster).includes(name)) return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(cluster, name) };
}

function groupEntry(cluster: Cluster, name: string): JsonObject {
  const versions = versionsOf(cluster, name).map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, preferredVersion: versions[0] ?? null };
}

export function resourceList(cluster: Cluster, group: string, version: string): Json {
  const kinds = kindsOf(cluster, group, version);
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: kinds.flatMap((kind) => [
      {
        name: kind.plural,
        singularName: kind.singular,
        namespaced: kind.namespaced,
        kind: kind.kind,
        verbs: verbsOf(kind),
        ...(kind.shortNames ? { shortNames: [...kind.shortNames] } : {}),
        ...(kind.categories ? { categories: [...kind.categories] } : {}),
      },
      ...(kind.subresources ?? []).map((name) => legacySubresource(kind, name)),
    ]),
  };
}

function legacySubresource(kind: ResourceKind, name: Subresource): JsonObject {
  const known = SUBRESOURCES[name];
  return {
    name: `${kind.plural}/${name}`,
    singularName: '',
    namespaced: kind.namespaced,
    ...(known ? { group: known.group, version: known.version } : {}),
    kind: known?.kind ?? kind.kind,
    verbs: known?.verbs ?? ['get', 'patch', 'update'],
  };
}

/** Index of the OpenAPI documents, one for each group version. */
export function openApiIndex(cluster: Cluster): Json {
  const versions = new Set(cluster.kinds.map(documentPath));
  return {
    paths: Object.fromEntries([...versions].map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}` }])),
  };
}

function documentPath(kind: ResourceKind): string {
  return kind.group === '' ? `api/${kind.version}` : `apis/${apiVersionOf(kind)}`;
}

/**
 * The OpenAPI document of a group version: no schemas, but for each kind the PATCH operation with `fieldValidation`,
 * by which kubectl sees that the server validates fields. Undefined for an unknown group version.
 */
export function openApiDocument(cluster: Cluster, path: string): Json | undefined {
  const kinds = cluster.kinds.filter((kind) => documentPath(kind) === path);
  if (kinds.length === 0) return undefined;
  return {
    openapi: '3.0.0',
    info: { title: TITLE, version: VERSION },
    paths: Object.fromEntries(kinds.map((kind) => [pathOf(kind), operationsOf(kind)])),
    components: { schemas: {} },
  };
}

const TITLE = 'Kubernetes';
const VERSION = 'v1.36.0';

/**
 * The OpenAPI document of version 2 that knows no kind. kubectl asks for it, in protobuf, when it is given a `List`,
 * and takes objects unchecked that it does not find there; the server checks them when they come. Every byte of it is
 * ASCII, so it can travel as text. The type of the answer has a dot where the question has an `@`, which no media type
 * may have.
 */
export function openApiV2(accept: string | undefined): { readonly body: Json; readonly type?: string } {
  const typeWith = (sign: string): string => `application/com.github.proto-openapi.spec.v2${sign}v1.0+protobuf`;
  if (!accept?.includes(typeWith('@')))
    return { body: { swagger: '2.0', info: { title: TITLE, version: VERSION }, paths: {} } };
  // Fields 1 (swagger) and 2 (info: title, version) of the message, each with its length.
  const field = (number: number, text: string): string => String.fromCharCode(number * 8 + 2, text.length) + text;
  return { body: field(1, '2.0') + field(2, field(1, TITLE) + field(2, VERSION)), type: typeWith('.') };
}

function pathOf(kind: ResourceKind): string {
  return `/${documentPath(kind)}/${kind.namespaced ? 'namespaces/{namespace}/' : ''}${kind.plural}/{name}`;
}

function operationsOf(kind: ResourceKind): JsonObject {
  const parameter = { name: 'fieldValidation', in: 'query', schema: { type: 'string', uniqueItems: true } };
  const dryRun = { name: 'dryRun', in: 'query', schema: { type: 'string', uniqueItems: true } };
  const gvk = { group: kind.group, version: kind.version, kind: kind.kind };
  return { patch: { parameters: [dryRun, parameter], responses: {}, 'x-kubernetes-group-version-kind': gvk } };
}

function groupNames(cluster: Cluster): string[] {
  return [...new Set(cluster.kinds.map((kind) => kind.group))].filter((group) => group !== '');
}

function versionsOf(cluster: Cluster, group: string): string[] {
  return [...new Set(cluster.kinds.filter((kind) => kind.group === group).map((kind) => kind.version))];
}

function kindsOf(cluster: Cluster, group: string, version: string): ResourceKind[] {
  return cluster.kinds.filter((kind) => kind.group === group && kind.version === version);
}
