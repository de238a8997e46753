import { configMap, deployment, route, service } from '../objects.ts';
import { APPLY_PATCH, type Case, MERGE_PATCH, type Operation, verbs } from '../operation.ts';

const template = (container: object, ...more: object[]) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'web:1', ...container }, ...more] },
});
const env = (...names: string[]) => ({ env: names.map((name) => ({ name, value: '1' })) });

/** Server-side apply: what it makes of an object, and with whom it conflicts over which fields. */
export const APPLYING: readonly Case[] = [
  {
    name: 'server-side apply',
    operations: (namespace) => {
      const { create, get, patch } = verbs(namespace);
      const by =
        (manager: string) =>
        (title: string, what: string, body: unknown, more = ''): Operation =>
          patch(`${title} by ${manager}`, `${what}?fieldManager=${manager}${more}`, body, APPLY_PATCH);
      const [one, two] = [by('one'), by('two')];
      const settings = (data: Record<string, string>) => configMap('settings', data);
      const web = (spec: Record<string, unknown>) => deployment('web', spec);
      const part = (spec: object) => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec });
      const force = '&force=true';
      return [
        one('create', 'configmaps/settings', settings({ a: '1', b: '2' })),
        one('again', 'configmaps/settings', settings({ a: '1', b: '2' })),
        one('less', 'configmaps/settings', settings({ a: '1' })),
        two('more', 'configmaps/settings', settings({ c: '3' })),
        two('conflict', 'configmaps/settings', settings({ a: '9', c: '3' })),
        two('dry run of a conflict', 'configmaps/settings', settings({ a: '9' }), '&dryRun=All'),
        two('same value', 'configmaps/settings', settings({ a: '1', c: '3' })),
        one('lets go', 'configmaps/settings', settings({})),
        two('force', 'configmaps/settings', settings({ a: '9', c: '3' }), force),
        one('conflict with the one who forced', 'configmaps/settings', settings({ a: '1' })),
        one('deployment', 'deployments/web', web({ replicas: 2, template: template(env('A', 'B')) })),
        patch('scale', 'deployments/web/scale', { spec: { replicas: 5 } }, MERGE_PATCH),
        one('replicas', 'deployments/web', web({ replicas: 2, template: template(env('A', 'B')) })),
        one('without replicas', 'deployments/web', web({ replicas: undefined, template: template(env('A', 'B')) })),
        two(
          'part of a container',
          'deployments/web',
          part({ template: { spec: { containers: [{ name: 'web', ...env('C') }] } } }),
        ),
        one('fewer variables', 'deployments/web', web({ replicas: undefined, template: template(env('A')) })),
        two(
          'image',
          'deployments/web',
          part({ template: { spec: { containers: [{ name: 'web', image: 'web:2' }] } } }),
        ),
        two(
          'image, forced',
          'deployments/web',
          part({ template: { spec: { containers: [{ name: 'web', image: 'web:2' }] } } }),
          force,
        ),
        one(
          'second container',
          'deployments/web',
          web({ replicas: undefined, template: template({ image: 'web:2' }, { name: 'side', image: 'side:1' }) }),
        ),
        one('container gone', 'deployments/web', web({ replicas: undefined, template: template({ image: 'web:2' }) })),
        create('service', 'services', service('web')),
        one('service port', 'services/web', {
          ...service('web'),
          spec: { ports: [{ name: 'more', port: 81, protocol: 'TCP' }] },
        }),
        one('service port gone', 'services/web', { ...service('web'), spec: { ports: [] } }),
        one('route', 'httproutes/web', route('web', 10)),
        two('route weight', 'httproutes/web', route('web', 20)),
        two('route weight, forced', 'httproutes/web', route('web', 20), force),
        one('finalizer', 'configmaps/held', {
          ...configMap('held'),
          metadata: { name: 'held', finalizers: ['example.com/a'] },
        }),
        two('finalizer', 'configmaps/held', {
          ...configMap('held'),
          metadata: { name: 'held', finalizers: ['example.com/b'] },
        }),
        one('no finalizer', 'configmaps/held', configMap('held')),
        one('other kind', 'configmaps/settings', { ...settings({}), kind: 'Secret' }),
        one('other name', 'configmaps/settings', configMap('other')),
        one('stale version', 'configmaps/settings', {
          ...settings({}),
          metadata: { name: 'settings', resourceVersion: '1' },
        }),
        one('unknown field', 'deployments/web', part({ replica: 1 })),
        one('managed fields', 'configmaps/settings', {
          ...settings({}),
          metadata: { name: 'settings', managedFields: [] },
        }),
        one('no YAML', 'configmaps/settings', 'a: ['),
        one('invalid', 'deployments/web', part({ replicas: -1 })),
        get('what came of it', 'deployments/web'),
      ];
    },
  },
];
