import type { PreflightFacts } from '../../../src/core/preflight/facts.ts';
import { askedRights } from '../../../src/core/preflight/required-rights.ts';
import type { HttpRoute } from '../../../src/core/rollout/route.ts';
import type { Deployment, Service } from '../../../src/core/rollout/workload.ts';

const labels = { app: 'crm-api', 'mainstay.dev/track': 'stable' };

export const deployment: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'crm-api', namespace: 'crm', generation: 4 },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'crm-api' } },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: 'app', image: 'registry.example.com/crm-api@sha256:old' }] },
    },
  },
  status: { observedGeneration: 4, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 },
};

export const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'crm-api', namespace: 'crm' },
  spec: { selector: labels, ports: [{ port: 80 }] },
};

export const route: HttpRoute = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'crm', namespace: 'crm', generation: 2 },
  spec: { rules: [{ backendRefs: [{ name: 'crm-api', port: 80 }] }, { backendRefs: [{ name: 'docs', port: 80 }] }] },
  status: { parents: [{ conditions: [{ type: 'Accepted', status: 'True', observedGeneration: 2 }] }] },
};

/** Everything as it should be. */
export const sound: PreflightFacts = {
  observedAtMs: Date.parse('2026-11-20T12:00:00Z'),
  image: { of: 'image', image: `registry.example.com/crm-api@sha256:${'a'.repeat(64)}`, found: { seen: 'present' } },
  config: [
    { kind: 'ConfigMap', name: 'crm-api', found: { seen: 'present', keys: ['CRM_REGION', 'OTHER'] } },
    { kind: 'Secret', name: 'crm-api', found: { seen: 'present', keys: ['CRM_API_TOKEN'] } },
  ],
  rights: askedRights().map((right) => ({ ...right, found: { seen: 'present', allowed: true } })),
  deployment: { seen: 'present', object: deployment },
  service: { seen: 'present', object: service },
  route: { seen: 'present', object: route },
  weightMetric: { seen: 'present', stablePercent: 100 },
};
