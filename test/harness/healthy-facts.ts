import type { PreflightFacts } from '../../src/core/preflight/facts.ts';
import { askedRights } from '../../src/core/preflight/required-rights.ts';
import { IMAGE_1, IMAGE_2 } from './some-plan.ts';

/** Preflight facts with which every check passes for `somePlan()`. */
export function healthyFacts(): PreflightFacts {
  const labels = { app: 'crm-api', 'mainstay.dev/track': 'stable' };
  return {
    observedAtMs: 0,
    image: { of: 'image', image: IMAGE_2, found: { seen: 'present' } },
    config: [],
    rights: askedRights().map((right) => ({ ...right, found: { seen: 'present', allowed: true } })),
    deployment: {
      seen: 'present',
      object: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'crm-api', namespace: 'crm', generation: 1 },
        spec: {
          replicas: 4,
          revisionHistoryLimit: 10,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'api', image: IMAGE_1 }] } },
        },
        status: { observedGeneration: 1, replicas: 4, updatedReplicas: 4, readyReplicas: 4, availableReplicas: 4 },
      },
    },
    service: {
      seen: 'present',
      object: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'crm-api', namespace: 'crm' },
        spec: { selector: labels, ports: [{ port: 80 }] },
      },
    },
    route: {
      seen: 'present',
      object: {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata: { name: 'crm-api', namespace: 'crm', generation: 1 },
        spec: { rules: [{ backendRefs: [{ kind: 'Service', name: 'crm-api', port: 80, weight: 100 }] }] },
        status: { parents: [{ conditions: [{ type: 'Accepted', status: 'True', observedGeneration: 1 }] }] },
      },
    },
  };
}
