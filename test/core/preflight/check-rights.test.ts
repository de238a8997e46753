import { expect, it } from 'vitest';
import { askedRights } from '../../../src/core/preflight/required-rights.ts';
import { type CheckRow, finding, unknown } from './changed-facts.ts';
import { sound } from './facts-of-a-sound-service.ts';

it.each<CheckRow>([
  {
    check: 'rights',
    when: 'one is denied',
    facts: {
      rights: sound.rights.map((each) =>
        each.kind === 'HTTPRoute' && each.verb === 'update'
          ? { ...each, found: { seen: 'present', allowed: false } }
          : each,
      ),
    },
    result: 'fail',
    says: 'may not update HTTPRoute in crm (needed to set the weights)',
  },
  {
    check: 'rights',
    when: 'the API server is away',
    facts: { rights: sound.rights.map((each) => ({ ...each, found: unknown })) },
    result: 'could-not-check',
    says: `connection refused (and ${askedRights().length - 1} more)`,
  },
  {
    check: 'rights',
    when: 'one was not asked for',
    facts: { rights: sound.rights.slice(1) },
    result: 'could-not-check',
    says: 'was not asked for',
  },
])('$check is $result when $when', ({ check, facts, changes, result, says }) => {
  const found = finding(check, facts, changes);
  expect(found.reason).toContain(says);
  expect(found.result).toBe(result);
});
