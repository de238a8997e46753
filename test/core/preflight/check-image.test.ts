import { expect, it } from 'vitest';
import { type CheckRow, finding, missing, unknown } from './changed-facts.ts';

it.each<CheckRow>([
  {
    check: 'image',
    when: 'the registry does not hold it',
    facts: { image: { of: 'image', image: 'r/a@sha256:1', found: missing } },
    result: 'fail',
    says: 'image r/a@sha256:1 does not exist',
  },
  {
    check: 'image',
    when: 'the registry does not answer',
    facts: { image: { of: 'image', image: 'r/a@sha256:1', found: unknown } },
    result: 'could-not-check',
    says: 'connection refused',
  },
  {
    check: 'image',
    when: 'it is to be built and the registry answers',
    facts: { image: { of: 'registry', repository: 'r/a', found: missing } },
    result: 'pass',
    says: 'built after these checks',
  },
  {
    check: 'image',
    when: 'it is to be built and the registry is away',
    facts: { image: { of: 'registry', repository: 'r/a', found: unknown } },
    result: 'could-not-check',
    says: 'connection refused',
  },
])('$check is $result when $when', ({ check, facts, changes, result, says }) => {
  const found = finding(check, facts, changes);
  expect(found.reason).toContain(says);
  expect(found.result).toBe(result);
});
