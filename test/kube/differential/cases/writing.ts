import { objectAt } from '../../../../src/sandbox/cluster/api/json.ts';
import {
  configMap,
  deployment,
  endpointSlice,
  gateway,
  lease,
  pod,
  replicaSet,
  route,
  secret,
  service,
  template,
} from '../objects.ts';
import { type Case, verbs } from '../operation.ts';

const FULL_CONTAINER = {
  name: 'web',
  image: 'registry.example.com/web@sha256:aa',
  ports: [{ name: 'http', containerPort: 8080 }, { containerPort: 9090 }],
  env: [
    { name: 'A', value: '1' },
    { name: 'EMPTY', value: '' },
    { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'KEY', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a', optional: true } } },
  ],
  envFrom: [{ configMapRef: { name: 'settings' } }, { prefix: 'S_', secretRef: { name: 'secret' } }],
  readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 1 },
  livenessProbe: { tcpSocket: { port: 8080 }, initialDelaySeconds: 3 },
  startupProbe: { exec: { command: ['true'] } },
  lifecycle: { preStop: { exec: { command: ['sleep', '1'] } } },
  resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '128Mi' } },
  volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  command: ['node'],
  args: [],
};

const FULL_POD = {
  terminationGracePeriodSeconds: 10,
  nodeSelector: {},
  imagePullSecrets: [],
  serviceAccountName: 'default',
  initContainers: [{ name: 'init', image: 'busybox' }],
  containers: [FULL_CONTAINER],
  volumes: [
    { name: 'tmp', emptyDir: {} },
    { name: 'config', configMap: { name: 'settings' } },
    { name: 'secret', secret: { secretName: 'secret' } },
    { name: 'none' },
  ],
};

