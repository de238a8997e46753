import { type Cause, invalidValue, notSupported, required } from '../api-error.ts';
import { type ApiObject, isObject, type JsonObject, listAt, numberAt, objectAt, textAt } from '../json.ts';
import { AGE, column, NAME } from './cells.ts';
import type { ResourceKind } from './kind.ts';

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];

/** Kept and shown; nothing follows it. */
export const INGRESS: ResourceKind = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  singular: 'ingress',
  shortNames: ['ing'],
  namespaced: true,
  subresources: ['status'],
  model: 'V1Ingress',
  counts: 'spec',
  columns: [
    NAME,
    column('Class', (object) => textAt(object, 'spec', 'ingressClassName') ?? '<none>'),
    column('Hosts', hostsText),
    column('Address', (object) =>
      listAt(object, 'status', 'loadBalancer', 'ingress')
        .map((address) => textAt(address, 'ip') ?? textAt(address, 'hostname') ?? '')
        .filter(Boolean)
        .join(','),
    ),
    column('Ports', (object) => (listAt(object, 'spec', 'tls').length > 0 ? '80, 443' : '80')),
    AGE,
  ],
  prepareCreate: (draft) => {
    draft.status = { loadBalancer: {} };
  },
  validate,
};

function hostsText(object: ApiObject): string {
  const hosts = listAt(object, 'spec', 'rules').flatMap((rule) => textAt(rule, 'host') ?? []);
  if (hosts.length === 0) return '*';
  return hosts.length > 3 ? `${hosts.slice(0, 3).join(',')} + ${hosts.length - 3} more...` : hosts.join(',');
}

function validate(draft: ApiObject): Cause[] {
  const spec = objectAt(draft, 'spec');
  const rules = listAt(spec, 'rules');
  const causes: Cause[] = [];
  if (rules.length === 0 && !isObject(spec.defaultBackend))
    causes.push(invalidValue('spec', rules, 'either `defaultBackend` or `rules` must be specified'));
  if (isObject(spec.defaultBackend)) causes.push(...backendCauses(spec.defaultBackend, 'spec.defaultBackend'));
  for (const [index, rule] of rules.entries()) {
    if (!isObject(rule.http)) continue;
    const field = `spec.rules[${index}].http.paths`;
    const paths = listAt(rule, 'http', 'paths');
    if (paths.length === 0) causes.push(required(field));
    for (const [position, path] of paths.entries()) causes.push(...pathCauses(path, `${field}[${position}]`));
  }
  return causes;
}

function pathCauses(path: JsonObject, field: string): Cause[] {
  const causes: Cause[] = [];
  const type = textAt(path, 'pathType');
  const text = textAt(path, 'path') ?? '';
  if (type === undefined) causes.push(required(`${field}.pathType`, 'pathType must be specified'));
  else if (!PATH_TYPES.includes(type)) causes.push(notSupported(`${field}.pathType`, type, PATH_TYPES));
  else if ((type !== 'ImplementationSpecific' || text !== '') && !text.startsWith('/'))
    causes.push(invalidValue(`${field}.path`, text, 'must be an absolute path'));
  return [...causes, ...backendCauses(objectAt(path, 'backend'), `${field}.backend`)];
}

function backendCauses(backend: JsonObject, field: string): Cause[] {
  const hasService = isObject(backend.service);
  if (!hasService && !isObject(backend.resource))
    return [invalidValue(field, '', 'resource or service backend is required')];
  if (!hasService) return [];
  const causes: Cause[] = [];
  if (!textAt(backend, 'service', 'name')) causes.push(required(`${field}.service.name`));
  const hasPort = textAt(backend, 'service', 'port', 'name') ?? numberAt(backend, 'service', 'port', 'number');
  if (!hasPort) causes.push(required(field, 'port name or number is required'));
  return causes;
}
