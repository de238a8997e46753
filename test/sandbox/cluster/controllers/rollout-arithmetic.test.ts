import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  nextNewSize,
  nextOldSizes,
  proportionalSizes,
  rolloutBounds,
} from '../../../../src/sandbox/cluster/controllers/rollout-arithmetic.ts';

describe('rolloutBounds', () => {
  it.each([
    { surge: '25%', unavailable: '25%', desired: 10, maxSurge: 3, maxUnavailable: 2 },
    { surge: undefined, unavailable: undefined, desired: 4, maxSurge: 1, maxUnavailable: 1 },
    { surge: 0, unavailable: '10%', desired: 5, maxSurge: 0, maxUnavailable: 1 },
    { surge: 0, unavailable: 0, desired: 5, maxSurge: 0, maxUnavailable: 1 },
    { surge: '100%', unavailable: 0, desired: 3, maxSurge: 3, maxUnavailable: 0 },
    { surge: '10%', unavailable: 7, desired: 30, maxSurge: 3, maxUnavailable: 7 },
    { surge: 2, unavailable: 9, desired: 3, maxSurge: 2, maxUnavailable: 3 },
    { surge: 0, unavailable: 0, desired: 0, maxSurge: 0, maxUnavailable: 0 },
  ])('$surge / $unavailable of $desired is $maxSurge / $maxUnavailable', (row) => {
    const { maxSurge, maxUnavailable } = row;
    expect(rolloutBounds(row.surge, row.unavailable, row.desired)).toEqual({ maxSurge, maxUnavailable });
  });

  it.each(['abc', '1.5', '-1%', -1, 1.5])('refuses %j', (bound) => {
    expect(() => rolloutBounds(bound, 0, 3)).toThrow(/maxSurge: expected a whole number or a percentage/);
  });
});

const bound = fc.oneof(
  fc.nat(6),
  fc.nat(100).map((percent) => `${percent}%`),
);

describe('a rolling update', () => {
  it('ends, never asks for more than the surge and never gives up an available Pod below the promise', () => {
    const start = fc.record({
      desired: fc.integer({ min: 1, max: 12 }),
      surge: bound,
      unavailable: bound,
      seed: fc.infiniteStream(fc.nat(3)),
    });
    fc.assert(
      fc.property(start, ({ desired, surge, unavailable, seed }) => {
        const { maxSurge, maxUnavailable } = rolloutBounds(surge, unavailable, desired);
        // Some old Pods may be broken from the start; they are not held against the promise.
        let old = { name: 'old', replicas: desired, available: desired };
        let older = { name: 'older', replicas: 0, available: 0 };
        let fresh = { name: 'new', replicas: 0, available: 0 };
        const chance = (): number => seed.next().value as number;
        for (let step = 0; step < 500; step += 1) {
          const size = nextNewSize(fresh.replicas, [older.replicas, old.replicas], desired, maxSurge);
          expect(size).toBeGreaterThanOrEqual(fresh.replicas);
          fresh = { ...fresh, replicas: size };
          expect(fresh.replicas + old.replicas + older.replicas).toBeLessThanOrEqual(desired + maxSurge);
          const sizes = nextOldSizes(fresh, [older, old], desired, maxUnavailable);
          const before = fresh.available + old.available + older.available;
          // The controller takes useless Pods first, so available ones go only when the new size is below them.
          older = shrink(older, sizes.get('older'));
          old = shrink(old, sizes.get('old'));
          const after = fresh.available + old.available + older.available;
          if (after < before) expect(after).toBeGreaterThanOrEqual(desired - maxUnavailable);
          if (fresh.available === desired && old.replicas + older.replicas === 0) return;
          // The world moves: some new Pods become available.
          if (chance() > 0) fresh = { ...fresh, available: Math.min(fresh.replicas, fresh.available + chance()) };
        }
        throw new Error(`no end: ${JSON.stringify({ old, older, fresh, maxSurge, maxUnavailable })}`);
      }),
      { numRuns: 500 },
    );
  });

  it('removes old Pods that serve nobody before any that does', () => {
    const sizes = nextOldSizes(
      { name: 'new', replicas: 2, available: 0 },
      [
        { name: 'sick', replicas: 3, available: 0 },
        { name: 'sound', replicas: 5, available: 5 },
      ],
      5,
      1,
    );
    expect([...sizes]).toEqual([
      ['sick', 0],
      ['sound', 4],
    ]);
  });

  it.each([
    { when: 'nothing is ready yet and surge made room', fresh: [1, 0], old: [5, 5], unavailable: 1, left: 4 },
    { when: 'the new Pods are not available', fresh: [2, 1], old: [4, 4], unavailable: 0, left: undefined },
    { when: 'everything new is available', fresh: [5, 5], old: [1, 1], unavailable: 0, left: 0 },
    { when: 'the report lags behind the last scaling', fresh: [1, 1], old: [4, 5], unavailable: 0, left: undefined },
  ])('leaves $left old Pods when $when', ({ fresh, old, unavailable, left }) => {
    const [replicas = 0, available = 0] = fresh;
    const [oldReplicas = 0, oldAvailable = 0] = old;
    const sizes = nextOldSizes(
      { name: 'new', replicas, available },
      [{ name: 'old', replicas: oldReplicas, available: oldAvailable }],
      5,
      unavailable,
    );
    expect(sizes.get('old')).toBe(left);
  });
});

function shrink<T extends { replicas: number; available: number }>(set: T, size: number | undefined): T {
  if (size === undefined) return set;
  expect(size).toBeLessThan(set.replicas);
  expect(size).toBeGreaterThanOrEqual(0);
  return { ...set, replicas: size, available: Math.min(set.available, size) };
}

describe('proportionalSizes', () => {
  const set = (name: string, replicas: number, knownMaximum: number) => ({ name, replicas, knownMaximum });

  it.each([
    { when: 'doubled', sets: [set('new', 6, 10), set('old', 4, 10)], desired: 20, surge: 0, sizes: [12, 8] },
    { when: 'halved', sets: [set('new', 6, 10), set('old', 4, 10)], desired: 5, surge: 0, sizes: [3, 2] },
    { when: 'scaled to zero', sets: [set('new', 6, 10), set('old', 4, 10)], desired: 0, surge: 3, sizes: [0, 0] },
    { when: 'unchanged', sets: [set('new', 6, 10), set('old', 4, 10)], desired: 10, surge: 0, sizes: [6, 4] },
  ])('gives $sizes when $when', ({ sets, desired, surge, sizes }) => {
    expect([...proportionalSizes(sets, desired, surge).values()]).toEqual(sizes);
  });

  it('sums to desired plus surge and keeps nothing below zero', () => {
    const sets = fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 40 })), {
      minLength: 2,
      maxLength: 4,
    });
    fc.assert(
      fc.property(sets, fc.nat(30), fc.nat(5), (shapes, desired, surge) => {
        const ordered = shapes
          .map(([replicas, knownMaximum], index) => set(`set-${index}`, replicas, knownMaximum))
          .sort((one, other) => other.replicas - one.replicas);
        const sizes = [...proportionalSizes(ordered, desired, surge).values()];
        expect(Math.min(...sizes)).toBeGreaterThanOrEqual(0);
        const sum = sizes.reduce((total, size) => total + size, 0);
        if (desired === 0) expect(sum).toBe(0);
        else expect(sum).toBeGreaterThanOrEqual(desired + surge);
        const growing = desired + surge >= ordered.reduce((total, { replicas }) => total + replicas, 0);
        if (growing && desired > 0) expect(sum).toBe(desired + surge);
      }),
    );
  });
});
