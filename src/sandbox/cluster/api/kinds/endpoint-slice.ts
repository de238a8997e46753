import { isIPv4 } from 'node:net';
import { type Cause, invalidValue, notSupported, required } from '../api-error.ts';
import { type ApiObject, fallback, listAt, textAt } from '../json.ts';
import { AGE, column, NAME } from './cells.ts';
import type { ResourceKind } from './kind.ts';

export const ENDPOINT_SLICE: ResourceKind = {
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  singular: 'endpointslice',
  namespaced: true,
  model: 'V1EndpointSlice',
  counts: 'specAndLabels',
  columns: [
    NAME,
    column('AddressType', (object) => textAt(object, 'addressType') ?? ''),
    column('Ports', (object) => shortened(listAt(object, 'ports').map((port) => String(port.port ?? '*')))),
    column('Endpoints', (object) => shortened(addressesOf(object))),
    AGE,
  ],
  applyDefaults: (draft) => {
    // The way an empty list without `omitempty` comes back from the store of a real server.
    if (listAt(draft, 'endpoints').length === 0) draft.endpoints = null;
    for (const port of listAt(draft, 'ports')) {
      fallback(port, 'name', '');
      fallback(port, 'protocol', 'TCP');
    }
  },
  validate,
};

function addressesOf(object: ApiObject): string[] {
  return listAt(object, 'endpoints').flatMap((endpoint) =>
    Array.isArray(endpoint.addresses) ? endpoint.addresses.map(String) : [],
  );
}

function shortened(items: readonly string[]): string {
  if (items.length === 0) return '<unset>';
  const shown = items.slice(0, 3).join(',');
  return items.length > 3 ? `${shown} + ${items.length - 3} more...` : shown;
}

function validate(draft: ApiObject, old: ApiObject | undefined): Cause[] {
  const causes: Cause[] = [];
  const type = textAt(draft, 'addressType');
  if (type === undefined) causes.push(required('addressType'));
  else if (type !== 'IPv4' && type !== 'IPv6' && type !== 'FQDN')
    causes.push(notSupported('addressType', type, ['FQDN', 'IPv4', 'IPv6']));
  if (old && old.addressType !== draft.addressType)
    causes.push(invalidValue('addressType', draft.addressType, 'field is immutable'));
  for (const [index, endpoint] of listAt(draft, 'endpoints').entries()) {
    const field = `endpoints[${index}].addresses`;
    const addresses = Array.isArray(endpoint.addresses) ? endpoint.addresses.map(String) : [];
    if (addresses.length === 0) causes.push(required(field, 'must contain at least 1 address'));
    for (const [position, address] of addresses.entries()) {
      const why = type === 'IPv4' ? whyNotRoutable(address) : undefined;
      if (why) causes.push(invalidValue(`${field}[${position}]`, address, why));
    }
  }
  return causes;
}

/** A real server refuses these in EndpointSlices; accepting them here would hide mistakes until production. */
function whyNotRoutable(address: string): string | undefined {
  if (!isIPv4(address)) return 'must be a valid IPv4 address';
  if (address.startsWith('127.')) return 'may not be in the loopback range (127.0.0.0/8, ::1/128)';
  if (address.startsWith('169.254.')) return 'may not be in the link-local range (169.254.0.0/16, fe80::/10)';
  if (address === '0.0.0.0') return 'may not be unspecified (0.0.0.0 or ::)';
  return undefined;
}
