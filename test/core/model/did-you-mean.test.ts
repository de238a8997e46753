import { describe, expect, it } from 'vitest';
import { didYouMean, oneOfText } from '../../../src/core/model/did-you-mean.ts';

describe('didYouMean', () => {
  it.each([
    { written: 'productoin', known: ['production', 'staging'], near: 'production' },
    { written: 'Production', known: ['production'], near: 'production' },
    { written: 'contaner', known: ['deployment', 'container'], near: 'container' },
    { written: 'qa', known: ['production', 'staging'], near: undefined },
    { written: 'crm-apu', known: ['crm-app', 'crm-api'], near: 'crm-app' },
    { written: 'x', known: [], near: undefined },
    { written: 'a'.repeat(5000), known: ['a'], near: undefined },
  ])('$written of $known is $near', ({ written, known, near }) => {
    expect(didYouMean(written, known)).toBe(near);
  });

  it('lists what is known', () => {
    expect(oneOfText('stagng', ['production', 'staging'])).toBe('one of production, staging (did you mean staging?)');
    expect(oneOfText('x', [])).toBe('none is known');
  });
});
