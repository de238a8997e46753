import {
  controllerReference,
  type EndpointPort,
  type EndpointSlice,
  type Pod,
  RESOURCES,
  type Service,
} from '../kube/objects.ts';
import { isFinished, isReady } from './pod-condition.ts';
import { shortHash } from './template-hash.ts';

export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
export const MANAGED_BY = 'endpointslice-controller.k8s.io';
const HEADLESS_LABEL = 'service.kubernetes.io/headless';

/** A real API server refuses slices with more endpoints; the recommended size is 100. */
const SLICE_SIZE = 100;

type Endpoint = EndpointSlice['endpoints'][number];

/** A Service whose Pods are found by selector; others bring their endpoints themselves. */
export function hasManagedEndpoints(service: Service): boolean {
  return service.spec?.type !== 'ExternalName' && Object.keys(service.spec?.selector ?? {}).length > 0;
}

/**
 * The slices a Service should have. Pods that resolve a named port to different numbers go to different slices. The
 * name depends on Service and ports alone, so that a look at a stale cache cannot create a second slice.
 */
export function planEndpointSlices(service: Service, pods: readonly Pod[]): EndpointSlice[] {
  const groups = new Map<string, { ports: EndpointPort[]; endpoints: Endpoint[] }>();
  const eligible = pods
    .filter((pod) => pod.status?.podIP && !isFinished(pod))
    .toSorted((one, other) => ((one.metadata?.name ?? '') < (other.metadata?.name ?? '') ? -1 : 1));
  for (const pod of eligible) {
    const ports = portsFor(service, pod);
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(endpointOf(service, pod));
    groups.set(key, group);
  }
  // A Service without Pods has one empty slice, so that "no endpoints" can be told from "not looked at yet".
  if (groups.size === 0) groups.set('', { ports: portsFor(service, undefined), endpoints: [] });
  return [...groups.values()].flatMap(({ ports, endpoints }) => {
    const count = Math.max(Math.ceil(endpoints.length / SLICE_SIZE), 1);
    return Array.from({ length: count }, (_, index) =>
      slice(service, ports, endpoints.slice(index * SLICE_SIZE, (index + 1) * SLICE_SIZE), index),
    );
  });
}

function slice(service: Service, ports: EndpointPort[], endpoints: Endpoint[], index: number): EndpointSlice {
  const { name, namespace, labels = {} } = service.metadata ?? {};
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-${shortHash(JSON.stringify([ports, index]), 5)}`,
      namespace: namespace ?? '',
      labels: {
        ...labels,
        [SERVICE_NAME_LABEL]: name ?? '',
        [MANAGED_BY_LABEL]: MANAGED_BY,
        ...(service.spec?.clusterIP === 'None' ? { [HEADLESS_LABEL]: '' } : {}),
      },
      ownerReferences: [controllerReference(service, RESOURCES.services)],
    },
    addressType: 'IPv4',
    endpoints,
    ports,
  };
}

function endpointOf(service: Service, pod: Pod): Endpoint {
  const terminating = Boolean(pod.metadata?.deletionTimestamp);
  const serving = isReady(pod);
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: { ready, serving, terminating },
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', name, namespace, uid },
  };
}

/** Ports of the Service as this Pod serves them; a named port that the Pod does not have is left out. */
function portsFor(service: Service, pod: Pod | undefined): EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((port) => {
    const target = port.targetPort ?? port.port;
    const protocol = port.protocol ?? 'TCP';
    const number = typeof target === 'number' ? target : namedPort(pod, target, protocol);
    if (number === undefined) return [];
    const appProtocol = port.appProtocol ? { appProtocol: port.appProtocol } : {};
    return [{ name: port.name ?? '', port: number, protocol, ...appProtocol }];
  });
}

function namedPort(pod: Pod | undefined, target: string, protocol: string): number | undefined {
  if (/^\d+$/.test(target)) return Number(target);
  return (pod?.spec?.containers ?? [])
    .flatMap((container) => container.ports ?? [])
    .find((port) => port.name === target && (port.protocol ?? 'TCP') === protocol)?.containerPort;
}
