import { describe, expect, it } from 'vitest';
import { unknownNames } from '../../src/starters/catalogue-hints.ts';

const KNOWN = ['crm-api', 'billing', 'search'];

describe('names that the catalogue here does not know', () => {
  const local = { path: 'mainstay.yaml', digest: 'c', services: KNOWN, environments: ['production'] };

  it('are told with what may be meant', () => {
    expect(unknownNames(local, 'crm-ap', 'production')).toEqual([
      'note: mainstay.yaml knows no service crm-ap; did you mean crm-api?',
    ]);
    expect(unknownNames(local, 'payments', 'staging')).toEqual([
      'note: mainstay.yaml knows no service payments; it knows: crm-api, billing, search',
      'note: mainstay.yaml knows no environment staging; it knows: production',
    ]);
  });

  it('are none when all are known', () => {
    expect(unknownNames(local, 'search', 'production')).toEqual([]);
  });
});
