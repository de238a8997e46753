import { describe, expect, it } from 'vitest';
import type { PreflightResult } from '../../../src/core/model/operation.ts';
import { type CheckMode, PREFLIGHT_CHECKS } from '../../../src/core/model/plan.ts';
import { assessPreflight, decidePreflight } from '../../../src/core/preflight/assess-preflight.ts';
import { finding, missing, now, plan } from './changed-facts.ts';
import { sound } from './facts-of-a-sound-service.ts';

it('passes every check of a sound service, each with a reason', () => {
  const results = assessPreflight(sound, plan, now);
  expect(results.map((each) => each.name)).toEqual(
    PREFLIGHT_CHECKS.filter((name) => name !== 'migrations' && name !== 'metrics'),
  );
  for (const each of results) expect(each).toMatchObject({ result: 'pass', mode: 'required' });
  for (const each of results) expect(each.reason.length).toBeGreaterThan(10);
  expect(decidePreflight(results)).toEqual({ go: true });
});

describe('decidePreflight', () => {
  const result = (mode: CheckMode, found: PreflightResult['result']): PreflightResult => ({
    name: 'config',
    mode,
    result: found,
    reason: 'because',
  });
  it.each([
    { when: 'a required check fails', results: [result('required', 'fail')], go: false },
    { when: 'a required check could not be made', results: [result('required', 'could-not-check')], go: false },
    { when: 'an advisory check fails', results: [result('advisory', 'fail')], go: true },
    { when: 'an advisory check could not be made', results: [result('advisory', 'could-not-check')], go: true },
    { when: 'a check is off', results: [result('off', 'off')], go: true },
  ])('goes: $go when $when', ({ results, go }) => {
    expect(decidePreflight(results).go).toBe(go);
  });

  it('names every refusing check, and which could not be made', () => {
    const results: PreflightResult[] = [
      { name: 'image', mode: 'required', result: 'pass', reason: 'there' },
      { name: 'config', mode: 'required', result: 'fail', reason: 'Secret crm/a does not exist' },
      { name: 'router', mode: 'required', result: 'could-not-check', reason: 'no answer' },
      { name: 'history', mode: 'advisory', result: 'fail', reason: 'not told' },
    ];
    const reason =
      '2 of 3 required checks refuse: config: Secret crm/a does not exist; router: could not check: no answer';
    expect(decidePreflight(results)).toEqual({ go: false, reason });
  });

  it('shows a check that is off and does not make it', () => {
    const modes = { ...plan.preflight, image: 'off' } as const;
    const image = { of: 'image', image: 'r/a@sha256:1', found: missing } as const;
    expect(finding('image', { image }, { preflight: modes })).toMatchObject({ mode: 'off', result: 'off' });
  });
});
