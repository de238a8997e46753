import { expect } from 'vitest';
import { afterLook, nextAction, type Look } from '../../../src/core/analysis/step-watch.ts';
import { beginWatch, type WatchState } from '../../../src/core/analysis/watch-state.ts';
import type { MetricReading } from '../../../src/core/analysis/reading.ts';
import type { ObserveStepInput, Standing } from '../../../src/core/model/observe.ts';
import { counted, SECOND, STANDING } from './fixtures.ts';

/** What the world shows at a time since the start of the watch. */
export interface World {
  readonly metrics?: (sinceMs: number, metric: string) => MetricReading;
  readonly standing?: (sinceMs: number) => Standing;
}
export const START = 1_000_000;

/** Plays a watch against a world by its own schedule, without any waiting; gives every state. */
export function play(
  input: ObserveStepInput,
  world: World,
  untilMs: number,
  from: WatchState = beginWatch(input, START),
): WatchState[] {
  const states = [from];
  let state = from;
  for (let nowMs = state.lastLookAtMs ?? state.startedAtMs; nowMs <= START + untilMs; ) {
    const next = nextAction(input, state, nowMs);
    if (next.action === 'end' || next.action === 'refuse') break;
    if (next.action === 'sleep') {
      expect(next.untilMs).toBeGreaterThan(nowMs);
      nowMs = next.untilMs;
      continue;
    }
    state = afterLook(input, state, lookAt(input, world, nowMs));
    states.push(state);
  }
  return states;
}

export function lookAt(input: ObserveStepInput, world: World, atMs: number): Look {
  const read = world.metrics ?? flowing(100, 0);
  const metrics = Object.fromEntries(
    input.plan.analysis.metrics.map((metric) => [metric.name, read(atMs - START, metric.name)]),
  );
  return { atMs, metrics, standing: (world.standing ?? (() => STANDING))(atMs - START) };
}

/** Canary requests per second, and the share of them that fail; stable has nine times as many, none fails. */
export function flowing(
  rps: number,
  errorShare: number | ((sinceMs: number) => number),
): (sinceMs: number) => MetricReading {
  return (sinceMs) => {
    const seconds = sinceMs / SECOND;
    const share = typeof errorShare === 'number' ? errorShare : errorShare(sinceMs);
    return counted([9 * rps * seconds, 0], [rps * seconds, Math.round(rps * seconds * share)]);
  };
}
export const endOf = (states: readonly WatchState[]) => {
  const last = states.at(-1) as WatchState;
  return { ended: last.ended, after: (last.lastLookAtMs ?? 0) - START };
};
