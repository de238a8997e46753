import { expect, it } from 'vitest';
import { type CheckRow, finding, missing, plan, unknown, withBackends, withDeployment } from './changed-facts.ts';
import { deployment } from './facts-of-a-sound-service.ts';

it.each<CheckRow>([
  {
    check: 'stableHealthy',
    when: 'the Deployment is missing',
    facts: { deployment: missing },
    result: 'fail',
    says: 'Deployment crm/crm-api does not exist',
  },
  {
    check: 'stableHealthy',
    when: 'it cannot be read',
    facts: { deployment: unknown },
    result: 'could-not-check',
    says: 'connection refused',
  },
  {
    check: 'stableHealthy',
    when: 'it has no such container',
    facts: {},
    changes: { workload: { ...plan.workload, container: 'api' } },
    result: 'fail',
    says: 'expected a container api, found app',
  },
  {
    check: 'stableHealthy',
    when: 'it is paused',
    facts: { deployment: withDeployment(() => ({ paused: true })) },
    result: 'fail',
    says: 'kubectl rollout resume deployment/crm-api -n crm',
  },
  {
    check: 'stableHealthy',
    when: 'one replica is not available',
    facts: { deployment: withDeployment(() => ({}), { ...deployment.status, availableReplicas: 2 }) },
    result: 'fail',
    says: '2 available',
  },
  {
    check: 'stableHealthy',
    when: 'an old pod is left',
    facts: { deployment: withDeployment(() => ({}), { ...deployment.status, replicas: 4 }) },
    result: 'fail',
    says: '1 old still there',
  },
  {
    check: 'stableHealthy',
    when: 'its controller lags',
    facts: { deployment: withDeployment(() => ({}), { ...deployment.status, observedGeneration: 3 }) },
    result: 'fail',
    says: 'has not seen the latest change',
  },
  {
    check: 'stableHealthy',
    when: 'no version serves yet',
    facts: { deployment: withDeployment(() => ({ replicas: 0 }), { observedGeneration: 4 }) },
    result: 'pass',
    says: 'a first deployment, compared with nothing',
  },
  {
    check: 'stableHealthy',
    when: 'it was scaled to 0 and pods still end',
    facts: { deployment: withDeployment(() => ({ replicas: 0 })) },
    result: 'fail',
    says: 'old ones still end',
  },
  {
    check: 'stableHealthy',
    when: 'another deployment rolls it',
    facts: {
      deployment: withDeployment(() => ({}), { ...deployment.status, availableReplicas: 1 }),
      route: withBackends(
        { name: 'crm-api', port: 80, weight: 0 },
        { name: 'crm-api-canary-17', port: 80, weight: 100 },
      ),
    },
    result: 'pass',
    says: 'another deployment is under way (crm-api-canary-17)',
  },
  {
    check: 'history',
    when: 'no revision is kept',
    facts: { deployment: withDeployment(() => ({ revisionHistoryLimit: 0 })) },
    result: 'fail',
    says: 'spec.revisionHistoryLimit is 0',
  },
  {
    check: 'history',
    when: 'two are kept',
    facts: { deployment: withDeployment(() => ({ revisionHistoryLimit: 2 })) },
    result: 'pass',
    says: '2 earlier revisions',
  },
  {
    check: 'history',
    when: 'the Deployment cannot be read',
    facts: { deployment: unknown },
    result: 'could-not-check',
    says: 'connection refused',
  },
])('$check is $result when $when', ({ check, facts, changes, result, says }) => {
  const found = finding(check, facts, changes);
  expect(found.reason).toContain(says);
  expect(found.result).toBe(result);
});
