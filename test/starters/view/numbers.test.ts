import { describe, expect, it } from 'vitest';
import type { MetricVerdict } from '../../../src/core/model/analysis.ts';
import type { LookSummary } from '../../../src/core/model/operation.ts';
import { verdictInShort } from '../../../src/core/status/verdict-in-short.ts';
import { numberLines } from '../../../src/starters/view/numbers.ts';
import { PLAIN } from '../../../src/starters/view/style.ts';

const NOW_MS = 1_000_000;

function metric(name: string, shown: string | undefined, changes: Partial<MetricVerdict> = {}): MetricVerdict {
  const counts = { samples: 2, failures: 0, inconclusive: 0, errors: 0, noData: 0 };
  const rest = { value: 0, limit: 'fails > 1 %', requests: 10, reason: `${name}: at length` };
  return {
    name,
    phase: 'running',
    dryRun: false,
    counts,
    ...rest,
    ...(shown === undefined ? {} : { shown }),
    ...changes,
  };
}

const FAILED = metric('error-ratio', '8.10 %', {
  phase: 'failed',
  stable: '0.07 %',
  counts: { samples: 4, failures: 2, inconclusive: 0, errors: 0, noData: 0 },
});
const LOOK: LookSummary = {
  atMs: NOW_MS - 4_000,
  step: 0,
  weightPercent: 10,
  appliedPercent: 10,
  phase: 'failed',
  reason: 'error-ratio at length',
  metrics: [FAILED, metric('latency-p99', '0.08 s', { limit: 'fails > 2 s' }), metric('orders', undefined)],
  nC: 321,
  eC: 26,
  nS: 2890,
  eS: 2,
};

describe('the numbers of a look', () => {
  it('stand in columns, the worst marked', () => {
    expect(numberLines(LOOK, NOW_MS, 100, PLAIN)).toEqual([
      'seen     4 s ago at 10 %, the router shows 10 %: failed',
      '         canary  26 of   321 requests failed    8.10 %',
      '         stable   2 of 2,890 requests failed    0.07 %',
      '         ✗ error-ratio  8.10 %  fails > 1 %  2 of 4 samples failed  stable 0.07 %',
      '         · latency-p99  0.08 s  fails > 2 s  0 of 2 samples failed',
      '         · orders: at length',
    ]);
  });

  it('lose whole columns where the terminal is narrow', () => {
    const lines = numberLines(LOOK, NOW_MS, 50, PLAIN);
    expect(lines).toContain('         ✗ error-ratio  8.10 %  fails > 1 %');
    for (const line of lines.filter((each) => /[✗·]/.test(each))) expect(line.length).toBeLessThanOrEqual(50);
  });

  it('say so when nothing was counted, and leave an arm without requests out', () => {
    const none = { ...LOOK, nC: 0, eC: 0, nS: 0, eS: 0, metrics: [] };
    expect(numberLines(none, NOW_MS, 100, PLAIN)[1]).toBe('         no requests counted yet');
    const bake = { ...LOOK, nC: 0, eC: 0, metrics: [] };
    expect(numberLines(bake, NOW_MS, 100, PLAIN).join('\n')).not.toContain('canary');
  });

  it('say what is held', () => {
    const lines = numberLines({ ...LOOK, holding: 'orders: no data' }, NOW_MS, 100, PLAIN);
    expect(lines.at(-1)).toBe('         holding: orders: no data');
  });
});

describe('a verdict in short', () => {
  const good = [metric('error-ratio', '0.00 %'), metric('latency-p99', '0.08 s')];

  it.each([
    {
      when: 'all is well',
      verdict: { phase: 'passed', metrics: good },
      says: 'error-ratio 0.00 %, latency-p99 0.08 s',
    },
    { when: 'it failed', verdict: { phase: 'failed', metrics: [FAILED] }, says: 'the reason' },
    { when: 'a sample failed already', verdict: { phase: 'running', metrics: [FAILED, ...good] }, says: 'the reason' },
    {
      when: 'a value is missing',
      verdict: { phase: 'passed', metrics: [metric('orders', undefined)] },
      says: 'the reason',
    },
  ] as const)('says $says when $when', ({ verdict, says }) => {
    expect(verdictInShort({ reason: 'the reason', ...verdict })).toBe(says);
  });
});
