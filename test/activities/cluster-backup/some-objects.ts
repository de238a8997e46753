import type { PlainObject } from '../../../src/core/cluster-backup/restorable.ts';

/** One call of the API server, as a team's own tool makes it. Throws what is not 2xx. */
export async function request(url: string, method: string, path: string, body: unknown): Promise<unknown> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const reply = await fetch(`${url}${path}`, { method, body: JSON.stringify(body), headers: { 'content-type': type } });
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
  return reply.json();
}

/** A small service with everything that a copy has to take out, or to leave out. */
export async function fill(url: string): Promise<void> {
  const labels = { app: 'crm-api' };
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: 'api', image: 'registry/crm@sha256:1', ports: [{ containerPort: 8080 }] }] },
  };
  const deployment = (name: string, more: object = {}) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels, annotations: { 'deployment.kubernetes.io/revision': '3', team: 'crm' }, ...more },
    spec: { replicas: 2, selector: { matchLabels: labels }, template },
  });
  const post = (path: string, body: unknown) => request(url, 'POST', path, body);
  const core = '/api/v1/namespaces/crm';
  await post(`${core}/configmaps`, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'crm-api', labels, annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' } },
    data: { LEVEL: 'info', odd: 'no\n---\n# not a comment\n' },
  });
  await post(`${core}/secrets`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'crm-api' },
    type: 'Opaque',
    data: { url: 'bm8tc3VjaC13b3Jk', password: 'bm8tc3VjaC13b3Jk' },
  });
  await post(`${core}/services`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'crm-api' },
    spec: { type: 'NodePort', selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  });
  await post(`${core}/services`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'headless' },
    spec: { clusterIP: 'None', selector: labels, ports: [{ port: 80 }] },
  });
  const made = (await post('/apis/apps/v1/namespaces/crm/deployments', deployment('crm-api'))) as PlainObject;
  await post(
    '/apis/apps/v1/namespaces/crm/deployments',
    deployment('crm-api-canary-7', { labels: { 'app.kubernetes.io/managed-by': 'mainstay' } }),
  );
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: 'crm-api',
    uid: made.metadata.uid,
    controller: true,
  };
  await post(`${core}/configmaps`, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'made', ownerReferences: [owner] },
    data: {},
  });
  await post('/apis/autoscaling/v2/namespaces/crm/horizontalpodautoscalers', {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'crm-api' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'crm-api' },
      minReplicas: 2,
      maxReplicas: 5,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
      ],
    },
  });
  await request(url, 'POST', '/api/v1/namespaces/other/configmaps', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'theirs' },
    data: {},
  });
}
