import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArmReading } from '../../../src/core/analysis/reading.ts';
import {
  cleanSlots,
  countsOf,
  incrementsOf,
  keepSlots,
  MAX_SERIES,
  NO_COUNTERS,
  type ArmCounters,
} from '../../../src/core/analysis/slots.ts';
import type { Arm, Slot } from '../../../src/core/model/analysis.ts';
import { arm, histogram, instance, selector, silent } from './fixtures.ts';

const RELEASE = 1_000_000;

/** Increments of a row of looks at one arm. */
function looks(which: Arm, readings: readonly ArmReading[], selectors = 1): (number | null)[][] {
  let counters: ArmCounters = NO_COUNTERS;
  return readings.map((reading) => {
    const found = incrementsOf(counters, reading, selectors, { arm: which, releaseStartedAtMs: RELEASE });
    counters = found.counters;
    return found.bySelector.map((sum) => (sum ? Object.values(sum).reduce((total, one) => total + one, 0) : null));
  });
}
const pod = (values: Record<string, number>, name = 'p') => arm(instance(name, selector(values)));
const firstOf = (rows: (number | null)[][]) => rows.map(([first]) => first);

describe('increments', () => {
  it.each([
    { when: 'a counter rises', reads: [{ a: 10 }, { a: 15 }], stable: [0, 5], canary: [10, 5] },
    { when: 'a counter stands', reads: [{ a: 10 }, { a: 10 }], stable: [0, 0], canary: [10, 0] },
    { when: 'the process restarted', reads: [{ a: 10 }, { a: 4 }], stable: [0, 4], canary: [10, 4] },
    {
      when: 'one of two series restarted',
      reads: [
        { a: 10, b: 7 },
        { a: 15, b: 2 },
      ],
      stable: [0, 7],
      canary: [17, 7],
    },
    { when: 'a series appears in a known pod', reads: [{ a: 10 }, { a: 10, b: 3 }], stable: [0, 3], canary: [10, 3] },
    {
      when: 'a series vanishes and comes back',
      reads: [{ a: 10, b: 5 }, { a: 12 }, { a: 12, b: 6 }],
      stable: [0, 2, 1],
      canary: [15, 2, 1],
    },
    { when: 'there is nothing yet, and then something', reads: [{}, { a: 3 }], stable: [0, 3], canary: [0, 3] },
  ])('when $when', ({ reads, stable, canary }) => {
    const readings = reads.map((values) => pod(values as Record<string, number>));
    expect(firstOf(looks('stable', readings))).toEqual(stable);
    expect(firstOf(looks('canary', readings))).toEqual(canary);
  });

  it('a stable pod that the release started counts from zero, an older one does not', () => {
    const born = (createdAtMs: number) => ({ ...instance('new', selector({ a: 8 })), createdAtMs });
    const old = instance('old', selector({ a: 100 }));
    expect(firstOf(looks('stable', [arm(old), arm(old, born(RELEASE + 1))]))).toEqual([0, 8]);
    expect(firstOf(looks('stable', [arm(old), arm(old, born(RELEASE - 1))]))).toEqual([0, 0]);
  });
  it('a pod that is gone adds nothing', () => {
    const two = arm(instance('p', selector({ a: 10 })), instance('q', selector({ a: 20 })));
    expect(firstOf(looks('stable', [two, pod({ a: 13 })]))).toEqual([0, 3]);
  });
  it('what a silent pod served is counted when it answers again', () => {
    const two = (p: number, q: number) => arm(instance('p', selector({ a: p })), instance('q', selector({ a: q })));
    const onlyP: ArmReading = { ...pod({ a: 11 }), listed: ['p', 'q'], failed: [{ instance: 'q', problem: 'slow' }] };
    expect(firstOf(looks('stable', [two(10, 20), onlyP, two(12, 29)]))).toEqual([0, 1, 10]);
  });
  it('a look without any answer is missing, and the next one brings its requests', () => {
    expect(firstOf(looks('canary', [pod({ a: 10 }), silent('refused', 'p'), pod({ a: 30 })]))).toEqual([10, null, 20]);
  });
  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])(
    '%s is missing, and the next good look brings its requests',
    (bad) => {
      expect(firstOf(looks('canary', [pod({ a: 10 }), pod({ a: bad }), pod({ a: 30 })]))).toEqual([10, null, 20]);
      expect(firstOf(looks('stable', [pod({ a: bad }), pod({ a: 30 }), pod({ a: 31 })]))).toEqual([null, 0, 1]);
    },
  );
  it('a metric that no pod knows is missing; one selector does not hide the other', () => {
    const reading = arm(instance('p', selector({ a: 10 }), selector({}, false)));
    expect(looks('canary', [reading], 2)).toEqual([[10, null]]);
  });
  it('the buckets of a histogram restart together', () => {
    const read = (low: number, all: number) => arm(instance('p', histogram({ '0.1': low, '+Inf': all })));
    let counters = NO_COUNTERS;
    const seen = [read(5, 100), read(6, 7)].map((reading) => {
      const found = incrementsOf(counters, reading, 1, { arm: 'canary', releaseStartedAtMs: 0 });
      counters = found.counters;
      return found.bySelector[0];
    });
    expect(seen).toEqual([
      { '0.1': 5, '+Inf': 100 },
      { '0.1': 6, '+Inf': 7 },
    ]);
  });
  it('stays small with very many series, and counts on without a jump', () => {
    const many = (count: number, each: number) =>
      pod(Object.fromEntries(Array.from({ length: count }, (_, at) => [`s${at}`, each])));
    const readings = [many(MAX_SERIES, 10), many(MAX_SERIES + 1, 10), many(MAX_SERIES + 1, 11)];
    expect(firstOf(looks('stable', readings))).toEqual([0, 10, MAX_SERIES + 1]);
    const folded = readings.reduce<ArmCounters>(
      (counters, reading) => incrementsOf(counters, reading, 1, { arm: 'stable', releaseStartedAtMs: 0 }).counters,
      NO_COUNTERS,
    );
    expect(JSON.stringify(folded).length).toBeLessThan(200);
  });
  it('adds up to the last value for a counter that never restarts, however it is cut into looks', () => {
    const rising = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(rising, (steps) => {
        let total = 0;
        const readings = steps.map((step) => pod({ a: (total += step) }));
        const sum = firstOf(looks('canary', readings)).reduce<number>((left, one) => left + (one ?? 0), 0);
        return sum === total;
      }),
    );
  });
  it('are never negative, whatever the values', () => {
    const values = fc.array(fc.record({ a: fc.nat(), b: fc.nat() }), { maxLength: 10 });
    fc.assert(
      fc.property(values, (reads) =>
        firstOf(
          looks(
            'canary',
            reads.map((one) => pod(one)),
          ),
        ).every((one) => (one ?? 0) >= 0),
      ),
    );
  });
  it('requests and errors are the first and the second selector', () => {
    const reading = arm(instance('p', selector({ a: 10 }), selector({ b: 2 })));
    const found = incrementsOf(NO_COUNTERS, reading, 2, { arm: 'canary', releaseStartedAtMs: 0 });
    expect(countsOf(found)).toEqual({ n: 10, e: 2 });
  });
});

