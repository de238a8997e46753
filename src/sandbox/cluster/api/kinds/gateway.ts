import { type Cause, invalidValue, required } from '../api-error.ts';
import { type ApiObject, fallback, type JsonObject, listAt, objectAt, textAt } from '../json.ts';
import { AGE, column, NAME } from './cells.ts';
import type { ResourceKind } from './kind.ts';

/** What the kinds of the Gateway API share. */
export const GATEWAY_API = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  categories: ['gateway-api'],
  custom: true,
} as const;

export const GATEWAY_CLASS: ResourceKind = {
  ...GATEWAY_API,
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
  ...GATEWAY_API,
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
  validate: validateGateway,
};

function validateGateway(draft: ApiObject): Cause[] {
  const listeners = listAt(draft, 'spec', 'listeners');
  const causes = [
    ...(textAt(draft, 'spec', 'gatewayClassName') ? [] : [required('spec.gatewayClassName')]),
    ...(listeners.length > 0 ? [] : [noListeners(draft)]),
  ];
  for (const [index, listener] of listeners.entries()) {
    const absent = ['name', 'port', 'protocol'].filter((name) => listener[name] === undefined);
    causes.push(...absent.map((name) => required(`spec.listeners[${index}].${name}`)));
  }
  return [...causes, ...conditionCauses(listAt(draft, 'status', 'conditions'), 'status.conditions')];
}

function noListeners(draft: ApiObject): Cause {
  const isEmpty = Array.isArray(objectAt(draft, 'spec').listeners);
  return isEmpty ? invalidValue('spec.listeners', 0, 'should have at least 1 items') : required('spec.listeners');
}

const CONDITION_FIELDS = ['type', 'status', 'reason', 'message', 'lastTransitionTime'];

/** A condition of the Gateway API has all five fields; a real server refuses a status without one of them. */
export function conditionCauses(conditions: readonly JsonObject[], field: string): Cause[] {
  return conditions.flatMap((condition, index) =>
    CONDITION_FIELDS.filter((name) => condition[name] === undefined).map((name) =>
      required(`${field}[${index}].${name}`),
    ),
  );
}

function conditionStatus(object: ApiObject, type: string): string {
  const found = listAt(object, 'status', 'conditions').find((condition) => condition.type === type);
  return textAt(found, 'status') ?? 'Unknown';
}