/** What is kept, filled in and left out of objects that are written whole. */
export const WRITING: readonly Case[] = [
  {
    name: 'create with defaults',
    operations: (namespace) => {
      const { create, get } = verbs(namespace);
      return [
        create('deployment', 'deployments', deployment('web')),
        create('deployment, full pod spec', 'deployments', {
          ...deployment('full'),
          metadata: { name: 'full', labels: {}, annotations: { note: '' } },
          spec: {
            selector: { matchLabels: { app: 'full' } },
            template: { metadata: { labels: { app: 'full' }, creationTimestamp: null }, spec: FULL_POD },
          },
        }),
        create('deployment, recreate', 'deployments', deployment('recreate', { strategy: { type: 'Recreate' } })),
        create(
          'deployment, surge only',
          'deployments',
          deployment('surge', { strategy: { rollingUpdate: { maxSurge: 2 } } }),
        ),
        create(
          'deployment, selector by expression',
          'deployments',
          deployment('expression', {
            selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['expression'] }] },
          }),
        ),
        create('replicaset', 'replicasets', replicaSet('set')),
        create('pod', 'pods', pod('pod')),
        create('pod, full', 'pods', { ...pod('podfull'), spec: { ...FULL_POD, serviceAccountName: undefined } }),
        create(
          'pod, limits only',
          'pods',
          pod('podlimits', {
            containers: [{ name: 'web', image: 'web:1', resources: { limits: { cpu: 1, memory: '1Gi' } } }],
          }),
        ),
        create('pod, never restarted', 'pods', pod('once', { restartPolicy: 'Never' })),
        create('configmap', 'configmaps', configMap('settings')),
        create('configmap, empty', 'configmaps', {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'empty' },
          data: {},
        }),
        create('configmap, binary', 'configmaps', { metadata: { name: 'binary' }, binaryData: { a: 'AAEC' } }),
        create('secret', 'secrets', secret('secret')),
        create('secret, both spellings', 'secrets', { ...secret('both', { a: 'x' }), data: { a: 'eQ==', b: 'eg==' } }),
        create('service', 'services', service('web')),
        create('service, headless', 'services', service('headless', { clusterIP: 'None' })),
        create('service, node port', 'services', service('nodeport', { type: 'NodePort' })),
        create('service, load balancer', 'services', service('balancer', { type: 'LoadBalancer' })),
        create(
          'service, external name',
          'services',
          service('external', {
            type: 'ExternalName',
            externalName: 'a.example.com',
            ports: undefined,
            selector: undefined,
          }),
        ),
        create('service, sticky', 'services', service('sticky', { sessionAffinity: 'ClientIP' })),
        create('lease', 'leases', lease('lease')),
        create('endpointslice', 'endpointslices', endpointSlice('web-1')),
        create('endpointslice, none', 'endpointslices', { ...endpointSlice('web-2'), endpoints: [] }),
        create('gateway', 'gateways', gateway('public')),
        create('route', 'httproutes', route('web')),
        create('route, least', 'httproutes', { ...route('least'), spec: {} }),
        create(
          'route, matches',
          'httproutes',
          route('matches', 1, {
            rules: [
              {
                matches: [{ path: { value: '/a' }, headers: [{ name: 'x', value: 'y' }] }],
                backendRefs: [{ name: 'a', port: 80 }],
              },
            ],
          }),
        ),
        create('event', 'events', {
          metadata: { name: 'event' },
          involvedObject: { kind: 'Pod', name: 'pod', namespace },
          reason: 'Tested',
          message: 'a message',
          type: 'Normal',
          count: 1,
          firstTimestamp: '2030-01-01T00:00:00Z',
          lastTimestamp: '2030-01-01T00:00:00Z',
          source: { component: 'test' },
        }),
        create('generated name', 'configmaps', { ...configMap('x'), metadata: { generateName: 'made-' } }),
        create('status is dropped', 'deployments', { ...deployment('status'), status: { replicas: 3 } }),
        create('what the server owns is dropped', 'configmaps', {
          ...configMap('owned'),
          metadata: { name: 'owned', uid: 'mine', generation: 7, creationTimestamp: '2020-01-01T00:00:00Z' },
        }),
        create('dry run', 'deployments?dryRun=All', deployment('dry')),
        get('dry run kept nothing', 'deployments/dry'),
        get('deployment', 'deployments/full'),
        get('service', 'services/web'),
      ];
    },
  },
  {
    name: 'replace',
    operations: (namespace) => {
      const { create, get, replace, put } = verbs(namespace);
      return [
        create('deployment', 'deployments', deployment('web')),
        replace('nothing', 'deployments/web', (object) => object),
        replace('replicas', 'deployments/web', (object) => ({
          ...object,
          spec: { ...objectAt(object, 'spec'), replicas: 5 },
        })),
        replace('annotation', 'deployments/web', (object) => ({
          ...object,
          metadata: { ...objectAt(object, 'metadata'), annotations: { note: 'a' } },
        })),
        replace('label', 'deployments/web', (object) => ({
          ...object,
          metadata: { ...objectAt(object, 'metadata'), labels: { tier: 'front' } },
        })),
        replace('status through the object', 'deployments/web', (object) => ({ ...object, status: { replicas: 9 } })),
        replace('status', 'deployments/web/status', (object) => ({
          ...object,
          spec: { ...objectAt(object, 'spec'), replicas: 8 },
          status: { replicas: 5, readyReplicas: 4, observedGeneration: 2, unavailableReplicas: 0 },
        })),
        get('after status', 'deployments/web'),
        put('without a version', 'deployments/web', deployment('web', { replicas: 3 })),
        put('smaller', 'deployments/web', { ...deployment('web'), metadata: { name: 'web' } }),
        replace('stale', 'deployments/web', (object) => ({
          ...object,
          metadata: { ...objectAt(object, 'metadata'), resourceVersion: '1' },
        })),
        replace('other uid', 'deployments/web', (object) => ({
          ...object,
          metadata: { ...objectAt(object, 'metadata'), uid: '6f6e9d50-0000-4000-8000-000000000000' },
        })),
        replace('other name', 'deployments/web', (object) => ({ ...object, metadata: { name: 'other' } })),
        replace('other namespace', 'deployments/web', (object) => ({
          ...object,
          metadata: { name: 'web', namespace: 'elsewhere' },
        })),
        replace('dry run', 'deployments/web?dryRun=All', (object) => ({
          ...object,
          spec: { ...objectAt(object, 'spec'), replicas: 99 },
        })),
        get('after dry run', 'deployments/web'),
        put('absent deployment', 'deployments/none', deployment('none')),
        put('absent configmap', 'configmaps/none', configMap('none')),
        put('absent service', 'services/none', service('none')),
        put('absent lease', 'leases/none', lease('none')),
        put('absent route', 'httproutes/none', route('none')),
        create('service', 'services', service('web')),
        replace('service ports', 'services/web', (object) => ({
          ...object,
          spec: { ...objectAt(object, 'spec'), ports: [{ name: 'http', port: 81 }] },
        })),
        put('service without address', 'services/web', service('web', { selector: { app: 'b' } })),
        replace('service to node port', 'services/web', (object) => ({
          ...object,
          spec: { ...objectAt(object, 'spec'), type: 'NodePort' },
        })),
        replace('service back', 'services/web', (object) => ({
          ...object,
          spec: { ...objectAt(object, 'spec'), type: 'ClusterIP' },
        })),
        create('pod', 'pods', pod('pod')),
        replace('pod image', 'pods/pod', (object) => ({
          ...object,
          spec: {
            ...objectAt(object, 'spec'),
            containers: [{ ...objectAt(object, 'spec', 'containers', 0), image: 'web:2' }],
          },
        })),
        replace('pod command', 'pods/pod', (object) => ({
          ...object,
          spec: {
            ...objectAt(object, 'spec'),
            containers: [{ ...objectAt(object, 'spec', 'containers', 0), command: ['x'] }],
          },
        })),
        create('route', 'httproutes', route('web')),
        replace('route weight', 'httproutes/web', (object) => ({ ...object, spec: route('web', 5).spec })),
        put('route without a version', 'httproutes/web', route('web', 6)),
        replace('route status', 'httproutes/web/status', (object) => ({
          ...object,
          spec: route('web', 77).spec,
          metadata: { ...objectAt(object, 'metadata'), labels: { ignored: 'yes' } },
          status: {
            parents: [{ parentRef: { name: 'public' }, controllerName: 'example.com/router', conditions: [] }],
          },
        })),
        get('route after status', 'httproutes/web'),
        create('immutable configmap', 'configmaps', { ...configMap('fixed'), immutable: true }),
        replace('immutable configmap', 'configmaps/fixed', (object) => ({ ...object, data: { key: 'other' } })),
        create('lease', 'leases', lease('lease')),
        replace('lease holder', 'leases/lease', (object) => ({
          ...object,
          spec: { ...objectAt(object, 'spec'), holderIdentity: 'two' },
        })),
        replace('new template', 'deployments/web', (object) => ({
          ...object,
          spec: { ...objectAt(object, 'spec'), template: template('web', 'registry.example.com/web:2') },
        })),
      ];
    },
  },
];
