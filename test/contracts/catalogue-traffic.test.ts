import { describe, expect, it } from 'vitest';
import { resolvePlan } from '../../src/core/rollout/resolve-plan.ts';
import { load, spoiled } from './example-catalogue.ts';
import { expectRefusal, problemsOf, type Refusal } from './refusal.ts';

const ROUTE =
  /traffic:\n {6}kind: httpRoute\n {6}route: web\n {6}stableService: web\n {6}port: 80\n {6}weightMetric: .*\n/;

/** The good catalogue with another traffic, and its metric from the pods. */
function withTraffic(traffic: string, ...more: (readonly [string, string])[]): string {
  const text = spoiled(['source: { from: router }', 'source: { from: pods, port: 8080, path: /metrics }'], ...more);
  const changed = text.replace(ROUTE, `traffic: ${traffic}\n`);
  expect(changed).not.toBe(text);
  return changed;
}

const ISTIO = '{ kind: istioVirtualService, virtualService: web, stableService: web, port: 80 }';
const PODS = '{ kind: podRatio, stableService: web, port: 80 }';

function planOf(text: string) {
  const loaded = load(text);
  if (loaded.outcome !== 'loaded') throw new Error(JSON.stringify(loaded.problems));
  const version = { catalogue: loaded.catalogue, digest: 'd', path: 'p' };
  const resolved = resolvePlan(version, { service: 'web', environment: 'production', version: 'v1' });
  return 'plan' in resolved ? resolved.plan : undefined;
}

describe('traffic by VirtualService', () => {
  it('needs its name, Service and port, and settles in 10 s', () => {
    expect(problemsOf(withTraffic(ISTIO))).toEqual([]);
  });

  it('takes the http route, the rule with its subset, and the time to settle', () => {
    const more = 'httpRoute: main, destinationRule: { name: web, stableSubset: stable }, settle: 3s }';
    expect(problemsOf(withTraffic(ISTIO.replace(' }', `, ${more}`)))).toEqual([]);
  });
});

describe('traffic by numbers of pods', () => {
  it('leaves out of the default ladder what no number of pods reaches', () => {
    const text = withTraffic(PODS).replace(/ {6}steps:\n( {8}- .*\n)+/, '');
    expect(problemsOf(text)).toEqual([]);
    expect(planOf(text)?.steps.map(({ weightPercent }) => weightPercent)).toEqual([10, 25, 50, 100]);
  });

  it.each<{
    wrong: string;
    traffic: string;
    more: readonly (readonly [string, string])[];
    path: string;
    expected: RegExp;
  }>([
    {
      wrong: 'a weight that no number of pods reaches',
      traffic: PODS,
      more: [['weight: 20', 'weight: 75']],
      path: 'services.web.strategy.steps[0].weight',
      expected: /at most 60, or 100/,
    },
    {
      wrong: 'a tolerance above 50',
      traffic: PODS.replace(' }', ', tolerance: 60 }'),
      more: [],
      path: 'services.web.traffic.tolerance',
      expected: /1 to 50/,
    },
    {
      wrong: 'a weight metric',
      traffic: PODS.replace(' }', ', weightMetric: {} }'),
      more: [],
      path: 'services.web.traffic.weightMetric',
      expected: /kind, stableService, port/,
    },
  ])('refuses $wrong', ({ traffic, more, path, expected }) => {
    const found = problemsOf(withTraffic(traffic, ...more)).filter((problem) => problem.path === path);
    expect(found).toHaveLength(1);
    expect(found[0]?.expected).toMatch(expected);
  });

  it('refuses a metric that is read from a router', () => {
    const text = withTraffic(PODS).replace(
      'source: { from: pods, port: 8080, path: /metrics }',
      'source: { from: router, url: "http://r.example.com", backendLabel: b }',
    );
    expect(problemsOf(text).map(({ path }) => path)).toContain('services.web.analysis.metrics[0].source.from');
  });
});

it.each<Refusal>([
  {
    wrong: 'a kind that is none',
    from: 'kind: httpRoute',
    to: 'kind: nginx',
    path: 'services.web.traffic.kind',
    expected: /httpRoute, istioVirtualService, podRatio/,
  },
])('refuses $wrong', (refusal) => expectRefusal(refusal));

it('resolves to a plan that names the object which is fenced', () => {
  expect(planOf(withTraffic(ISTIO))?.traffic).toEqual({
    kind: 'istioVirtualService',
    route: 'web',
    stableService: 'web',
    port: 80,
    settleMs: 10_000,
  });
  expect(planOf(withTraffic(PODS))?.traffic).toEqual({
    kind: 'podRatio',
    route: 'web',
    stableService: 'web',
    port: 80,
    tolerancePercent: 10,
  });
});
