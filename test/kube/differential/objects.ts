/** Objects a real server accepts. */
export { configMap, deployment, pod, template } from '../../sandbox/cluster/api/support.ts';
import { template } from '../../sandbox/cluster/api/support.ts';

export function service(name: string, spec: object = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
  };
}

export function secret(name: string, stringData: Record<string, string> = { token: 'a' }) {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData };
}

export function replicaSet(name: string, spec: object = {}) {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, labels: { app: name } },
    spec: { replicas: 1, selector: { matchLabels: { app: name } }, template: template(name), ...spec },
  };
}

export function route(name: string, weight = 100, more: object = {}) {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name },
    spec: {
      parentRefs: [{ name: 'public' }],
      hostnames: [`${name}.example.com`],
      rules: [{ backendRefs: [{ name, port: 80, weight }] }],
      ...more,
    },
  };
}

export function gateway(name: string) {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name },
    spec: { gatewayClassName: 'sandbox', listeners: [{ name: 'http', protocol: 'HTTP', port: 80 }] },
  };
}

export function lease(name: string, holderIdentity = 'one') {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name },
    spec: { holderIdentity, leaseDurationSeconds: 15, renewTime: '2030-01-02T03:04:05.678901Z' },
  };
}

export function endpointSlice(name: string, addresses: readonly string[] = ['10.244.0.9']) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: [{ addresses, conditions: { ready: true } }],
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}
