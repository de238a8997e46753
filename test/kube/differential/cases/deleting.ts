import { objectAt } from '../../../../src/sandbox/cluster/api/json.ts';
import { configMap, deployment, pod, replicaSet, route, service } from '../objects.ts';
import { at, type Case, type Operation, verbs } from '../operation.ts';

/** A ReplicaSet with an owner that was created before it. */
function owned(namespace: string, owner: string, name: string): Operation {
  return {
    title: `${name} of ${owner}`,
    method: 'POST',
    path: at(namespace, 'replicasets'),
    bodyFrom: (recall) => {
      const { uid } = objectAt(recall(at(namespace, `deployments/${owner}`)), 'metadata');
      const reference = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        name: owner,
        uid,
        controller: true,
        blockOwnerDeletion: true,
      };
      return { ...replicaSet(name), metadata: { name, ownerReferences: [reference] } };
    },
  };
}

const withFinalizer = (name: string) => ({ ...configMap(name), metadata: { name, finalizers: ['example.com/hold'] } });

/** Deletes: what they answer, what they leave, what goes along. */
export const DELETING: readonly Case[] = [
  {
    name: 'delete',
    operations: (namespace) => {
      const { create, get, gone, patch, remove, replace } = verbs(namespace);
      const byVersion = (title: string, version: string | undefined): Operation => ({
        title,
        method: 'DELETE',
        path: at(namespace, 'configmaps/versioned'),
        bodyFrom: (recall) => ({
          preconditions: {
            resourceVersion:
              version ?? objectAt(recall(at(namespace, 'configmaps/versioned')), 'metadata').resourceVersion,
          },
        }),
      });
      return [
        create('configmap', 'configmaps', configMap('a')),
        remove('configmap', 'configmaps/a'),
        remove('configmap again', 'configmaps/a'),
        create('deployment', 'deployments', deployment('web')),
        remove('dry run', 'deployments/web?dryRun=All'),
        get('still there', 'deployments/web'),
        remove('other uid', 'deployments/web', { preconditions: { uid: '6f6e9d50-0000-4000-8000-000000000000' } }),
        remove('bad policy', 'deployments/web', { propagationPolicy: 'Sideways' }),
        remove('negative grace', 'deployments/web', { gracePeriodSeconds: -1 }),
        remove('both spellings', 'deployments/web', { propagationPolicy: 'Orphan', orphanDependents: true }),
        remove('deployment', 'deployments/web'),
        create('versioned', 'configmaps', configMap('versioned')),
        byVersion('stale version', '1'),
        byVersion('its version', undefined),
        create('service', 'services', service('web')),
        remove('service', 'services/web'),
        create('route', 'httproutes', route('web')),
        remove('route', 'httproutes/web'),
        create('pod, unbound', 'pods', pod('unbound')),
        remove('pod, unbound', 'pods/unbound'),
        gone('pod, unbound', 'pods/unbound'),
        create('pod, bound', 'pods', pod('bound', { nodeName: 'somewhere', terminationGracePeriodSeconds: 20 })),
        remove('pod, bound', 'pods/bound'),
        get('pod, bound', 'pods/bound'),
        remove('pod, bound, shorter', 'pods/bound?gracePeriodSeconds=5'),
        remove('pod, bound, longer', 'pods/bound?gracePeriodSeconds=60'),
        patch('pod under deletion', 'pods/bound', { metadata: { labels: { a: 'b' } } }),
        remove('pod, bound, at once', 'pods/bound', { gracePeriodSeconds: 0 }),
        gone('pod, bound', 'pods/bound'),
        create('finalizer', 'configmaps', withFinalizer('held')),
        remove('finalizer', 'configmaps/held'),
        remove('finalizer, again', 'configmaps/held'),
        get('finalizer', 'configmaps/held'),
        patch('new finalizer', 'configmaps/held', {
          metadata: { finalizers: ['example.com/hold', 'example.com/more'] },
        }),
        create('held again', 'configmaps', configMap('held')),
        replace('last finalizer', 'configmaps/held', (object) => ({
          ...object,
          metadata: { ...objectAt(object, 'metadata'), finalizers: [] },
        })),
        gone('last finalizer', 'configmaps/held'),
        create('of a collection 1', 'configmaps', {
          ...configMap('c1'),
          metadata: { name: 'c1', labels: { set: 'c' } },
        }),
        create('of a collection 2', 'configmaps', {
          ...configMap('c2'),
          metadata: { name: 'c2', labels: { set: 'c' } },
        }),
        create('of no collection', 'configmaps', configMap('c3')),
        remove('collection by label', 'configmaps?labelSelector=set%3Dc'),
        get('what is left', 'configmaps'),
        remove('absent', 'deployments/none'),
        remove('subresource', 'deployments/none/status'),
      ];
    },
  },
  {
    name: 'delete with dependents',
    operations: (namespace) => {
      const { create, get, gone, remove } = verbs(namespace);
      const family = (owner: string): Operation[] => [
        create(owner, 'deployments', deployment(owner)),
        owned(namespace, owner, `${owner}-1`),
      ];
      return [
        ...family('back'),
        remove('background', 'deployments/back', { propagationPolicy: 'Background' }),
        gone('background, dependent', 'replicasets/back-1'),
        ...family('fore'),
        remove('foreground', 'deployments/fore', { propagationPolicy: 'Foreground' }),
        gone('foreground, owner', 'deployments/fore'),
        gone('foreground, dependent', 'replicasets/fore-1'),
        ...family('orphan'),
        remove('orphan', 'deployments/orphan?propagationPolicy=Orphan'),
        gone('orphan, owner', 'deployments/orphan'),
        get('orphan, dependent', 'replicasets/orphan-1'),
      ];
    },
  },
  {
    name: 'delete a namespace',
    operations: (namespace) => {
      const inner = `${namespace}-inner`;
      const path = `/api/v1/namespaces/${inner}`;
      const { create, gone } = verbs(inner);
      return [
        {
          title: 'create',
          method: 'POST',
          path: '/api/v1/namespaces',
          body: { metadata: { name: inner, labels: { a: 'b' }, finalizers: ['example.com/hold'] } },
        },
        create('content', 'configmaps', configMap('settings')),
        create('more content', 'deployments', deployment('web')),
        { title: 'label', method: 'PATCH', path, body: { metadata: { labels: { a: null, c: 'd' } } } },
        { title: 'delete', method: 'DELETE', path },
        create('into a namespace that ends', 'secrets', { metadata: { name: 'late' } }),
        gone('content', 'configmaps/settings'),
        gone('more content', 'deployments/web'),
        { title: 'let go', method: 'PATCH', path, body: { metadata: { finalizers: null } }, isRacing: true },
        { title: 'gone', method: 'GET', path, untilCode: 404 },
        create('into a namespace that is gone', 'secrets', { metadata: { name: 'late' } }),
      ];
    },
  },
];
