import { type Cause, duplicate, invalidValue, notSupported, required } from '../api-error.ts';
import { type ApiObject, child, fallback, type JsonObject, listAt, numberAt, objectAt, textAt } from '../json.ts';
import { AGE, column, NAME, selectorText, wide } from './cells.ts';
import type { DefaultingContext, ResourceKind } from './kind.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const AFFINITIES = ['ClientIP', 'None'];
const FIRST_NODE_PORT = 30_000;
/** Of 10.96.0.0/16. */
const RANGE_PREFIX = '10.96.';

export const SERVICE: ResourceKind = {
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  singular: 'service',
  shortNames: ['svc'],
  categories: ['all'],
  namespaced: true,
  subresources: ['status'],
  model: 'V1Service',
  createsOnUpdate: true,
  returnsDeleted: true,
  columns: [
    NAME,
    column('Type', (object) => textAt(object, 'spec', 'type') ?? ''),
    column('Cluster-IP', (object) => textAt(object, 'spec', 'clusterIP') ?? '<none>'),
    column('External-IP', (object) => textAt(object, 'spec', 'externalName') ?? '<none>'),
    column('Port(s)', portsText),
    AGE,
    wide('Selector', (object) => selectorText(objectAt(object, 'spec', 'selector'))),
  ],
  fields: {
    'spec.clusterIP': (object) => textAt(object, 'spec', 'clusterIP') ?? '',
    'spec.type': (object) => textAt(object, 'spec', 'type') ?? '',
  },
  applyDefaults: defaultService,
  prepareCreate: (draft) => {
    draft.status = { loadBalancer: {} };
  },
  validate,
};

function portsText(object: ApiObject): string {
  const texts = listAt(object, 'spec', 'ports').map((port) => {
    const outside = port.nodePort === undefined ? '' : `:${String(port.nodePort)}`;
    return `${String(port.port)}${outside}/${String(port.protocol ?? 'TCP')}`;
  });
  return texts.length > 0 ? texts.join(',') : '<none>';
}

function defaultService(draft: ApiObject, old: ApiObject | undefined, context: DefaultingContext): void {
  const spec = child(draft, 'spec');
  fallback(spec, 'type', 'ClusterIP');
  fallback(spec, 'sessionAffinity', 'None');
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === 'ClientIP')
    fallback(spec, 'sessionAffinityConfig', { clientIP: { timeoutSeconds: 10_800 } });
  for (const port of listAt(spec, 'ports')) {
    fallback(port, 'protocol', 'TCP');
    if (typeof port.port === 'number') fallback(port, 'targetPort', port.port);
  }
  if (spec.type === 'ExternalName') return;
  fallback(spec, 'internalTrafficPolicy', 'Cluster');
  // Whoever fills in the endpoints of such a Service may use any family.
  const isOpen = spec.clusterIP === 'None' && Object.keys(objectAt(spec, 'selector')).length === 0;
  fallback(spec, 'ipFamilies', isOpen ? ['IPv4', 'IPv6'] : ['IPv4']);
  fallback(spec, 'ipFamilyPolicy', isOpen ? 'RequireDualStack' : 'SingleStack');
  const kept = textAt(old, 'spec', 'clusterIP');
  if (!textAt(spec, 'clusterIP')) spec.clusterIP = kept ?? freeAddress(context);
  fallback(spec, 'clusterIPs', [textAt(spec, 'clusterIP') ?? 'None']);
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') giveNodePorts(spec, context);
  else {
    for (const port of listAt(spec, 'ports')) delete port.nodePort;
    delete spec.externalTrafficPolicy;
  }
}

/** The lowest address of 10.96.0.0/16 that no Service holds; .1 is the API's own by convention. */
function freeAddress(context: DefaultingContext): string {
  const taken = new Set(context.others().map((other) => textAt(other, 'spec', 'clusterIP')));
  for (let index = 10; index < 65_535; index += 1) {
    const address = `10.96.${index >> 8}.${index & 255}`;
    if (!taken.has(address)) return address;
  }
  throw new Error('services: all 65,525 cluster addresses of 10.96.0.0/16 are taken');
}

function giveNodePorts(spec: JsonObject, context: DefaultingContext): void {
  fallback(spec, 'externalTrafficPolicy', 'Cluster');
  fallback(spec, 'allocateLoadBalancerNodePorts', true);
  if (spec.type === 'NodePort') delete spec.allocateLoadBalancerNodePorts;
  const taken = new Set(
    context.others().flatMap((other) => listAt(other, 'spec', 'ports').map((port) => numberAt(port, 'nodePort'))),
  );
  let next = FIRST_NODE_PORT;
  for (const port of listAt(spec, 'ports')) {
    if (typeof port.nodePort === 'number') continue;
    while (taken.has(next)) next += 1;
    port.nodePort = next;
    taken.add(next);
  }
}

function validate(draft: ApiObject, old: ApiObject | undefined): Cause[] {
  const causes: Cause[] = [];
  const type = textAt(draft, 'spec', 'type') ?? '';
  if (!TYPES.includes(type)) causes.push(notSupported('spec.type', type, TYPES));
  const ports = listAt(draft, 'spec', 'ports');
  const headless = textAt(draft, 'spec', 'clusterIP') === 'None';
  if (ports.length === 0 && type !== 'ExternalName' && !headless) causes.push(required('spec.ports'));
  if (type === 'ExternalName' && !textAt(draft, 'spec', 'externalName')) causes.push(required('spec.externalName'));
  for (const [index, port] of ports.entries()) {
    const field = `spec.ports[${index}]`;
    const number = numberAt(port, 'port');
    if (number === undefined || number < 1 || number > 65_535)
      causes.push(invalidValue(`${field}.port`, port.port, 'must be between 1 and 65535, inclusive'));
    const target = port.targetPort;
    if (typeof target === 'number' && (target < 1 || target > 65_535))
      causes.push(invalidValue(`${field}.targetPort`, target, 'must be between 1 and 65535, inclusive'));
    if (ports.length > 1 && !textAt(port, 'name')) causes.push(required(`${field}.name`));
    const name = textAt(port, 'name');
    if (name && ports.findIndex((other) => other.name === name) < index) causes.push(duplicate(`${field}.name`, name));
    const isSame = (other: JsonObject): boolean => other.port === port.port && other.protocol === port.protocol;
    if (ports.findIndex(isSame) < index) causes.push(duplicate(field, { port: port.port, protocol: port.protocol }));
  }
  const affinity = textAt(draft, 'spec', 'sessionAffinity') ?? '';
  if (!AFFINITIES.includes(affinity)) causes.push(notSupported('spec.sessionAffinity', affinity, AFFINITIES));
  const before = textAt(old, 'spec', 'clusterIP');
  const after = textAt(draft, 'spec', 'clusterIP');
  if (before && type !== 'ExternalName' && after !== before)
    causes.push(invalidValue('spec.clusterIPs[0]', after, 'may not change once set'));
  if (!before && after && after !== 'None' && !after.startsWith(RANGE_PREFIX))
    causes.push(
      invalidValue('spec.clusterIPs', [after], 'failed to allocate IP: the provided IP is not in the valid range'),
    );
  return causes;
}
