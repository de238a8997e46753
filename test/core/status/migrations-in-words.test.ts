import { expect, it } from 'vitest';
import { migrationsInWords } from '../../../src/core/status/migrations-in-words.ts';

const file = (name: string) => ({ name, checksum: 'a'.repeat(64) });
const NONE = { applied: [], pending: [], contract: [], missing: [] };

it.each([
  { when: 'there was nothing to do', outcome: 'promoted', report: NONE, says: [] },
  {
    when: 'all went well',
    outcome: 'promoted',
    report: { ...NONE, applied: [file('1')], contract: ['9'] },
    says: ['applied: 1', 'contract files that wait: 9'],
  },
  {
    when: 'one failed',
    outcome: 'rejected',
    report: { ...NONE, applied: [file('1')], pending: [file('2'), file('3')], failed: { name: '2', reason: 'x' } },
    says: [
      'applied: 1, and not taken back: the version before runs with it too',
      'failed, and rolled back: 2',
      'not applied: 3',
    ],
  },
  {
    when: 'it was a dry run',
    outcome: 'planned',
    report: { ...NONE, pending: [file('2')], missing: ['1'] },
    says: ['would be applied: 2', 'applied earlier, but not among the files: 1'],
  },
] as const)('says so when $when', ({ outcome, report, says }) => {
  expect(migrationsInWords(report, outcome)).toEqual(says);
});
