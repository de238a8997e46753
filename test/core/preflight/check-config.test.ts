import { expect, it } from 'vitest';
import { type CheckRow, finding, missing, unknown } from './changed-facts.ts';
import { sound } from './facts-of-a-sound-service.ts';

it.each<CheckRow>([
  {
    check: 'config',
    when: 'nothing is required',
    facts: { config: [] },
    changes: { requires: [] },
    result: 'pass',
    says: 'no configuration keys',
  },
  {
    check: 'config',
    when: 'a key is missing',
    facts: {},
    changes: { requires: [{ kind: 'Secret', name: 'crm-api', keys: ['CRM_API_TOKEN', 'NEW_KEY'] }] },
    result: 'fail',
    says: 'Secret crm/crm-api: expected keys CRM_API_TOKEN, NEW_KEY, missing NEW_KEY',
  },
  {
    check: 'config',
    when: 'an object is missing',
    facts: { config: [{ kind: 'ConfigMap', name: 'crm-api', found: missing }, ...sound.config.slice(1)] },
    result: 'fail',
    says: 'ConfigMap crm/crm-api does not exist',
  },
  {
    check: 'config',
    when: 'an object may not be read',
    facts: { config: [...sound.config.slice(0, 1), { kind: 'Secret', name: 'crm-api', found: unknown }] },
    result: 'could-not-check',
    says: 'connection refused',
  },
  {
    check: 'config',
    when: 'an object was not looked at',
    facts: { config: [] },
    result: 'could-not-check',
    says: 'was not looked at (and 1 more)',
  },
])('$check is $result when $when', ({ check, facts, changes, result, says }) => {
  const found = finding(check, facts, changes);
  expect(found.reason).toContain(says);
  expect(found.result).toBe(result);
});
