/** Collection paths of the kinds the tests of admission speak of. */
export const PATHS = {
  Deployment: '/apis/apps/v1/namespaces/default/deployments',
  Pod: '/api/v1/namespaces/default/pods',
  Service: '/api/v1/namespaces/default/services',
  ConfigMap: '/api/v1/namespaces/default/configmaps',
  Secret: '/api/v1/namespaces/default/secrets',
  EndpointSlice: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
  HTTPRoute: '/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes',
} as const;
export type Kind = keyof typeof PATHS;

export const service = (spec: object) => ({ metadata: { name: 'web' }, spec });
export const route = (backend: object) => ({
  metadata: { name: 'web' },
  spec: { rules: [{ backendRefs: [{ name: 'web', port: 80, ...backend }] }] },
});
export const slice = (addresses: string[]) => ({
  metadata: { name: 'web-1' },
  addressType: 'IPv4',
  endpoints: [{ addresses }],
  ports: [],
});
export const podWith = (container: object, spec: object = {}) => ({
  metadata: { name: 'one' },
  spec: { containers: [{ name: 'web', image: 'a', ...container }], ...spec },
});
