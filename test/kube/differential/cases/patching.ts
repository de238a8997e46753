import { configMap, deployment, route, service } from '../objects.ts';
import { APPLY_PATCH, type Case, JSON_PATCH, STRATEGIC_PATCH, verbs } from '../operation.ts';

const inPod = (spec: object) => ({ spec: { template: { spec } } });
const inContainer = (container: object) => inPod({ containers: [{ name: 'web', ...container }] });

/** The three kinds of patch, where they hit and where they miss. */
export const PATCHING: readonly Case[] = [
  {
    name: 'merge patch',
    operations: (namespace) => {
      const { create, get, patch } = verbs(namespace);
      return [
        create('deployment', 'deployments', deployment('web')),
        patch('nothing', 'deployments/web', {}),
        patch('replicas', 'deployments/web', { spec: { replicas: 4 } }),
        patch('same again', 'deployments/web', { spec: { replicas: 4 } }),
        patch('annotation', 'deployments/web', { metadata: { annotations: { a: '1', b: '2' } } }),
        patch('null removes', 'deployments/web', { metadata: { annotations: { a: null } } }),
        patch('null of a default', 'deployments/web', { spec: { replicas: null, strategy: null } }),
        patch('list replaced', 'deployments/web', inPod({ containers: [{ name: 'other', image: 'other:1' }] })),
        patch('list emptied', 'deployments/web', inPod({ containers: [] })),
        patch('stale version', 'deployments/web', { metadata: { resourceVersion: '1' }, spec: { replicas: 1 } }),
        patch('other name', 'deployments/web', { metadata: { name: 'other' } }),
        patch('other kind', 'deployments/web', { kind: 'Pod' }),
        patch('selector', 'deployments/web', { spec: { selector: { matchLabels: { app: 'b' } } } }),
        patch('unknown field', 'deployments/web', { spec: { replica: 1 } }),
        patch('unknown field, strict', 'deployments/web?fieldValidation=Strict', { spec: { replica: 1 } }),
        patch('unknown field, ignored', 'deployments/web?fieldValidation=Ignore', { spec: { replica: 1 } }),
        patch('wrong type', 'deployments/web', { spec: { replicas: 'many' } }),
        patch('no object', 'deployments/web', '[]'),
        patch('not JSON', 'deployments/web', '{'),
        patch('dry run', 'deployments/web?dryRun=All', { spec: { replicas: 9 } }),
        get('after dry run', 'deployments/web'),
        patch('status', 'deployments/web/status', {
          status: { replicas: 3, conditions: [{ type: 'Available', status: 'True' }] },
        }),
        patch('spec through status', 'deployments/web/status', { spec: { replicas: 7 } }),
        patch('label through status', 'deployments/web/status', { metadata: { labels: { a: 'b' } } }),
        patch('absent', 'deployments/none', { spec: { replicas: 1 } }),
        create('route', 'httproutes', route('web')),
        patch('route weight', 'httproutes/web', {
          spec: { rules: [{ backendRefs: [{ name: 'web', port: 80, weight: 3 }] }] },
        }),
        patch('route stamp', 'httproutes/web', { metadata: { annotations: { 'mainstay.dev/fence': '1.2' } } }),
        patch('route without rules', 'httproutes/web', { spec: { rules: null } }),
        patch('route, empty list', 'httproutes/web', { spec: { hostnames: [] } }),
        patch('route, unknown field', 'httproutes/web', { spec: { rulez: [] } }),
        patch('route status', 'httproutes/web/status', {
          status: { parents: [{ parentRef: { name: 'p' }, controllerName: 'c' }] },
        }),
        create('configmap', 'configmaps', configMap('settings', { a: '1' })),
        patch('data emptied', 'configmaps/settings', { data: { a: null } }),
        patch('annotations emptied', 'configmaps/settings', { metadata: { annotations: {} } }),
      ];
    },
  },
  {
    name: 'strategic patch',
    operations: (namespace) => {
      const { create, patch } = verbs(namespace);
      const strategic = (title: string, body: unknown, what = 'deployments/web') =>
        patch(title, what, body, STRATEGIC_PATCH);
      return [
        create('deployment', 'deployments', deployment('web')),
        create('service', 'services', service('web')),
        create('route', 'httproutes', route('web')),
        strategic('image', inContainer({ image: 'web:2' })),
        strategic('second container', inPod({ containers: [{ name: 'side', image: 'side:1' }] })),
        strategic(
          'environment',
          inContainer({
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          }),
        ),
        strategic('environment, one more', inContainer({ env: [{ name: 'C', value: '3' }] })),
        strategic('environment, one changed', inContainer({ env: [{ name: 'B', value: '22' }] })),
        strategic('environment, one deleted', inContainer({ env: [{ $patch: 'delete', name: 'A' }] })),
        strategic('environment, reordered', inContainer({ '$setElementOrder/env': [{ name: 'C' }, { name: 'B' }] })),
        strategic('environment, replaced', inContainer({ env: [{ $patch: 'replace' }, { name: 'Z', value: '9' }] })),
        strategic('ports', inContainer({ ports: [{ containerPort: 9090, name: 'metrics' }] })),
        strategic('container deleted', inPod({ containers: [{ $patch: 'delete', name: 'side' }] })),
        strategic('no merge key', inPod({ containers: [{ image: 'nameless:1' }] })),
        strategic('volumes', inPod({ volumes: [{ name: 'v', emptyDir: {} }] })),
        strategic(
          'volume to another source',
          inPod({ volumes: [{ $retainKeys: ['name', 'configMap'], name: 'v', configMap: { name: 'c' } }] }),
        ),
        strategic('strategy', { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }),
        strategic('strategy back', {
          spec: {
            strategy: { $retainKeys: ['type', 'rollingUpdate'], type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
          },
        }),
        strategic('node selector', inPod({ nodeSelector: { a: 'b' } })),
        strategic('tolerations', inPod({ tolerations: [{ key: 'a', operator: 'Exists' }] })),
        strategic('finalizers', { metadata: { finalizers: ['example.com/a'] } }),
        strategic('one more finalizer', { metadata: { finalizers: ['example.com/b'] } }),
        strategic('finalizer deleted', {
          metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/a', 'example.com/b'] },
        }),
        strategic('map replaced', { metadata: { labels: { $patch: 'replace', only: 'this' } } }),
        strategic('unknown directive', { spec: { $patch: 'explode' } }),
        strategic(
          'conditions by type',
          { status: { conditions: [{ type: 'Available', status: 'True' }] } },
          'deployments/web/status',
        ),
        strategic(
          'one more condition',
          { status: { conditions: [{ type: 'Progressing', status: 'True' }] } },
          'deployments/web/status',
        ),
        strategic('service port', { spec: { ports: [{ port: 81, name: 'more', targetPort: 81 }] } }, 'services/web'),
        strategic('service selector', { spec: { selector: { track: 'stable' } } }, 'services/web'),
        strategic('not for custom resources', { spec: { rules: [] } }, 'httproutes/web'),
      ];
    },
  },
  {
    name: 'JSON patch',
    operations: (namespace) => {
      const { create, patch } = verbs(namespace);
      const json = (title: string, body: unknown, what = 'deployments/web') => patch(title, what, body, JSON_PATCH);
      return [
        create('deployment', 'deployments', deployment('web')),
        create('route', 'httproutes', route('web')),
        json('nothing', []),
        json('replace', [{ op: 'replace', path: '/spec/replicas', value: 4 }]),
        json('test that holds', [
          { op: 'test', path: '/spec/replicas', value: 4 },
          { op: 'replace', path: '/spec/replicas', value: 5 },
        ]),
        json('test that fails', [
          { op: 'test', path: '/spec/replicas', value: 4 },
          { op: 'replace', path: '/spec/replicas', value: 6 },
        ]),
        json('add to a map that is not there', [{ op: 'add', path: '/metadata/annotations/a', value: '1' }]),
        json('add a map', [{ op: 'add', path: '/metadata/annotations', value: { a: '1', 'x/y': '2' } }]),
        json('escaped key', [{ op: 'replace', path: '/metadata/annotations/x~1y', value: '3' }]),
        json('remove', [{ op: 'remove', path: '/metadata/annotations/a' }]),
        json('remove what is not there', [{ op: 'remove', path: '/metadata/annotations/none' }]),
        json('replace what is not there', [{ op: 'replace', path: '/metadata/labels/none', value: 'x' }]),
        json('append', [
          { op: 'add', path: '/spec/template/spec/containers/-', value: { name: 'side', image: 'side:1' } },
        ]),
        json('insert', [
          { op: 'add', path: '/spec/template/spec/containers/0', value: { name: 'first', image: 'first:1' } },
        ]),
        json('index beyond the end', [{ op: 'add', path: '/spec/template/spec/containers/9', value: {} }]),
        json('move', [
          { op: 'move', from: '/spec/template/spec/containers/0', path: '/spec/template/spec/containers/1' },
        ]),
        json('copy', [{ op: 'copy', from: '/spec/template/metadata/labels/app', path: '/metadata/annotations/app' }]),
        json('whole template', [{ op: 'replace', path: '/spec/template', value: deployment('web').spec.template }]),
        json('unknown operation', [{ op: 'increase', path: '/spec/replicas' }]),
        json('no list', { op: 'replace' }),
        json(
          'weight with a test',
          [
            { op: 'test', path: '/spec/rules/0/backendRefs/0/weight', value: 100 },
            { op: 'replace', path: '/spec/rules/0/backendRefs/0/weight', value: 90 },
          ],
          'httproutes/web',
        ),
        json(
          'weight too large',
          [{ op: 'replace', path: '/spec/rules/0/backendRefs/0/weight', value: 1000001 }],
          'httproutes/web',
        ),
        patch('unknown media type', 'deployments/web', {}, 'application/vnd.example+json'),
        patch('apply without a manager', 'deployments/web', deployment('web'), APPLY_PATCH),
      ];
    },
  },
];
