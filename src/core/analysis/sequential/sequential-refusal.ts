import type { SequentialOptions } from './constants.ts';

const isBetween = (value: number, low: number, high: number) => value > low && value < high;
const isWhole = (value: number, from: number) => Number.isInteger(value) && value >= from;

/**
 * Every reason why these options cannot judge, each with what was expected and found; empty when they can. A number
 * that is none would else never roll back.
 */
export function whyNotSequential(options: SequentialOptions): readonly string[] {
  const problems: string[] = [];
  const expect = (ok: boolean, problem: string) => {
    if (!ok) problems.push(problem);
  };
  const { tolerance, mustDetect } = options;
  const { ratio, objective } = mustDetect;
  for (const name of ['alpha', 'beta'] as const) {
    expect(isBetween(options[name], 0, 1), `${name} must lie between 0 and 1, is ${options[name]}`);
  }
  expect(Number.isFinite(tolerance) && tolerance >= 1, `tolerance must be a ratio from 1, is ${tolerance}`);
  expect(
    Number.isFinite(ratio) && ratio > Math.max(1, tolerance),
    `mustDetect.ratio must be above 1 and above the tolerance (${tolerance}), is ${ratio}`,
  );
  expect(
    objective === undefined || isBetween(objective, 0, 1),
    `mustDetect.objective must be a ratio between 0 and 1, is ${objective}`,
  );
  for (const name of ['minErrors', 'blockSlots', 'longBlockSlots'] as const) {
    expect(isWhole(options[name], 1), `${name} must be a whole number from 1, is ${options[name]}`);
  }
  expect(isWhole(options.minRequests, 0), `minRequests must be a whole number from 0, is ${options.minRequests}`);
  for (const name of ['capFloor', 'capScale'] as const) {
    expect(Number.isFinite(options[name]) && options[name] > 0, `${name} must be above 0, is ${options[name]}`);
  }
  for (const name of ['gateDeadlineMs', 'warmUpMs'] as const) {
    expect(
      Number.isFinite(options[name]) && options[name] >= 0,
      `${name} must be a duration from 0, is ${options[name]}`,
    );
  }
  return problems;
}
