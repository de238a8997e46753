import { type Cluster, kindByPlural } from './cluster.ts';
import type { ResourceKind } from './kinds/kind.ts';

/** What a URL path speaks of. */
export type Route =
  | {
      readonly type: 'resource';
      readonly kind: ResourceKind;
      readonly namespace: string | undefined;
      readonly name: string | undefined;
      readonly subresource: string | undefined;
    }
  | { readonly type: 'group'; readonly group: string }
  | { readonly type: 'version'; readonly group: string; readonly version: string }
  | { readonly type: 'path'; readonly path: string };

/** Reads a path; undefined for what is no path of the API. */
export function routeOf(cluster: Cluster, path: string): Route | undefined {
  const segments = decode(path);
  if (!segments) return undefined;
  const [root, first, second] = segments;
  if (root === 'api' && first !== undefined) return routeIn(cluster, '', first, segments.slice(2));
  if (root === 'apis' && first !== undefined) {
    if (second === undefined) return { type: 'group', group: first };
    return routeIn(cluster, first, second, segments.slice(3));
  }
  return { type: 'path', path: `/${segments.join('/')}` };
}

/** Whether a path asks for a group and version that are not served. */
export function isUnknownGroup(cluster: Cluster, path: string): boolean {
  const [root, group, version] = decode(path) ?? [];
  if (root !== 'apis' || version === undefined) return false;
  return !cluster.kinds.some((kind) => kind.group === group && kind.version === version);
}

function decode(path: string): string[] | undefined {
  try {
    return path
      .split('/')
      .filter((segment) => segment !== '')
      .map((segment) => decodeURIComponent(segment));
  } catch {
    return undefined;
  }
}

function routeIn(cluster: Cluster, group: string, version: string, rest: readonly string[]): Route | undefined {
  if (!cluster.kinds.some((kind) => kind.group === group && kind.version === version)) return undefined;
  if (rest.length === 0) return { type: 'version', group, version };
  const [head = '', second, third] = rest;
  const isOfNamespace = group === '' && head === 'namespaces';
  const isScoped =
    head === 'namespaces' && third !== undefined && !(isOfNamespace && (third === 'status' || third === 'finalize'));
  const namespace = isScoped ? second : undefined;
  const [plural = '', name, subresource, ...more] = isScoped ? rest.slice(2) : rest;
  const kind = kindByPlural(cluster, group, version, plural);
  if (!kind || more.length > 0) return undefined;
  if (kind.namespaced ? name !== undefined && namespace === undefined : namespace !== undefined) return undefined;
  return { type: 'resource', kind, namespace, name, subresource };
}
