import { describe, expect, it } from 'vitest';
import { ERROR_DEFAULTS, SLOW_REQUEST_DEFAULTS } from '../../../../src/core/analysis/sequential/constants.ts';
import { whyNotSequential } from '../../../../src/core/analysis/sequential/sequential-refusal.ts';

describe('options that cannot judge', () => {
  it.each([ERROR_DEFAULTS, SLOW_REQUEST_DEFAULTS])('the defaults can', (options) => {
    expect(whyNotSequential(options)).toEqual([]);
  });

  it.each([
    { alpha: 0 },
    { alpha: 1 },
    { alpha: Number.NaN },
    { beta: -0.1 },
    { tolerance: 0.9 },
    { tolerance: Number.NaN },
    { tolerance: 2 },
    { mustDetect: { ratio: 1 } },
    { mustDetect: { ratio: Number.POSITIVE_INFINITY } },
    { mustDetect: { ratio: 2, objective: 0 } },
    { mustDetect: { ratio: 2, objective: 1 } },
    { mustDetect: { ratio: 2, objective: Number.NaN } },
    { minErrors: 0 },
    { minErrors: 1.5 },
    { blockSlots: 0 },
    { longBlockSlots: Number.NaN },
    { minRequests: -1 },
    { capFloor: 0 },
    { capScale: Number.NaN },
    { gateDeadlineMs: -1 },
    { warmUpMs: Number.POSITIVE_INFINITY },
  ])('%o', (overrides) => {
    const problems = whyNotSequential({ ...ERROR_DEFAULTS, ...overrides });
    expect(problems.length).toBeGreaterThanOrEqual(1);
    expect(problems[0]).toMatch(/ is \S+$/);
  });
});
