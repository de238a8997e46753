import { describe, expect, it } from 'vitest';
import { parseDeployInput } from '../../src/contracts/deploy-input.ts';

const GOOD = { service: 'web', environment: 'production', version: 'v1.4.2' };

describe('the input of deployService', () => {
  it.each([
    { what: 'the three names', input: GOOD },
    {
      what: 'everything',
      input: {
        ...GOOD,
        onBusy: 'preempt',
        reason: 'hotfix',
        requestedBy: 'release-manager',
        dryRun: true,
        expectCatalogue: '0123abcd',
      },
    },
  ])('is accepted with $what', ({ input }) => {
    expect(parseDeployInput(input)).toEqual({ input });
  });

  it.each([
    { what: 'no object', input: 'web', paths: [''] },
    { what: 'nothing', input: undefined, paths: [''] },
    { what: 'a list', input: [GOOD], paths: [''] },
    { what: 'an empty object', input: {}, paths: ['service', 'environment', 'version'] },
    { what: 'an empty name', input: { ...GOOD, service: '' }, paths: ['service'] },
    { what: 'a number as version', input: { ...GOOD, version: 1.4 }, paths: ['version'] },
    { what: 'a misspelled key', input: { service: 'web', environment: 'qa', versoin: 'v1' }, paths: ['versoin'] },
    { what: 'an unknown key', input: { ...GOOD, force: true }, paths: ['force'] },
    { what: 'an unknown onBusy', input: { ...GOOD, onBusy: 'que' }, paths: ['onBusy'] },
    { what: 'a text as dryRun', input: { ...GOOD, dryRun: 'yes' }, paths: ['dryRun'] },
    { what: 'a short digest', input: { ...GOOD, expectCatalogue: '0123' }, paths: ['expectCatalogue'] },
    {
      what: 'four things at once',
      input: { service: 1, environment: null, version: 'v1', onBusy: 'x', extra: 1 },
      paths: ['service', 'environment', 'onBusy', 'extra'],
    },
  ])('is refused with $what, all problems at once', ({ input, paths }) => {
    const parsed = parseDeployInput(input);
    const problems = 'problems' in parsed ? parsed.problems : [];
    expect(problems.map(({ path }) => path)).toEqual(paths);
    for (const problem of problems) expect(problem.expected).not.toBe('');
  });

  it('suggests what was meant', () => {
    expect(parseDeployInput({ ...GOOD, onBusy: 'repalce' })).toMatchObject({
      problems: [{ path: 'onBusy', expected: expect.stringContaining('did you mean replace?') }],
    });
  });
});
