import { type Cause, invalidValue, notSupported, required } from '../api-error.ts';
import {
  type ApiObject,
  at,
  fallback,
  isObject,
  type JsonObject,
  listAt,
  numberAt,
  objectAt,
  textAt,
} from '../json.ts';
import { AGE, column, NAME } from './cells.ts';
import { conditionCauses, GATEWAY_API } from './gateway.ts';
import type { ResourceKind } from './kind.ts';

const MAX_WEIGHT = 1_000_000;
const PATH_TYPES = ['Exact', 'PathPrefix', 'RegularExpression'];

export const HTTP_ROUTE: ResourceKind = {
  ...GATEWAY_API,
  kind: 'HTTPRoute',
  model: 'HTTPRoute',
  plural: 'httproutes',
  singular: 'httproute',
  namespaced: true,
  subresources: ['status'],
  counts: 'spec',
  columns: [
    NAME,
    column('Hostnames', (object) => {
      const names = at(object, 'spec', 'hostnames');
      return Array.isArray(names) ? JSON.stringify(names) : '';
    }),
    AGE,
  ],
  applyDefaults: defaultRoute,
  validate: validateRoute,
};

function defaultRoute(draft: ApiObject): void {
  const anyPath = (): JsonObject => ({ path: { type: 'PathPrefix', value: '/' } });
  if (isObject(draft.spec)) fallback(draft.spec, 'rules', [{ matches: [anyPath()] }]);
  const reported = listAt(draft, 'status', 'parents').map((parent) => objectAt(parent, 'parentRef'));
  for (const parent of [...listAt(draft, 'spec', 'parentRefs'), ...reported]) {
    fallback(parent, 'group', GATEWAY_API.group);
    fallback(parent, 'kind', 'Gateway');
  }
  for (const rule of listAt(draft, 'spec', 'rules')) {
    fallback(rule, 'matches', [anyPath()]);
    for (const match of listAt(rule, 'matches')) {
      fallback(match, 'path', { type: 'PathPrefix', value: '/' });
      if (isObject(match.path)) {
        fallback(match.path, 'type', 'PathPrefix');
        fallback(match.path, 'value', '/');
      }
      for (const header of listAt(match, 'headers')) fallback(header, 'type', 'Exact');
      for (const parameter of listAt(match, 'queryParams')) fallback(parameter, 'type', 'Exact');
    }
    for (const backend of listAt(rule, 'backendRefs')) {
      fallback(backend, 'group', '');
      fallback(backend, 'kind', 'Service');
      fallback(backend, 'weight', 1);
    }
  }
}

function validateRoute(draft: ApiObject): Cause[] {
  const causes: Cause[] = isObject(draft.spec) ? [] : [required('spec')];
  for (const [index, rule] of listAt(draft, 'spec', 'rules').entries()) {
    const field = `spec.rules[${index}]`;
    for (const [position, match] of listAt(rule, 'matches').entries()) {
      causes.push(...pathCauses(match, `${field}.matches[${position}].path`));
    }
    for (const [position, backend] of listAt(rule, 'backendRefs').entries()) {
      causes.push(...backendCauses(backend, `${field}.backendRefs[${position}]`));
    }
  }
  for (const [index, parent] of listAt(draft, 'spec', 'parentRefs').entries()) {
    if (!textAt(parent, 'name')) causes.push(required(`spec.parentRefs[${index}].name`));
  }
  for (const [index, parent] of listAt(draft, 'status', 'parents').entries()) {
    const field = `status.parents[${index}]`;
    if (!textAt(parent, 'controllerName')) causes.push(required(`${field}.controllerName`));
    if (!textAt(parent, 'parentRef', 'name')) causes.push(required(`${field}.parentRef.name`));
    causes.push(...conditionCauses(listAt(parent, 'conditions'), `${field}.conditions`));
  }
  return causes;
}

function pathCauses(match: JsonObject, field: string): Cause[] {
  const type = textAt(match, 'path', 'type') ?? '';
  const value = textAt(match, 'path', 'value') ?? '';
  if (!PATH_TYPES.includes(type)) return [notSupported(`${field}.type`, type, PATH_TYPES)];
  if (type === 'RegularExpression' || value.startsWith('/')) return [];
  return [invalidValue(`${field}.value`, value, "value must be an absolute path and start with '/'")];
}

function backendCauses(backend: JsonObject, field: string): Cause[] {
  const causes: Cause[] = [];
  if (!textAt(backend, 'name')) causes.push(required(`${field}.name`));
  const weight = numberAt(backend, 'weight');
  if (weight === undefined || !Number.isInteger(weight))
    causes.push(invalidValue(`${field}.weight`, backend.weight, 'must be of type integer'));
  else if (weight < 0) causes.push(invalidValue(`${field}.weight`, weight, 'should be greater than or equal to 0'));
  else if (weight > MAX_WEIGHT)
    causes.push(invalidValue(`${field}.weight`, weight, `should be less than or equal to ${MAX_WEIGHT}`));
  if (backend.kind === 'Service' && numberAt(backend, 'port') === undefined)
    causes.push(invalidValue(field, { name: backend.name ?? null }, 'Must have port for Service reference'));
  return causes;
}