const slot = (nC: number | null, eC: number | null, nS: number | null = 90, eS: number | null = 0, step = 0): Slot => ({
  step,
  atMs: 0,
  nC,
  eC,
  nS,
  eS,
});

describe('clean slots', () => {
  it('keep what is whole', () => {
    expect(cleanSlots([slot(10, 1), slot(0, 0)])).toEqual({
      slots: [
        { step: 0, nC: 10, eC: 1, nS: 90, eS: 0 },
        { step: 0, nC: 0, eC: 0, nS: 90, eS: 0 },
      ],
      missing: 0,
    });
  });
  it.each([[null], [Number.NaN], [-1], [Number.POSITIVE_INFINITY]])('drop %s in any place, and count it', (bad) => {
    const slots = [slot(bad, 0), slot(1, bad), slot(1, 0, bad), slot(1, 0, 1, bad), slot(5, 0)];
    expect(cleanSlots(slots)).toMatchObject({ slots: [{ nC: 5 }], missing: 4 });
  });
  it('add a slot with more errors than requests to the next one', () => {
    expect(cleanSlots([slot(1, 2), slot(3, 0)]).slots).toEqual([{ step: 0, nC: 4, eC: 2, nS: 180, eS: 0 }]);
  });
  it('hold after six slots that do not agree, and after six that are missing', () => {
    expect(cleanSlots(Array(5).fill(slot(1, 2))).hold).toBeUndefined();
    expect(cleanSlots(Array(6).fill(slot(1, 2))).hold).toBe('inconsistent-counts');
    expect(cleanSlots(Array(5).fill(slot(null, 2))).hold).toBeUndefined();
    expect(cleanSlots(Array(6).fill(slot(null, 2))).hold).toBe('no-data');
    expect(cleanSlots([...Array(6).fill(slot(null, 2)), slot(1, 0)]).hold).toBeUndefined();
  });
});

describe('kept slots', () => {
  it('are all kept for an hour of looks', () => {
    const hour = Array.from({ length: 360 }, () => slot(1, 0));
    expect(keepSlots(hour)).toBe(hour);
  });
  it('stay few over a day, and lose no request', () => {
    let kept: readonly Slot[] = [];
    for (let look = 0; look < 8_640; look += 1) kept = keepSlots([...kept, slot(look % 10 === 0 ? null : 2, 1)]);
    expect(kept.length).toBeLessThanOrEqual(360);
    expect(kept.reduce((sum, one) => sum + (one.nC ?? 0), 0)).toBe(2 * 8_640 * 0.9);
  });
});
