import { describe, expect, it } from 'vitest';
import { assessPreflight } from '../../../src/core/preflight/assess-preflight.ts';
import { finding, plan } from './changed-facts.ts';
import { sound } from './facts-of-a-sound-service.ts';

describe('freeze', () => {
  const from = '2026-12-23T18:00:00+01:00';
  const to = '2027-01-02T06:00:00+01:00';
  const windows = [{ from, to, reason: 'year-end freeze' }];
  it.each([
    { at: Date.parse(from) - 1, result: 'pass', says: `the next begins ${from}: year-end freeze` },
    { at: Date.parse(from), result: 'fail', says: `freeze window until ${to}: year-end freeze` },
    { at: Date.parse(to) - 1, result: 'fail', says: 'year-end freeze' },
    { at: Date.parse(to), result: 'pass', says: 'no freeze window now' },
  ])('is $result at $at', ({ at, result, says }) => {
    const found = assessPreflight(sound, { ...plan, freezeWindows: windows }, at).find(
      (each) => each.name === 'freeze',
    );
    expect(found).toMatchObject({ result, reason: expect.stringContaining(says) });
  });

  it.each([
    { when: 'a time has no offset', from: '2026-12-23T18:00:00', to },
    { when: 'a day does not exist', from: '2026-02-30T00:00:00Z', to },
    { when: 'it ends before it begins', from: to, to: from },
    { when: 'it ends as it begins', from, to: from },
    { when: 'it is a word', from: 'tomorrow', to },
  ])('could not be checked when $when', (window) => {
    expect(finding('freeze', {}, { freezeWindows: [{ ...window, reason: 'r' }] })).toMatchObject({
      result: 'could-not-check',
    });
  });

  it('fails in a window although another cannot be read', () => {
    const covering = { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z', reason: 'audit' };
    const freezeWindows = [{ from: 'x', to: 'y', reason: 'broken' }, covering];
    expect(finding('freeze', {}, { freezeWindows })).toMatchObject({
      result: 'fail',
      reason: expect.stringContaining('audit'),
    });
  });
});
