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

const containers = (...list: object[]) => ({ ...template('bad'), spec: { containers: list } });
const web = (more: object) => containers({ name: 'web', image: 'web:1', ...more });

/** Objects that are refused: with the same code, reason and fields. */
export const REFUSALS: readonly Case[] = [
  {
    name: 'refused deployments',
    operations: (namespace) => {
      const { create } = verbs(namespace);
      const bad = (title: string, spec: Record<string, unknown>) =>
        create(title, 'deployments', deployment('bad', spec));
      return [
        bad('replicas below zero', { replicas: -1 }),
        bad('replicas as text', { replicas: '3' }),
        bad('replicas as a fraction', { replicas: 1.5 }),
        bad('no selector', { selector: undefined }),
        bad('empty selector', { selector: {} }),
        bad('selector that misses the template', { selector: { matchLabels: { app: 'other' } } }),
        bad('no template', { template: undefined }),
        bad('no container', { template: containers() }),
        bad('container without a name', { template: containers({ image: 'web:1' }) }),
        bad('container without an image', { template: containers({ name: 'web' }) }),
        bad('container with a bad name', { template: containers({ name: 'Web_1', image: 'web:1' }) }),
        bad('two containers of one name', {
          template: containers({ name: 'web', image: 'a' }, { name: 'web', image: 'b' }),
        }),
        bad('port out of range', { template: web({ ports: [{ containerPort: 70000 }] }) }),
        bad('port zero', { template: web({ ports: [{ containerPort: 0 }] }) }),
        bad('port with a bad protocol', { template: web({ ports: [{ containerPort: 80, protocol: 'HTTP' }] }) }),
        bad('two ports of one name', {
          template: web({
            ports: [
              { name: 'a', containerPort: 80 },
              { name: 'a', containerPort: 81 },
            ],
          }),
        }),
        bad('variable without a name', { template: web({ env: [{ value: '1' }] }) }),
        bad('variable with two sources', {
          template: web({ env: [{ name: 'A', value: '1', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }),
        }),
        bad('mount without a volume', { template: web({ volumeMounts: [{ name: 'none', mountPath: '/x' }] }) }),
        bad('probe without a handler', { template: web({ readinessProbe: { periodSeconds: 1 } }) }),
        bad('probe with two handlers', {
          template: web({ readinessProbe: { tcpSocket: { port: 1 }, exec: { command: ['x'] } } }),
        }),
        bad('probe with a negative period', {
          template: web({ readinessProbe: { tcpSocket: { port: 1 }, periodSeconds: -1 } }),
        }),
        bad('liveness with a success threshold', {
          template: web({ livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } }),
        }),
        bad('request above limit', { template: web({ resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }) }),
        bad('bad quantity', { template: web({ resources: { requests: { cpu: 'lots' } } }) }),
        bad('bad pull policy', { template: web({ imagePullPolicy: 'Sometimes' }) }),
        bad('never restarted', {
          template: { ...template('bad'), spec: { ...template('bad').spec, restartPolicy: 'Never' } },
        }),
        bad('negative grace', {
          template: { ...template('bad'), spec: { ...template('bad').spec, terminationGracePeriodSeconds: -1 } },
        }),
        bad('volume of two sources', {
          template: {
            ...template('bad'),
            spec: { ...template('bad').spec, volumes: [{ name: 'v', emptyDir: {}, configMap: { name: 'a' } }] },
          },
        }),
        bad('unknown strategy', { strategy: { type: 'Canary' } }),
        bad('recreate with bounds', { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }),
        bad('bounds of zero', { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
        bad('bound as a word', { strategy: { rollingUpdate: { maxSurge: 'some' } } }),
        bad('more than all unavailable', { strategy: { rollingUpdate: { maxUnavailable: '150%' } } }),
        bad('deadline below ready seconds', { minReadySeconds: 60, progressDeadlineSeconds: 30 }),
        bad('negative history', { revisionHistoryLimit: -1 }),
        bad('several at once', { replicas: -1, template: containers({ name: 'A' }) }),
        create('no name', 'deployments', { ...deployment('x'), metadata: {} }),
        create('bad name', 'deployments', deployment('Bad_Name')),
        create('bad label', 'deployments', {
          ...deployment('bad'),
          metadata: { name: 'bad', labels: { 'a b': 'c d' } },
        }),
        create('label as a number', 'deployments', {
          ...deployment('bad'),
          metadata: { name: 'bad', labels: { a: 1 } },
        }),
        create('bad annotation key', 'deployments', {
          ...deployment('bad'),
          metadata: { name: 'bad', annotations: { 'a b': '' } },
        }),
        create('bad finalizer', 'deployments', {
          ...deployment('bad'),
          metadata: { name: 'bad', finalizers: ['nothing'] },
        }),
        create('owner without a uid', 'deployments', {
          ...deployment('bad'),
          metadata: { name: 'bad', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'a' }] },
        }),
        create('two controllers', 'configmaps', {
          ...configMap('bad'),
          metadata: {
            name: 'bad',
            ownerReferences: ['a', 'b'].map((name) => ({
              apiVersion: 'v1',
              kind: 'Pod',
              name,
              uid: name,
              controller: true,
            })),
          },
        }),
        create('with a version', 'deployments', {
          ...deployment('bad'),
          metadata: { name: 'bad', resourceVersion: '5' },
        }),
        create('other kind', 'deployments', { ...deployment('bad'), kind: 'ReplicaSet' }),
        create('other group', 'deployments', { ...deployment('bad'), apiVersion: 'extensions/v1beta1' }),
        create('other namespace', 'deployments', {
          ...deployment('bad'),
          metadata: { name: 'bad', namespace: 'elsewhere' },
        }),
        create('no body', 'deployments', ''),
        create('a list', 'deployments', '[]'),
        create('not JSON', 'deployments', '{"a":'),
        create('unknown field', 'deployments', deployment('warned', { replica: 1 })),
        create('unknown field, strict', 'deployments?fieldValidation=Strict', deployment('bad', { replica: 1 })),
        create(
          'unknown deep field, strict',
          'deployments?fieldValidation=Strict',
          deployment('bad', { template: web({ imag: 1 }) }),
        ),
        create('bad validation option', 'deployments?fieldValidation=Sometimes', deployment('bad')),
        create('bad dry run option', 'deployments?dryRun=Maybe', deployment('bad')),
        create('twice', 'deployments', deployment('warned')),
        create(
          'set that misses its template',
          'replicasets',
          replicaSet('bad', { selector: { matchLabels: { app: 'x' } } }),
        ),
        {
          title: 'absent namespace',
          method: 'POST',
          path: '/api/v1/namespaces/absent/configmaps',
          body: configMap('a'),
        },
        { title: 'no namespace', method: 'POST', path: '/api/v1/configmaps', body: configMap('a') },
        { title: 'absent kind', method: 'GET', path: `/apis/apps/v1/namespaces/${namespace}/gadgets` },
        { title: 'absent group', method: 'GET', path: '/apis/example.com/v1/things' },
        {
          title: 'post to an object',
          method: 'POST',
          path: `/api/v1/namespaces/${namespace}/configmaps/a`,
          body: configMap('a'),
        },
        {
          title: 'put to a collection',
          method: 'PUT',
          path: `/api/v1/namespaces/${namespace}/configmaps`,
          body: configMap('a'),
        },
      ];
    },
  },
  {
    name: 'other refused objects',
    operations: (namespace) => {
      const { create } = verbs(namespace);
      return [
        create('pod without containers', 'pods', { metadata: { name: 'bad' }, spec: {} }),
        create('pod with a bad restart policy', 'pods', pod('bad', { restartPolicy: 'Maybe' })),
        create('service without ports', 'services', service('bad', { ports: [] })),
        create('service with a bad name', 'services', service('1bad')),
        create('service with a bad type', 'services', service('bad', { type: 'Public' })),
        create('service with a bad port', 'services', service('bad', { ports: [{ port: 0 }] })),
        create('service, two nameless ports', 'services', service('bad', { ports: [{ port: 1 }, { port: 2 }] })),
        create(
          'service, one port twice',
          'services',
          service('bad', {
            ports: [
              { name: 'a', port: 1 },
              { name: 'b', port: 1 },
            ],
          }),
        ),
        create('service, bad target', 'services', service('bad', { ports: [{ port: 1, targetPort: 99999 }] })),
        create(
          'service without an external name',
          'services',
          service('bad', { type: 'ExternalName', ports: undefined }),
        ),
        create('service with a foreign address', 'services', service('bad', { clusterIP: '192.168.1.1' })),
        create('service with a bad affinity', 'services', service('bad', { sessionAffinity: 'Strong' })),
        create('configmap with a bad key', 'configmaps', configMap('bad', { 'a b': '1' })),
        create('configmap with a number', 'configmaps', { metadata: { name: 'bad' }, data: { a: 1 } }),
        create('configmap, one key twice', 'configmaps', {
          metadata: { name: 'bad' },
          data: { a: '1' },
          binaryData: { a: 'AAEC' },
        }),
        create('secret not in base64', 'secrets', { metadata: { name: 'bad' }, data: { a: '%%' } }),
        create('secret with a bad key', 'secrets', secret('bad', { 'a b': '1' })),
        create('slice with a loopback address', 'endpointslices', endpointSlice('bad', ['127.0.0.1'])),
        create('slice with a link-local address', 'endpointslices', endpointSlice('bad', ['169.254.1.1'])),
        create('slice with a word', 'endpointslices', endpointSlice('bad', ['here'])),
        create('slice without an address', 'endpointslices', endpointSlice('bad', [])),
        create('slice without a type', 'endpointslices', { ...endpointSlice('bad'), addressType: undefined }),
        create('slice with a bad type', 'endpointslices', { ...endpointSlice('bad'), addressType: 'IPX' }),
        create('lease with a negative duration', 'leases', { ...lease('bad'), spec: { leaseDurationSeconds: -1 } }),
        create('lease with a bad time', 'leases', { ...lease('bad'), spec: { renewTime: 'now' } }),
        create('gateway without a class', 'gateways', {
          ...gateway('bad'),
          spec: { listeners: gateway('x').spec.listeners },
        }),
        create('gateway without listeners', 'gateways', {
          ...gateway('bad'),
          spec: { gatewayClassName: 'a', listeners: [] },
        }),
        create('gateway, listener without a port', 'gateways', {
          ...gateway('bad'),
          spec: { gatewayClassName: 'a', listeners: [{ name: 'x', protocol: 'HTTP' }] },
        }),
        create('route without a spec', 'httproutes', { ...route('bad'), spec: undefined }),
        create('route, weight below zero', 'httproutes', route('bad', -1)),
        create('route, weight too large', 'httproutes', route('bad', 1_000_001)),
        create('route, weight as a fraction', 'httproutes', route('bad', 0.5)),
        create('route, weight as text', 'httproutes', route('bad', '5' as unknown as number)),
        create(
          'route, backend without a port',
          'httproutes',
          route('bad', 1, { rules: [{ backendRefs: [{ name: 'a' }] }] }),
        ),
        create(
          'route, backend without a name',
          'httproutes',
          route('bad', 1, { rules: [{ backendRefs: [{ port: 80 }] }] }),
        ),
        create(
          'route, relative path',
          'httproutes',
          route('bad', 1, { rules: [{ matches: [{ path: { value: 'a' } }] }] }),
        ),
        create(
          'route, bad path type',
          'httproutes',
          route('bad', 1, { rules: [{ matches: [{ path: { type: 'Glob' } }] }] }),
        ),
        create('route, parent without a name', 'httproutes', route('bad', 1, { parentRefs: [{}] })),
        create('route, hostnames as text', 'httproutes', route('bad', 1, { hostnames: 'a' })),
        create('route, unknown field', 'httproutes', route('warned', 1, { rulez: 1 })),
        create('route, unknown field, strict', 'httproutes?fieldValidation=Strict', route('bad', 1, { rulez: 1 })),
        create('route, other version', 'httproutes', {
          ...route('bad'),
          apiVersion: 'gateway.networking.k8s.io/v1beta1',
        }),
        {
          title: 'namespace with a bad name',
          method: 'POST',
          path: '/api/v1/namespaces',
          body: { metadata: { name: 'Bad' } },
        },
        {
          title: 'namespace twice',
          method: 'POST',
          path: '/api/v1/namespaces',
          body: { metadata: { name: namespace } },
        },
      ];
    },
  },
];
