import { objectAt } from '../../../../src/sandbox/cluster/api/json.ts';
import { type Case, TABLE, verbs } from '../operation.ts';

const work = (spec: object = {}) => ({
  restartPolicy: 'Never',
  containers: [{ name: 'work', image: 'work:1' }],
  ...spec,
});

function job(name: string, spec: object = {}, podSpec: object = {}) {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { template: { spec: work(podSpec) }, ...spec },
  };
}

const BACKEND = { service: { name: 'web', port: { number: 80 } } };

function ingress(name: string, spec?: object) {
  const rules = [{ host: 'a.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend: BACKEND }] } }];
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name }, spec: spec ?? { rules } };
}

const rules = (...paths: object[]) => ({ rules: [{ http: { paths } }] });

function scaler(name: string, spec: object = {}) {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name },
    spec: { scaleTargetRef, maxReplicas: 5, ...spec },
  };
}

/** Job, Ingress and HorizontalPodAutoscaler: what is filled in, refused and shown. */
export const BREADTH: readonly Case[] = [
  {
    name: 'jobs',
    operations: (namespace) => {
      const { create, get, patch, replace } = verbs(namespace);
      return [
        create('least', 'jobs', job('least')),
        create('with labels', 'jobs', {
          ...job('labels'),
          spec: { template: { metadata: { labels: { a: 'b' } }, spec: work() } },
        }),
        create('parallel without a count', 'jobs', job('queue', { parallelism: 3 })),
        create(
          'everything',
          'jobs',
          job(
            'all',
            {
              completions: 5,
              parallelism: 2,
              backoffLimit: 0,
              activeDeadlineSeconds: 100,
              ttlSecondsAfterFinished: 0,
              suspend: true,
            },
            { restartPolicy: 'OnFailure' },
          ),
        ),
        create('always restarted', 'jobs', job('bad', {}, { restartPolicy: 'Always' })),
        create('no restart policy', 'jobs', job('bad', {}, { restartPolicy: undefined })),
        create('negative counts', 'jobs', job('bad', { completions: -1, parallelism: -1, backoffLimit: -1 })),
        create('no template', 'jobs', { ...job('bad'), spec: {} }),
        create('unknown mode', 'jobs', job('bad', { completionMode: 'Sometimes' })),
        patch('parallelism', 'jobs/least', { spec: { parallelism: 4 } }),
        patch('completions', 'jobs/least', { spec: { completions: 4 } }),
        patch('template', 'jobs/least', {
          spec: { template: { spec: { containers: [{ name: 'work', image: 'work:2' }] } } },
        }),
        patch('resume', 'jobs/all', { spec: { suspend: false } }),
        patch('status', 'jobs/least/status', { status: { active: 1, ready: 0, startTime: '2030-01-01T00:00:00Z' } }),
        replace('put back', 'jobs/least', (object) => ({
          ...object,
          spec: { ...objectAt(object, 'spec'), backoffLimit: 3 },
        })),
        get('as a table', 'jobs', TABLE),
      ];
    },
  },
  {
    name: 'ingresses',
    operations: (namespace) => {
      const { create, get, patch } = verbs(namespace);
      const path = { path: '/', pathType: 'Prefix', backend: BACKEND };
      return [
        create('rule', 'ingresses', ingress('rule')),
        create(
          'default backend',
          'ingresses',
          ingress('backend', { defaultBackend: BACKEND, ingressClassName: 'edge' }),
        ),
        create(
          'tls',
          'ingresses',
          ingress('tls', { ...rules(path), tls: [{ hosts: ['a.example.com'], secretName: 's' }] }),
        ),
        create('nothing', 'ingresses', ingress('bad', {})),
        create('no path type', 'ingresses', ingress('bad', rules({ path: '/', backend: BACKEND }))),
        create('bad path type', 'ingresses', ingress('bad', rules({ ...path, pathType: 'Glob' }))),
        create('relative path', 'ingresses', ingress('bad', rules({ ...path, path: 'a' }))),
        create('no backend', 'ingresses', ingress('bad', rules({ path: '/', pathType: 'Exact', backend: {} }))),
        create('no port', 'ingresses', ingress('bad', rules({ ...path, backend: { service: { name: 'web' } } }))),
        create('no paths', 'ingresses', ingress('bad', rules())),
        patch('class', 'ingresses/rule', { spec: { ingressClassName: 'edge' } }),
        patch('address', 'ingresses/rule/status', { status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } } }),
        get('as a table', 'ingresses', TABLE),
      ];
    },
  },
  {
    name: 'autoscalers',
    operations: (namespace) => {
      const { create, get, patch } = verbs(namespace);
      return [
        create('least', 'horizontalpodautoscalers', scaler('least')),
        create('bounds', 'horizontalpodautoscalers', scaler('bounds', { minReplicas: 2, maxReplicas: 9 })),
        create('upside down', 'horizontalpodautoscalers', scaler('bad', { minReplicas: 9, maxReplicas: 2 })),
        create('zero', 'horizontalpodautoscalers', scaler('bad', { maxReplicas: 0 })),
        create('no target', 'horizontalpodautoscalers', scaler('bad', { scaleTargetRef: {} })),
        patch('bounds', 'horizontalpodautoscalers/least', { spec: { minReplicas: 2 } }),
        get('as a table', 'horizontalpodautoscalers', TABLE),
      ];
    },
  },
];
