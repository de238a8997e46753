import { type Cause, invalidValue, required } from '../api-error.ts';
import { type ApiObject, at, fallback, isObject, type JsonObject, listAt, numberAt, textAt } from '../json.ts';
import { AGE, column, NAME } from './cells.ts';
import type { ResourceKind } from './kind.ts';

const GROUP = { group: 'gateway.networking.k8s.io', version: 'v1', categories: ['gateway-api'], custom: true } as const;
const MAX_WEIGHT = 1_000_000;

export const GATEWAY_CLASS: ResourceKind = {
  ...GROUP,
  kind: 'GatewayClass',
  model: 'GatewayClass',
  plural: 'gatewayclasses',
  singular: 'gatewayclass',
  shortNames: ['gc'],
  namespaced: false,
  subresources: ['status'],
  counts: 'spec',
  columns: [
    NAME,
    column('Controller', (object) => textAt(object, 'spec', 'controllerName') ?? ''),
    column('Accepted', (object) => conditionStatus(object, 'Accepted')),
    AGE,
  ],
  validate: (draft) => (textAt(draft, 'spec', 'controllerName') ? [] : [required('spec.controllerName')]),
};

export const GATEWAY: ResourceKind = {
  ...GROUP,
  kind: 'Gateway',
  model: 'Gateway',
  plural: 'gateways',
  singular: 'gateway',
  shortNames: ['gtw'],
  namespaced: true,
  subresources: ['status'],
  counts: 'spec',
  columns: [
    NAME,
    column('Class', (object) => textAt(object, 'spec', 'gatewayClassName') ?? ''),
    column('Address', (object) =>
      listAt(object, 'status', 'addresses')
        .map((item) => String(item.value))
        .join(','),
    ),
    column('Programmed', (object) => conditionStatus(object, 'Programmed')),
    AGE,
  ],
  applyDefaults: (draft) => {
    for (const listener of listAt(draft, 'spec', 'listeners')) {
      fallback(listener, 'allowedRoutes', { namespaces: { from: 'Same' } });
    }
  },
  validate: (draft) => [
    ...(textAt(draft, 'spec', 'gatewayClassName') ? [] : [required('spec.gatewayClassName')]),
    ...(listAt(draft, 'spec', 'listeners').length > 0 ? [] : [required('spec.listeners')]),
  ],
};

export const HTTP_ROUTE: ResourceKind = {
  ...GROUP,
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

function conditionStatus(object: ApiObject, type: string): string {
  const found = listAt(object, 'status', 'conditions').find((condition) => condition.type === type);
  return textAt(found, 'status') ?? 'Unknown';
}

function defaultRoute(draft: ApiObject): void {
  if (!isObject(draft.spec)) draft.spec = {};
  const anyPath = (): JsonObject => ({ path: { type: 'PathPrefix', value: '/' } });
  if (isObject(draft.spec)) fallback(draft.spec, 'rules', [{ matches: [anyPath()] }]);
  for (const parent of listAt(draft, 'spec', 'parentRefs')) {
    fallback(parent, 'group', GROUP.group);
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
  const causes: Cause[] = [];
  for (const [index, rule] of listAt(draft, 'spec', 'rules').entries()) {
    for (const [position, backend] of listAt(rule, 'backendRefs').entries()) {
      causes.push(...backendCauses(backend, `spec.rules[${index}].backendRefs[${position}]`));
    }
  }
  for (const [index, parent] of listAt(draft, 'spec', 'parentRefs').entries()) {
    if (!textAt(parent, 'name')) causes.push(required(`spec.parentRefs[${index}].name`));
  }
  return causes;
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
