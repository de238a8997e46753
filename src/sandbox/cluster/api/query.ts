import { badRequest } from './api-error.ts';
import { parseFieldSelector } from './field-selector.ts';
import type { ApiObject } from './json.ts';
import type { ResourceKind } from './kinds/kind.ts';
import { parseLabelSelector } from './label-selector.ts';

/** The objects a list, a watch or a collection delete speaks of. Throws 400 for a selector it cannot honour. */
export function selectionOf(
  kind: ResourceKind,
  namespace: string | undefined,
  name: string | undefined,
  query: URLSearchParams,
): (object: ApiObject) => boolean {
  const byLabels = parseLabelSelector(query.get('labelSelector') ?? '');
  const byFields = parseFieldSelector(kind, query.get('fieldSelector') ?? '');
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    byLabels(object.metadata.labels ?? {}) &&
    byFields(object);
}

export function isTrue(query: URLSearchParams, key: string): boolean {
  const value = query.get(key);
  return value === 'true' || value === '1';
}

/** A resourceVersion of the query as a number; undefined when absent, '' or '0' stay apart. Throws 400. */
export function versionIn(query: URLSearchParams): number | undefined {
  const text = query.get('resourceVersion');
  if (text === null || text === '') return undefined;
  if (!/^\d+$/.test(text)) throw badRequest(`resourceVersion: Invalid value: "${text}": must be a number`);
  return Number(text);
}
