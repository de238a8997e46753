/** Defaults and rules of what routes the traffic. */
import type { DurationText, StepEntry } from '../model/catalogue.ts';
import type { TrafficEntry } from '../model/traffic-entry.ts';
import { DEFAULT_STEPS } from './sampling.ts';
import type { BrokenRule } from './rules.ts';

/** Time that istiod and the proxies are given where nothing tells that they are done. */
export const DEFAULT_SETTLE: DurationText = '10s';
/** Percentage points. 10 % with 4 stable pods is 1 of 5, 20 %: just within. */
export const DEFAULT_TOLERANCE_PERCENT = 10;
/** As many canary pods as stable pods: no more are started while stable is whole. */
export const MOST_BY_PODS = 50;

/** 10, 25, 50, 75 and 100 %; what pods cannot reach is left out. */
export function defaultSteps(kind: TrafficEntry['kind'] | undefined): readonly StepEntry[] {
  if (kind !== 'podRatio') return DEFAULT_STEPS;
  return DEFAULT_STEPS.filter(({ weight }) => weight <= MOST_BY_PODS || weight === 100);
}

/** Weights that no number of pods comes near; an undefined weight is malformed and told elsewhere. */
export function brokenReachRules(
  traffic: TrafficEntry | undefined,
  weights: readonly (number | undefined)[],
): BrokenRule[] {
  if (traffic?.kind !== 'podRatio') return [];
  const tolerance = traffic.tolerance ?? DEFAULT_TOLERANCE_PERCENT;
  const most = MOST_BY_PODS + tolerance;
  return weights.flatMap((weight, index) => {
    if (weight === undefined || weight <= most || weight === 100) return [];
    const expected = `at most ${most}, or 100: with podRatio there are never more canary pods than stable ones (50 %, tolerance ${tolerance})`;
    return [{ path: [index, 'weight'], expected, found: `${weight}` }];
  });
}

/** A router in front of the Service sees one Service: it cannot tell the arms apart. Path relative to `analysis`. */
export function brokenRouterSourceRules(
  traffic: TrafficEntry | undefined,
  source: { readonly from: unknown; readonly by: unknown },
  metric: number,
): BrokenRule[] {
  if (traffic?.kind !== 'podRatio') return [];
  const expected = 'a source that tells the arms apart by pod: with podRatio both are behind one Service';
  const path = ['metrics', metric, 'source'];
  if (source.from === 'router') return [{ path: [...path, 'from'], expected, found: '"router"' }];
  if (source.from !== 'prometheus' || source.by !== 'backend') return [];
  return [{ path: [...path, 'arms', 'by'], expected, found: '"backend"' }];
}
