import { expect, it } from 'vitest';
import { type CheckRow, accepted, finding, missing, unknown, withBackends } from './changed-facts.ts';
import { route, service } from './facts-of-a-sound-service.ts';

it.each<CheckRow>([
  {
    check: 'router',
    when: 'the route is missing',
    facts: { route: missing },
    result: 'fail',
    says: 'HTTPRoute crm/crm does not exist',
  },
  {
    check: 'router',
    when: 'the route cannot be read',
    facts: { route: unknown },
    result: 'could-not-check',
    says: 'connection refused',
  },
  {
    check: 'router',
    when: 'no rule sends to it',
    facts: { route: withBackends({ name: 'other', port: 80 }) },
    result: 'fail',
    says: 'exactly one rule must send to Service crm-api, none does',
  },
  {
    check: 'router',
    when: 'two rules send to it',
    facts: {
      route: {
        seen: 'present',
        object: { ...route, spec: { rules: [...(route.spec.rules ?? []), ...(route.spec.rules ?? [])] } },
      },
    },
    result: 'fail',
    says: 'several do',
  },
  {
    check: 'router',
    when: 'a stranger has weight',
    facts: {
      route: withBackends({ name: 'crm-api', port: 80, weight: 90 }, { name: 'crm-next', port: 80, weight: 10 }),
    },
    result: 'fail',
    says: 'expected all weight on Service crm-api, found crm-api 90, crm-next 10',
  },
  {
    check: 'router',
    when: 'a stranger stands there without weight',
    facts: { route: withBackends({ name: 'crm-api', port: 80 }, { name: 'maintenance', port: 80, weight: 0 }) },
    result: 'pass',
    says: 'sends everything to Service crm-api',
  },
  {
    check: 'router',
    when: 'stable has no weight',
    facts: { route: withBackends({ name: 'crm-api', port: 80, weight: 0 }) },
    result: 'fail',
    says: 'found crm-api 0',
  },
  {
    check: 'router',
    when: 'it sends to another port',
    facts: { route: withBackends({ name: 'crm-api', port: 8080 }) },
    result: 'fail',
    says: 'expected port 80 of Service crm-api, found 8080',
  },
  {
    check: 'router',
    when: 'another deployment is under way',
    facts: {
      route: withBackends(
        { name: 'crm-api', port: 80, weight: 90 },
        { name: 'crm-api-canary-17', port: 80, weight: 10 },
      ),
    },
    result: 'pass',
    says: 'another deployment is under way (crm-api 90, crm-api-canary-17 10)',
  },
  {
    check: 'router',
    when: 'something else has a name like a canary',
    facts: {
      route: withBackends(
        { name: 'crm-api', port: 80, weight: 90 },
        { name: 'crm-api-canary-x', port: 80, weight: 10 },
      ),
    },
    result: 'fail',
    says: 'expected all weight',
  },
  {
    check: 'router',
    when: 'the gateway refuses it',
    facts: { route: accepted('False', 2) },
    result: 'fail',
    says: 'NoMatchingParent',
  },
  {
    check: 'router',
    when: 'the gateway has not seen it',
    facts: { route: accepted('True', 1) },
    result: 'fail',
    says: 'seen generation 1',
  },
  {
    check: 'router',
    when: 'the stable Service is missing',
    facts: { service: missing },
    result: 'fail',
    says: 'Service crm/crm-api does not exist',
  },
  {
    check: 'router',
    when: 'the stable Service has another port',
    facts: {
      service: { seen: 'present', object: { ...service, spec: { ...service.spec, ports: [{ port: 8080 }] } } },
    },
    result: 'fail',
    says: 'Service crm/crm-api: expected port 80, found 8080',
  },
  {
    check: 'router',
    when: 'the weight metric does not answer',
    facts: { weightMetric: unknown },
    result: 'could-not-check',
    says: 'connection refused',
  },
  {
    check: 'router',
    when: 'the weight metric has no series of ours',
    facts: { weightMetric: { seen: 'present', stablePercent: null } },
    result: 'fail',
    says: 'expected a series w{backend="crm-api"}',
  },
])('$check is $result when $when', ({ check, facts, changes, result, says }) => {
  const found = finding(check, facts, changes);
  expect(found.reason).toContain(says);
  expect(found.result).toBe(result);
});
