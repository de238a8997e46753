import { expect, it } from 'vitest';
import { type CheckRow, finding, unknown, withPodLabels, withSelector } from './changed-facts.ts';

it.each<CheckRow>([
  {
    check: 'selector',
    when: 'neither Service nor pods carry the track',
    facts: { service: withSelector({ app: 'crm-api' }), deployment: withPodLabels({ app: 'crm-api' }) },
    result: 'fail',
    says: 'first add the label mainstay.dev/track: stable to spec.template.metadata.labels of Deployment crm/crm-api and wait for the rollout, then add mainstay.dev/track: stable to spec.selector of Service crm/crm-api',
  },
  {
    check: 'selector',
    when: 'only the pods carry it',
    facts: { service: withSelector({ app: 'crm-api' }) },
    result: 'fail',
    says: 'would also select canary pods: add mainstay.dev/track: stable to spec.selector',
  },
  {
    check: 'selector',
    when: 'only the Service asks for it',
    facts: { deployment: withPodLabels({ app: 'crm-api' }) },
    result: 'fail',
    says: 'its pods lack the track',
  },
  {
    check: 'selector',
    when: 'the Service selects other pods',
    facts: { service: withSelector({ app: 'crm', 'mainstay.dev/track': 'stable' }) },
    result: 'fail',
    says: 'does not select the pods of Deployment crm/crm-api: app=crm (pods have crm-api)',
  },
  {
    check: 'selector',
    when: 'stable calls itself a canary',
    facts: {
      service: withSelector({ 'mainstay.dev/track': 'canary-1' }),
      deployment: withPodLabels({ 'mainstay.dev/track': 'canary-1' }),
    },
    result: 'fail',
    says: 'kept for canaries',
  },
  {
    check: 'selector',
    when: 'the Service cannot be read',
    facts: { service: unknown },
    result: 'could-not-check',
    says: 'connection refused',
  },
])('$check is $result when $when', ({ check, facts, changes, result, says }) => {
  const found = finding(check, facts, changes);
  expect(found.reason).toContain(says);
  expect(found.result).toBe(result);
});
