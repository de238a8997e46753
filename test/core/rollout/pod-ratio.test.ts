import { describe, expect, it } from 'vitest';
import type { PodRatioPlan } from '../../../src/core/model/plan.ts';
import { assessShares, ratioReplicas, reachOf, readShares, withShares } from '../../../src/core/rollout/pod-ratio.ts';
import { splitBackends } from '../../../src/core/rollout/route.ts';
import type { Service } from '../../../src/core/rollout/workload.ts';

const TRAFFIC: PodRatioPlan = {
  kind: 'podRatio',
  route: 'web',
  stableService: 'web',
  port: 80,
  tolerancePercent: 10,
};
const SERVICE: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', annotations: { note: 'kept' } },
  spec: { selector: { app: 'web', 'mainstay.dev/track': 'main' }, ports: [{ port: 80 }] },
};
const STABLE = { service: 'web', port: 80, weight: 100 };

describe('ratioReplicas and reachOf', () => {
  it.each([
    { stable: 4, weight: 10, pods: 1, percent: 20 },
    { stable: 4, weight: 25, pods: 1, percent: 20 },
    { stable: 4, weight: 33, pods: 2, percent: 100 / 3 },
    { stable: 4, weight: 50, pods: 4, percent: 50 },
    { stable: 4, weight: 75, pods: 4, percent: 50 },
    { stable: 4, weight: 100, pods: 4, percent: 100 },
    { stable: 1, weight: 10, pods: 1, percent: 50 },
    { stable: 90, weight: 10, pods: 10, percent: 10 },
  ])('$weight % of $stable pods is $pods, $percent %', ({ stable, weight, pods, percent }) => {
    expect(ratioReplicas(stable, weight)).toBe(pods);
    expect(reachOf(stable, weight).percent).toBeCloseTo(percent, 9);
  });
});

describe('withShares', () => {
  it.each([
    { weight: 10, selector: { app: 'web' }, note: 'main=90 canary-7=10' },
    { weight: 100, selector: { app: 'web', 'mainstay.dev/track': 'canary-7' }, note: 'main=0 canary-7=100' },
  ])('reads back what it wrote at $weight %, and gives back the Service as it was', ({ weight, selector, note }) => {
    const wanted = splitBackends(STABLE, 'web-canary-7', weight);
    const split = withShares(SERVICE, wanted, 'main', TRAFFIC);
    expect(split.spec.selector).toEqual(selector);
    expect(split.metadata.annotations).toEqual({ note: 'kept', 'mainstay.dev/pod-ratio': note });
    expect(readShares(split, TRAFFIC)).toEqual(wanted);
    expect(withShares(split, [STABLE], 'main', TRAFFIC)).toEqual(SERVICE);
  });

  it('tells what someone else made of the selector by a name that nobody asked for', () => {
    const split = withShares(SERVICE, splitBackends(STABLE, 'web-canary-7', 10), 'main', TRAFFIC);
    const selecting = (selector: Record<string, string>, from = split) =>
      readShares({ ...from, spec: { ...from.spec, selector } }, TRAFFIC);
    // As a tool that applies the team's Service again would leave it.
    expect(selecting({ app: 'web', 'mainstay.dev/track': 'main' })).toEqual([STABLE]);
    expect(selecting({ app: 'web', 'mainstay.dev/track': 'blue' })[0]?.service).toBe('web (track blue)');
    expect(selecting({ app: 'web' }, SERVICE)[0]?.service).toBe('web (every track)');
    expect(selecting({ app: 'web', 'mainstay.dev/track': 'canary-6' })).toEqual(
      splitBackends(STABLE, 'web-canary-6', 100),
    );
  });
});

describe('assessShares', () => {
  const all = (count: number) => ({ endpoints: count, ready: count });
  it.each([
    { when: 'one of five is near enough to 10 %', stable: all(4), canary: all(1), weight: 10, confirmed: true },
    { when: 'two of six are not', stable: all(4), canary: all(2), weight: 10, confirmed: false },
    { when: 'an endpoint is of neither arm', stable: all(4), canary: all(1), weight: 10, others: 1, confirmed: false },
    {
      when: 'a ready stable pod is missing',
      stable: { endpoints: 3, ready: 4 },
      canary: all(1),
      weight: 10,
      confirmed: false,
    },
    {
      when: 'a ready canary pod is missing',
      stable: all(4),
      canary: { endpoints: 0, ready: 1 },
      weight: 10,
      confirmed: false,
    },
    { when: 'no canary is ready', stable: all(4), canary: all(0), weight: 10, confirmed: false },
    {
      when: 'only the canary serves',
      stable: { endpoints: 0, ready: 4 },
      canary: all(4),
      weight: 100,
      confirmed: true,
    },
    { when: 'a stable pod is left at 100 %', stable: all(1), canary: all(4), weight: 100, confirmed: false },
    { when: 'only stable serves', stable: all(4), canary: { endpoints: 0, ready: 4 }, weight: 0, confirmed: true },
    { when: 'a canary pod is left at 0 %', stable: all(4), canary: all(1), weight: 0, confirmed: false },
    { when: 'nothing serves and nothing could', stable: all(0), canary: all(0), weight: 0, confirmed: true },
  ])('is $confirmed when $when', ({ stable, canary, weight, others = 0, confirmed }) => {
    expect(assessShares({ stable, canary, others }, weight, 10).confirmed).toBe(confirmed);
  });
});
