import { isDeepStrictEqual } from 'node:util';
import type { ApiObject } from './json.ts';
import { hasStatus, type ResourceKind } from './kinds/kind.ts';
import type { Store } from './store.ts';

/** What every verb works on: the objects and the kinds they may have. */
export interface Cluster {
  readonly store: Store;
  readonly kinds: readonly ResourceKind[];
}

export function kindByPlural(
  cluster: Cluster,
  group: string,
  version: string,
  plural: string,
): ResourceKind | undefined {
  return cluster.kinds.find((kind) => kind.group === group && kind.version === version && kind.plural === plural);
}

/** The kind an owner reference speaks of; the version may differ from the stored one. */
export function kindByName(cluster: Cluster, apiVersion: string, name: string): ResourceKind | undefined {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return cluster.kinds.find((kind) => kind.group === group && kind.kind === name);
}

/** RFC 3339 without milliseconds, as `metav1.Time` is written. */
export function timestamp(nowMs = Date.now()): string {
  return `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
}

/** Whether a change raises `metadata.generation`: anything but metadata and status, for some kinds also annotations. */
export function raisesGeneration(kind: ResourceKind, before: ApiObject, after: ApiObject): boolean {
  if (!kind.counts) return false;
  if (!isDeepStrictEqual(countedPart(kind, before), countedPart(kind, after))) return true;
  if (kind.counts === 'spec') return false;
  if (kind.counts === 'specAndLabels')
    return !isDeepStrictEqual(before.metadata.labels ?? {}, after.metadata.labels ?? {});
  return !isDeepStrictEqual(before.metadata.annotations ?? {}, after.metadata.annotations ?? {});
}

function countedPart(kind: ResourceKind, object: ApiObject): Omit<ApiObject, 'metadata'> {
  const { metadata: _metadata, status, ...rest } = object;
  return hasStatus(kind) ? rest : { ...rest, status };
}
