import { type Cause, invalidValue, required } from '../api-error.ts';
import { type ApiObject, at, type JsonObject, listAt, numberAt, textAt } from '../json.ts';
import { AGE, column, NAME } from './cells.ts';
import { ISTIO_NETWORKING } from './destination-rule.ts';
import type { ResourceKind } from './kind.ts';

/** As its schema has it; Istio's admission webhook, which refuses more, is no part of the cluster. Nothing writes its status. */
export const VIRTUAL_SERVICE: ResourceKind = {
  ...ISTIO_NETWORKING,
  kind: 'VirtualService',
  model: 'VirtualService',
  plural: 'virtualservices',
  singular: 'virtualservice',
  shortNames: ['vs'],
  columns: [
    NAME,
    column('Gateways', (object) => listText(object, 'gateways')),
    column('Hosts', (object) => listText(object, 'hosts')),
    AGE,
  ],
  validate: (draft) =>
    listAt(draft, 'spec', 'http').flatMap((http, index) =>
      listAt(http, 'route').flatMap((route, position) =>
        destinationCauses(route, `spec.http[${index}].route[${position}]`),
      ),
    ),
};

function listText(object: ApiObject, field: string): string {
  const names = at(object, 'spec', field);
  return Array.isArray(names) ? JSON.stringify(names) : '';
}

function destinationCauses(route: JsonObject, field: string): Cause[] {
  const causes: Cause[] = [];
  if (route.destination === undefined) causes.push(required(`${field}.destination`));
  else if (!textAt(route, 'destination', 'host')) causes.push(required(`${field}.destination.host`));
  const weight = numberAt(route, 'weight');
  if (route.weight !== undefined && (weight === undefined || !Number.isInteger(weight)))
    causes.push(invalidValue(`${field}.weight`, route.weight, 'must be of type integer'));
  return causes;
}
