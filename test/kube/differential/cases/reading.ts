import { configMap, deployment, pod, replicaSet, route, secret, service } from '../objects.ts';
import { type Case, STRATEGIC_PATCH, TABLE, verbs } from '../operation.ts';

const labelled = (name: string, labels: Record<string, string>) => ({ ...configMap(name), metadata: { name, labels } });
const METADATA = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
const READY = {
  conditions: [
    { type: 'Ready', status: 'True', reason: 'x', message: 'y', lastTransitionTime: '2030-01-01T00:00:00Z' },
  ],
};

/** Reads, selectors, tables, and the subresources. */
export const READING: readonly Case[] = [
  {
    name: 'lists and selectors',
    operations: (namespace) => {
      const { create, get } = verbs(namespace);
      const select = (title: string, selector: string) =>
        get(title, `configmaps?labelSelector=${encodeURIComponent(selector)}`);
      const fields = (title: string, selector: string, plural = 'pods') =>
        get(title, `${plural}?fieldSelector=${encodeURIComponent(selector)}`);
      return [
        create('b', 'configmaps', labelled('b', { app: 'web', tier: 'front', n: '5' })),
        create('a', 'configmaps', labelled('a', { app: 'web', tier: 'back', n: '15' })),
        create('c', 'configmaps', labelled('c', { app: 'db' })),
        get('all', 'configmaps'),
        get('none', 'secrets'),
        ...[
          'app=web',
          'app==web,tier!=front',
          'app in (web,db)',
          'tier notin (front)',
          'tier',
          '!tier',
          'n>7',
          'n<7',
          'app=',
          '',
        ].map((selector) => select(`labels ${selector}`, selector)),
        ...['app in web', '=', 'a=b=c', 'app in ()', 'n>x', 'a b', ',', 'app=web,,tier'].map((selector) =>
          select(`bad labels ${selector}`, selector),
        ),
        create('pod', 'pods', pod('pod')),
        create('bound pod', 'pods', pod('bound', { nodeName: 'somewhere' })),
        fields('by name', 'metadata.name=pod'),
        fields('by node', 'spec.nodeName=somewhere'),
        fields('by phase', 'status.phase!=Pending'),
        fields('by namespace', `metadata.namespace=${namespace}`),
        fields('by what is not indexed', 'spec.containers=web'),
        fields('badly', 'metadata.name'),
        fields('by name, other kind', 'metadata.name=a', 'configmaps'),
        fields('by what is not indexed, other kind', 'data.key=value', 'configmaps'),
        get('pods as metadata', 'pods', METADATA_LIST),
        get('pod as metadata', 'pods/pod', METADATA),
        get('configmap as metadata', 'configmaps/a', METADATA),
        get('nothing acceptable', 'pods', 'text/html'),
        get('future version', 'configmaps?resourceVersion=999999999999999999'),
        get('no version', 'configmaps?resourceVersion=abc'),
        get('absent', 'configmaps/none'),
        get('absent subresource', 'configmaps/a/status'),
      ];
    },
  },
  {
    name: 'tables',
    operations: (namespace) => {
      const { create, get, patch } = verbs(namespace);
      const table = (what: string) => get(`${what} as a table`, what, TABLE);
      const running = {
        phase: 'Running',
        podIP: '10.244.0.7',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [
          {
            name: 'web',
            ready: true,
            restartCount: 0,
            image: 'web:1',
            imageID: 'web',
            state: { running: { startedAt: '2030-01-01T00:00:00Z' } },
          },
        ],
      };
      const crashing = {
        phase: 'Running',
        containerStatuses: [
          {
            name: 'web',
            ready: false,
            restartCount: 0,
            image: 'web:1',
            imageID: 'web',
            state: { waiting: { reason: 'CrashLoopBackOff' } },
          },
        ],
      };
      return [
        create('deployment', 'deployments', deployment('web')),
        patch('deployment status', 'deployments/web/status', {
          status: { replicas: 2, readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1 },
        }),
        create('replicaset', 'replicasets', replicaSet('set')),
        create('pending pod', 'pods', pod('pending')),
        create('running pod', 'pods', pod('running', { nodeName: 'node' })),
        patch('running pod status', 'pods/running/status', { status: running }),
        create('crashing pod', 'pods', pod('crashing', { nodeName: 'node' })),
        patch('crashing pod status', 'pods/crashing/status', { status: crashing }),
        create('ended pod', 'pods', pod('ended', { nodeName: 'node' })),
        patch('ended pod status', 'pods/ended/status', { status: { phase: 'Succeeded' } }),
        create('service', 'services', service('web')),
        create('headless service', 'services', service('headless', { clusterIP: 'None', selector: undefined })),
        create(
          'external service',
          'services',
          service('external', { type: 'ExternalName', externalName: 'a.example.com', ports: undefined }),
        ),
        create('configmap', 'configmaps', configMap('settings')),
        create('secret', 'secrets', secret('secret')),
        create('route', 'httproutes', route('web')),
        ...[
          'deployments',
          'deployments/web',
          'replicasets',
          'pods',
          'pods/running',
          'services',
          'configmaps',
          'secrets',
          'events',
          'leases',
          'endpointslices',
        ].map(table),
        get('table with objects', 'deployments?includeObject=Object', TABLE),
        get('table without objects', 'deployments?includeObject=None', TABLE),
      ];
    },
  },
  {
    name: 'subresources',
    operations: (namespace) => {
      const { create, get, patch, put } = verbs(namespace);
      return [
        create('deployment', 'deployments', deployment('web')),
        get('scale', 'deployments/web/scale'),
        patch('scale', 'deployments/web/scale', { spec: { replicas: 6 } }),
        put('scale, put', 'deployments/web/scale', { metadata: { name: 'web', namespace }, spec: { replicas: 2 } }),
        patch('scale below zero', 'deployments/web/scale', { spec: { replicas: -1 } }),
        patch('scale by a word', 'deployments/web/scale', { spec: { replicas: 'x' } }),
        patch('scale, stale', 'deployments/web/scale', { metadata: { resourceVersion: '1' }, spec: { replicas: 3 } }),
        put('scale, other name', 'deployments/web/scale', {
          metadata: { name: 'other', namespace },
          spec: { replicas: 2 },
        }),
        patch('scale, dry run', 'deployments/web/scale?dryRun=All', { spec: { replicas: 50 } }),
        get('after scale', 'deployments/web'),
        get('scale of nothing', 'deployments/none/scale'),
        get('scale of what has none', 'services/none/scale'),
        get('status', 'deployments/web/status'),
        patch('status by strategic patch', 'deployments/web/status', { status: { replicas: 2 } }, STRATEGIC_PATCH),
        patch('negative status', 'deployments/web/status', { status: { replicas: -1 } }),
        patch('status that contradicts itself', 'deployments/web/status', {
          status: { replicas: 1, readyReplicas: 5 },
        }),
        create('set', 'replicasets', replicaSet('set')),
        patch('set scale', 'replicasets/set/scale', { spec: { replicas: 3 } }),
        patch('set status', 'replicasets/set/status', { status: { replicas: 3, observedGeneration: 2 } }),
        create('pod', 'pods', pod('pod')),
        create('binding', 'pods/pod/binding', { target: { kind: 'Node', name: 'node' }, metadata: { name: 'pod' } }),
        create('second binding', 'pods/pod/binding', {
          target: { kind: 'Node', name: 'other' },
          metadata: { name: 'pod' },
        }),
        create('binding to nothing', 'pods/pod/binding', { metadata: { name: 'pod' } }),
        create('binding of nothing', 'pods/none/binding', {
          target: { kind: 'Node', name: 'node' },
          metadata: { name: 'none' },
        }),
        patch('pod status', 'pods/pod/status', { status: { phase: 'Running', podIP: '10.244.0.3', ...READY } }),
        patch(
          'pod status by type',
          'pods/pod/status',
          { status: { conditions: [{ type: 'Initialized', status: 'True' }] } },
          STRATEGIC_PATCH,
        ),
        get('pod', 'pods/pod'),
        {
          title: 'review',
          method: 'POST',
          path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
          body: { spec: { resourceAttributes: { verb: 'get', resource: 'pods', namespace } } },
        },
        {
          title: 'empty review',
          method: 'POST',
          path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
          body: { spec: {} },
        },
      ];
    },
  },
];
