/** One thing spoiled in the good catalogue, and what the contract must say about it. */
import { expect } from 'vitest';
import type { Problem } from '../../src/core/model/problem.ts';
import { load, spoiled } from './example-catalogue.ts';

export interface Refusal {
  readonly wrong: string;
  readonly from: string;
  readonly to: string;
  readonly path: string;
  readonly expected: RegExp;
  readonly found?: RegExp;
}

export const JUDGE = 'judge: { kind: threshold, fail: "> 1%" }';

export function judge(fields: string): string {
  return `judge: { kind: threshold, fail: "> 1%", ${fields} }`;
}

export function problemsOf(text: string): readonly Problem[] {
  const loaded = load(text);
  return loaded.outcome === 'loaded' ? [] : loaded.problems;
}

/** Told at its path, once (one slip is one problem), with its line. */
export function expectRefusal({ from, to, path, expected, found }: Refusal): void {
  const there = problemsOf(spoiled([from, to])).filter((problem) => problem.path === path);
  expect(there).toHaveLength(1);
  expect(there[0]?.expected).toMatch(expected);
  if (found) expect(there[0]?.found).toMatch(found);
  expect(there[0]?.line).toBeGreaterThan(0);
}
