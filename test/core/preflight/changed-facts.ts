import type { PreflightResult } from '../../../src/core/model/operation.ts';
import type { DeployPlan, PreflightCheckName } from '../../../src/core/model/plan.ts';
import { assessPreflight } from '../../../src/core/preflight/assess-preflight.ts';
import type { PreflightFacts } from '../../../src/core/preflight/facts.ts';
import type { HttpRoute } from '../../../src/core/rollout/route.ts';
import type { Deployment } from '../../../src/core/rollout/workload.ts';
import { planWith } from '../../activities/build/plan.ts';
import { deployment, route, service, sound } from './facts-of-a-sound-service.ts';

export interface CheckRow {
  readonly check: PreflightCheckName;
  readonly when: string;
  readonly facts: Partial<PreflightFacts>;
  readonly changes?: Partial<DeployPlan>;
  readonly result: PreflightResult['result'];
  readonly says: string;
}

export const now = sound.observedAtMs;
export const unknown = { seen: 'unknown', problem: 'get X: connection refused' } as const;
export const missing = { seen: 'missing' } as const;
export const plan = planWith(
  { kind: 'image', repository: 'registry.example.com/crm-api' },
  {
    requires: [
      { kind: 'ConfigMap', name: 'crm-api', keys: ['CRM_REGION'] },
      { kind: 'Secret', name: 'crm-api', keys: ['CRM_API_TOKEN'] },
    ],
    traffic: {
      kind: 'httpRoute',
      route: 'crm',
      stableService: 'crm-api',
      port: 80,
      weightMetric: { url: 'http://router.example.com/metrics', name: 'w', backendLabel: 'backend', labels: {} },
    },
  },
);

export function finding(
  name: PreflightCheckName,
  facts: Partial<PreflightFacts>,
  changes: Partial<DeployPlan> = {},
): PreflightResult {
  const found = assessPreflight({ ...sound, ...facts }, { ...plan, ...changes }, now).find(
    (each) => each.name === name,
  );
  if (!found) throw new Error(`no result of check ${name}`);
  return found;
}

export function withDeployment(
  change: (spec: Deployment['spec']) => Partial<Deployment['spec']>,
  status = deployment.status,
): PreflightFacts['deployment'] {
  const object = {
    ...deployment,
    spec: { ...deployment.spec, ...change(deployment.spec) },
    ...(status && { status }),
  } as Deployment;
  return { seen: 'present', object };
}

export function withBackends(
  ...backendRefs: { name: string; port?: number; weight?: number }[]
): PreflightFacts['route'] {
  return { seen: 'present', object: { ...route, spec: { rules: [{ backendRefs }] } } };
}

export function withPodLabels(labels: Record<string, string>): PreflightFacts['deployment'] {
  return withDeployment((spec) => ({ template: { ...spec.template, metadata: { labels } } }));
}

export function withSelector(selector: Record<string, string>): PreflightFacts['service'] {
  return { seen: 'present', object: { ...service, spec: { ...service.spec, selector } } };
}

export function accepted(status: string, observedGeneration: number): PreflightFacts['route'] {
  const conditions = [{ type: 'Accepted', status, observedGeneration, reason: 'NoMatchingParent' }];
  const object: HttpRoute = { ...route, status: { parents: [{ conditions }] } };
  return { seen: 'present', object };
}
