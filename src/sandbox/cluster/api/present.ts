import type { ApiObject, Json, JsonObject } from './json.ts';
import { apiVersionOf, type ResourceKind } from './kinds/kind.ts';
import { columnDefinitions, tableRow } from './table.ts';

/** In which shape objects leave the server: the first type of `Accept` that the server speaks. */
export type Shape = 'object' | 'table' | 'metadata';

export interface Presentation {
  readonly shape: Shape;
  readonly includeObject: 'None' | 'Metadata' | 'Object';
}

/** Reads `Accept` in its order of preference; undefined when nothing fits (406). */
export function presentationOf(accept: string | undefined, query: URLSearchParams): Presentation | undefined {
  const wanted = query.get('includeObject');
  const includeObject = wanted === 'None' || wanted === 'Object' ? wanted : 'Metadata';
  for (const part of (accept || '*/*').split(',')) {
    const [type = '', ...parameters] = part.split(';').map((item) => item.trim());
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    const version = parameters.find((parameter) => parameter.startsWith('v='))?.slice(2);
    if (as === undefined) return { shape: 'object', includeObject };
    if (as === 'Table' && version === 'v1') return { shape: 'table', includeObject };
    if ((as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') && version === 'v1')
      return { shape: 'metadata', includeObject };
  }
  return undefined;
}

function metadataOnly(object: ApiObject): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

function table(
  kind: ResourceKind,
  objects: readonly ApiObject[],
  how: Presentation,
  version: string,
  withHead: boolean,
): JsonObject {
  const nowMs = Date.now();
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: version },
    columnDefinitions: withHead ? columnDefinitions(kind) : [],
    rows: objects.map((object) => ({
      cells: tableRow(kind, object, nowMs),
      object: how.includeObject === 'None' ? null : how.includeObject === 'Object' ? object : metadataOnly(object),
    })),
  };
}

export function presentOne(kind: ResourceKind, object: ApiObject, how: Presentation): Json {
  if (how.shape === 'table') return table(kind, [object], how, object.metadata.resourceVersion ?? '', true);
  return how.shape === 'metadata' ? metadataOnly(object) : object;
}

/** An event's object; only the first Table of a watch carries the column definitions. */
export function presentWatched(kind: ResourceKind, object: ApiObject, how: Presentation, isFirst: boolean): Json {
  if (how.shape === 'table') return table(kind, [object], how, object.metadata.resourceVersion ?? '', isFirst);
  return how.shape === 'metadata' ? metadataOnly(object) : object;
}

export function presentList(
  kind: ResourceKind,
  objects: readonly ApiObject[],
  how: Presentation,
  version: number,
): Json {
  if (how.shape === 'table') return table(kind, objects, how, String(version), true);
  if (how.shape === 'metadata')
    return {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: String(version) },
      items: objects.map(metadataOnly),
    };
  return {
    kind: `${kind.kind}List`,
    apiVersion: apiVersionOf(kind),
    metadata: { ...(kind.custom ? { continue: '' } : {}), resourceVersion: String(version) },
    items: objects.map((object) => listItem(kind, object)),
  };
}

/** Items of a list carry no kind and apiVersion on a real server; custom resources do. */
function listItem(kind: ResourceKind, object: ApiObject): JsonObject {
  if (kind.custom) return object;
  const { kind: _kind, apiVersion: _version, ...rest } = object;
  return rest;
}
