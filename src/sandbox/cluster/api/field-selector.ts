import { badRequest } from './api-error.ts';
import type { ApiObject } from './json.ts';
import type { ResourceKind } from './kinds/kind.ts';

export type FieldMatcher = (object: ApiObject) => boolean;

/**
 * Compiles a field selector (`metadata.name=a,status.phase!=Running`). Throws 400 for a field that the kind does not
 * index, as a real server does: a selector that silently matched everything would be worse.
 */
export function parseFieldSelector(kind: ResourceKind, text: string): FieldMatcher {
  const matchers = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => parseTerm(kind, part));
  return (object) => matchers.every((matches) => matches(object));
}

function parseTerm(kind: ResourceKind, part: string): FieldMatcher {
  const term = /^([A-Za-z][\w.]*)\s*(==|=|!=)\s*(.*)$/.exec(part);
  if (!term) throw badRequest(`invalid field selector "${part}": can't understand it, expected field=value`);
  const [, field = '', operator, value = ''] = term;
  const read = readerOf(kind, field);
  const wanted = operator !== '!=';
  return (object) => (read(object) === value) === wanted;
}

function readerOf(kind: ResourceKind, field: string): (object: ApiObject) => string {
  if (field === 'metadata.name') return (object) => object.metadata.name ?? '';
  if (field === 'metadata.namespace' && kind.namespaced) return (object) => object.metadata.namespace ?? '';
  const own = kind.fields?.[field];
  if (!own) {
    const known = [
      'metadata.name',
      ...(kind.namespaced ? ['metadata.namespace'] : []),
      ...Object.keys(kind.fields ?? {}),
    ];
    throw badRequest(`field label not supported: ${field} (${kind.plural} know ${known.join(', ')})`);
  }
  return own;
}
