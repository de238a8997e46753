import { describe, expect, it } from 'vitest';
import { ERROR_DEFAULTS, SLOW_REQUEST_DEFAULTS } from '../../../../src/core/analysis/sequential/constants.ts';
import type { Dispersion } from '../../../../src/core/analysis/sequential/dispersion.ts';
import { detectionChances } from '../../../../src/core/analysis/sequential/preflight-chance.ts';
import { assessSequentialPreflight, expectedGateSlot } from '../../../../src/core/analysis/sequential/preflight.ts';

const LADDER = [0.1, 0.25, 0.5, 0.75].map((w) => ({ w, slots: 60 }));
const DEFAULTS = { alpha: 0.01, minErrors: 5, tolerance: 1, block: 6, slotMs: 10_000, ladder: LADDER };

interface Case {
  readonly rps: number;
  readonly r?: number;
  readonly k: number;
  readonly v: number;
  readonly cap: number;
}

function chances({ rps, r = 0.002, k, v, cap }: Case): readonly number[] {
  return detectionChances({ ...DEFAULTS, rps, r, canaryRatio: k * r, v, cap });
}

/** First slot with an even chance, in minutes. */
function median(found: readonly number[]): number {
  const at = found.findIndex((chance) => chance >= 0.5);
  return at < 0 ? Number.POSITIVE_INFINITY : (at + 1) / 6;
}

describe('the chance that a fault is seen', () => {
  it.each([
    { id: 'F1', rps: 100, k: 2, v: 0.01, cap: 50, at60: '0.289491', end: '0.999951', minute: 12.5 },
    { id: 'F2', rps: 100, k: 4, v: 0.25, cap: 2.7, at60: '0.917642', end: '1.000000', minute: 5 },
    { id: 'F3', rps: 2, k: 4, v: 0.01, cap: 50, at60: '0.003083', end: '0.218632', minute: Number.POSITIVE_INFINITY },
    { id: 'F4', rps: 10, k: 5, v: 1, cap: 2.7, at60: '0.266948', end: '0.977575', minute: 14.5 },
  ])('$id: $at60 after slot 60, $end at the end, median minute $minute', ({ at60, end, minute, ...row }) => {
    const found = chances(row);
    expect(found).toHaveLength(240);
    expect(found[59]?.toFixed(6)).toBe(at60);
    expect(found.at(-1)?.toFixed(6)).toBe(end);
    expect(median(found)).toBeCloseTo(minute, 9);
  });

  const quiet = { v: 0.01, cap: 50 };
  const half = { v: 0.25, cap: 2.7 };
  const whole = { v: 1, cap: 2.7 };
  it.each([
    { rps: 2, k: 4, cv: 0, ...quiet, percent: 22, minute: undefined },
    { rps: 2, k: 10, cv: 0, ...quiet, percent: 98, minute: 16.7 },
    { rps: 10, k: 2, cv: 0, ...quiet, percent: 17, minute: undefined },
    { rps: 10, k: 4, cv: 0.5, ...half, percent: 97, minute: 17.5 },
    { rps: 100, k: 2, cv: 0, ...quiet, percent: 100, minute: 12.5 },
    { rps: 100, k: 2, cv: 0.5, ...half, percent: 94, minute: 18.2 },
    { rps: 100, k: 2, cv: 1, ...whole, percent: 49, minute: undefined },
    { rps: 100, k: 4, cv: 1, ...whole, percent: 100, minute: 8.2 },
    { rps: 2000, k: 2, cv: 0.5, ...half, percent: 100, minute: 8.5 },
    { rps: 2000, k: 2, cv: 1, ...whole, percent: 63, minute: 31.2 },
  ])('at $rps rps, $k times, cv $cv: $percent %, median minute $minute', ({ percent, minute, ...row }) => {
    const found = chances(row);
    expect(Math.round((found.at(-1) ?? 0) * 100)).toBe(percent);
    if (minute === undefined) expect(median(found)).toBe(Number.POSITIVE_INFINITY);
    else expect(Math.abs(median(found) - minute)).toBeLessThanOrEqual(0.05 + 1e-9);
  });

  it('never falls, and is a chance', () => {
    for (const rps of [0, 0.1, 5, 500, 1e5]) {
      const found = chances({ rps, k: 3, v: 0.2, cap: 2.7 });
      for (const [at, chance] of found.entries()) {
        expect(chance).toBeGreaterThanOrEqual(found[at - 1] ?? 0);
        expect(chance).toBeLessThanOrEqual(1);
      }
    }
  });

  it('is none without requests and without errors', () => {
    expect(chances({ rps: 0, k: 10, v: 0.01, cap: 50 }).at(-1)).toBe(0);
    expect(chances({ rps: 100, r: 0, k: 10, v: 0.01, cap: 50 }).at(-1)).toBe(0);
  });

  it('falls where a part of the fault is tolerated', () => {
    const input = { ...DEFAULTS, rps: 100, r: 0.002, canaryRatio: 0.004, v: 0.01, cap: 50 };
    const tolerant = detectionChances({ ...input, tolerance: 1.5 }).at(-1) ?? 1;
    expect(tolerant).toBeLessThan(0.9);
    expect(tolerant).toBeGreaterThan(0);
  });
});

