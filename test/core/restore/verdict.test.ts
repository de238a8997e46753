import { describe, expect, it } from 'vitest';
import { CHECK_KINDS, type CheckKind, type CheckResult, type CheckState } from '../../../src/core/model/restore.ts';
import { CHECK_TEXTS } from '../../../src/core/restore/check-texts.ts';
import { integrityFlags } from '../../../src/core/restore/integrity-flags.ts';
import { judge, sortChecks } from '../../../src/core/restore/verdict.ts';

const check = (state: CheckState, kind: CheckKind = 'digest', object = 'public.t'): CheckResult => ({
  kind,
  object,
  state,
  says: 'words',
  ms: 1,
});

describe('judge', () => {
  it.each([
    { states: ['pass', 'fail', 'couldNotVerify'], verdict: 'FAIL' },
    { states: ['pass', 'couldNotVerify', 'unproven'], verdict: 'COULD-NOT-VERIFY' },
    { states: ['pass', 'skip'], verdict: 'COULD-NOT-VERIFY' },
    { states: ['pass', 'unproven', 'warn'], verdict: 'PASS' },
    { states: ['pass'], verdict: 'PASS' },
    { states: ['unproven', 'warn'], verdict: 'COULD-NOT-VERIFY' },
    { states: [], verdict: 'COULD-NOT-VERIFY' },
  ] as const)('$verdict of $states', ({ states, verdict }) => {
    expect(judge(states.map((state) => check(state))).verdict).toBe(verdict);
  });

  it('names what stays unproven, also beside a PASS', () => {
    expect(judge([check('pass'), check('unproven', 'digest', 'public.open')]).reasons).toEqual([
      'UNPROVEN digest public.open: words',
    ]);
  });

  it('tells the worst first', () => {
    const { reasons } = judge([check('warn'), check('couldNotVerify'), check('fail'), check('unproven')]);
    expect(reasons.map((line) => line.split(' digest')[0])).toEqual(['FAIL', 'COULD NOT VERIFY', 'UNPROVEN', 'WARN']);
  });

  it('sorts without losing any', () => {
    const checks = [check('pass'), check('skip'), check('fail')];
    expect(sortChecks(checks).map(({ state }) => state)).toEqual(['fail', 'skip', 'pass']);
  });
});

describe('integrityFlags', () => {
  const flags = (...checks: readonly CheckResult[]) => integrityFlags({ ...judge(checks), checks });
  it.each([
    { when: 'all passed', checks: [check('pass'), check('pass', 'probe')], data: true, performance: true },
    { when: 'a digest failed', checks: [check('fail'), check('pass', 'probe')], data: false, performance: true },
    { when: 'a probe was slow', checks: [check('pass'), check('warn', 'probe')], data: true, performance: false },
    { when: 'nobody probed', checks: [check('pass')], data: true, performance: undefined },
    {
      when: 'something could not run',
      checks: [check('pass'), check('couldNotVerify')],
      data: undefined,
      performance: undefined,
    },
  ])('data $data, performance $performance when $when', ({ checks, data, performance }) => {
    expect(flags(...checks)).toMatchObject({ dataIntegrity: data, performanceAcceptable: performance });
  });
});

describe('CHECK_TEXTS', () => {
  it.each(CHECK_KINDS)('says what %s proves, and what it does not', (kind) => {
    expect(CHECK_TEXTS[kind].proves).toMatch(/^[A-Z].*\.$/);
    expect(CHECK_TEXTS[kind].notProves).toMatch(/^[A-Z].*\.$/);
  });
});