describe('the preflight', () => {
  const dispersion: Dispersion = { kind: 'usable', v: 0.01, r: 0.002, block: 6, cap: 50, bins: 240 };
  const ask = (rps: number, overrides: Partial<Dispersion> = {}, options = ERROR_DEFAULTS) =>
    assessSequentialPreflight({ dispersion: { ...dispersion, ...overrides }, options, rps, ladder: LADDER });

  it('says that 100 rps are enough, and how long it takes', () => {
    const found = ask(100);
    expect(found.lowTraffic).toBe(false);
    // The objective is the floor: 1 % is five times the record's 0.2 %.
    expect(found.decision.ratio).toBeCloseTo(5, 12);
    expect(found.told.map(({ ratio, medianSlot }) => [ratio, medianSlot])).toMatchObject([
      [2, 75],
      [4, expect.any(Number)],
      [10, expect.any(Number)],
    ]);
    expect(found.gateSlot).toBeLessThan(20);
    expect(found.requestsNeeded).toBe(found.requests);
    expect(found.text).toContain('2 times: half of the time within 12.5 min');
    expect(found.text).not.toContain('low traffic');
  });

  it('says that 2 rps are not, and what would be', () => {
    const found = ask(2);
    expect(found.lowTraffic).toBe(true);
    expect(found.decision.chance).toBeLessThan(0.9);
    expect(found.requests).toBe(1920);
    expect(found.requestsNeeded).toBeGreaterThan(1920);
    expect(found.text).toMatch(/low traffic: about [\d,]+ canary requests are needed, this ladder brings 1,920$/);
    expect(found.text).toContain('2 times: not in this ladder');
  });

  it('is of low traffic when the gate stays shut, though the fault would be seen', () => {
    const strict = { ...ERROR_DEFAULTS, mustDetect: { ratio: 4 }, beta: 1e-9 };
    const found = ask(100, { v: 1, cap: 2.7 }, strict);
    expect(found.decision.chance).toBeGreaterThan(0.9);
    expect(found.gateSlot).toBeNull();
    expect(found.lowTraffic).toBe(true);
    expect(found.requestsNeeded).toBeGreaterThan(found.requests);
    expect(found.text).toContain('the gate before 100 % is not expected to open in this ladder');
    expect(ask(100, { v: 1, cap: 2.7 }, { ...strict, beta: 0.1 }).lowTraffic).toBe(false);
  });

  it('a record without errors is judged by the objective alone', () => {
    const found = ask(100, { r: 0 });
    expect(found.decision.ratio).toBe(Number.POSITIVE_INFINITY);
    expect(found.decision.chance).toBeGreaterThan(0.99);
    expect(found.told.every(({ chance, medianSlot }) => chance === 0 && medianSlot === null)).toBe(true);
    expect(found.lowTraffic).toBe(false);
    expect(found.gateSlot).not.toBeNull();
    expect(found.text).not.toContain('2 times');
  });

  it('decides nothing without requests, or by numbers that are none', () => {
    for (const rps of [0, Number.NaN]) {
      expect(ask(rps)).toMatchObject({ lowTraffic: true, requestsNeeded: null });
    }
    expect(ask(100, { r: Number.NaN }).lowTraffic).toBe(true);
    expect(ask(100, { v: Number.NaN }).lowTraffic).toBe(true);
    expect(ask(100, {}, { ...SLOW_REQUEST_DEFAULTS }).decision.ratio).toBeCloseTo(3, 12);
  });

  it('expects the gate no earlier than an equal canary without any error would pass it', () => {
    const input = { dispersion: { ...dispersion, r: 0 }, options: ERROR_DEFAULTS, rps: 20, ladder: LADDER };
    expect(expectedGateSlot(input)).toBe(19);
    expect(expectedGateSlot({ ...input, dispersion })).toBeGreaterThan(19);
  });

  it('takes well under 50 ms for the chances of a ladder', () => {
    const began = process.cpuUsage();
    for (let at = 0; at < 20; at += 1) chances({ rps: 100, k: 2, v: 0.25, cap: 2.7 });
    // Time of this process alone: other work on the machine does not count.
    expect(process.cpuUsage(began).user / 20_000).toBeLessThan(50);
  });
});
