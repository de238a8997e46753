import { describe, expect, it } from 'vitest';
import { loadCatalogue } from '../../src/config/load-catalogue.ts';
import { resolvePlan } from '../../src/core/rollout/resolve-plan.ts';
import { load, spoiled } from './example-catalogue.ts';
import { problemsOf } from './refusal.ts';

const NAMESPACE = 'namespace: shop\n    approvals:';
const SERVER = 'url: "https://prometheus.example.com", auth: { kind: bearer, token: "env:PROMETHEUS_TOKEN" }';
const ENVIRONMENT = [NAMESPACE, `namespace: shop\n    prometheus: { ${SERVER} }\n    approvals:`] as const;
const SOURCE = 'source: { from: router }';
const TOTAL = 'total: { name: requests_total }';
const ERRORS = 'errors: { name: requests_total, labels: { code: ~5.. } }';
const FROM = [SOURCE, 'source: { from: prometheus }'] as const;
const METRIC = 'services.web.analysis.metrics[0]';

const good = (...more: (readonly [string, string])[]) => spoiled(ENVIRONMENT, FROM, ...more);
const planIn = (environment: string, text: string) => {
  const loaded = load(text);
  if (loaded.outcome !== 'loaded') throw new Error(JSON.stringify(loaded.problems));
  return resolvePlan(loaded, { service: 'web', environment, version: 'v1' });
};

describe('metrics from Prometheus in the catalogue', () => {
  it('are resolved with server, arms and defaults', () => {
    const resolved = planIn('production', good());
    expect('plan' in resolved && resolved.plan.analysis.metrics[0]).toMatchObject({
      source: {
        from: 'prometheus',
        server: {
          url: 'https://prometheus.example.com',
          auth: { kind: 'bearer', token: 'env:PROMETHEUS_TOKEN' },
          headers: {},
          timeoutMs: 5_000,
          lagMs: 10_000,
          staleAfterMs: 120_000,
        },
        arms: { by: 'pods', label: 'pod' },
        labels: {},
      },
      query: { total: { name: 'requests_total', labels: {} } },
    });
    expect('plan' in resolved && resolved.plan.preflight.metrics).toBe('required');
  });

  it('go to the server of the analysis rather than to that of the environment', () => {
    const own = ['analysis:\n', 'analysis:\n      prometheus: { url: "http://own.example.com", lag: 0s }\n'] as const;
    const resolved = planIn('production', good(own));
    expect('plan' in resolved && resolved.plan.analysis.metrics[0]?.source).toMatchObject({
      server: { url: 'http://own.example.com', lagMs: 0 },
    });
  });

  it('are refused by the plan of an environment that has none', () => {
    expect(planIn('staging', good())).toEqual({
      problems: [
        {
          path: 'environments.staging.prometheus',
          expected: 'prometheus, which errors are read from',
          found: 'nothing, nor in the analysis of the service',
        },
      ],
    });
  });

  it('have no check where no metric comes from there', () => {
    const resolved = planIn('production', spoiled());
    expect('plan' in resolved && resolved.plan.preflight).not.toHaveProperty('metrics');
  });

  it('may be texts, whose variables stay until somebody is asked', () => {
    const text = 'sum by (pod) (requests_total{{{arm.selector}}})';
    const resolved = planIn('production', good([TOTAL, `total: { promql: "${text}" }`]));
    expect('plan' in resolved && resolved.plan.analysis.metrics[0]?.query).toMatchObject({
      total: { promql: text, gives: 'counters' },
    });
  });

  it.each([
    {
      wrong: 'a server nowhere',
      text: spoiled(FROM),
      path: `${METRIC}.source`,
      expected: /prometheus in an environment/,
    },
    {
      wrong: 'a token written out',
      text: good(['env:PROMETHEUS_TOKEN', 'abc123']),
      path: 'environments.production.prometheus.auth.token',
      expected: /a secret reference/,
      found: 'something else (not shown)',
    },
    {
      wrong: 'a secret in a header',
      text: good(['auth: { kind: bearer', 'headers: { Authorization: abc }, auth: { kind: bearer']),
      path: 'environments.production.prometheus.headers.Authorization',
      expected: /no secret/,
      found: 'header Authorization',
    },
    {
      wrong: 'a password in the address',
      text: good(['https://prometheus', 'https://me:abc123@prometheus']),
      path: 'environments.production.prometheus.url',
      expected: /without user and password/,
    },
    {
      wrong: 'neither name nor text',
      text: good([TOTAL, 'total: { labels: { a: b } }']),
      path: `${METRIC}.query.total`,
      expected: /name, or promql/,
    },
    {
      wrong: 'both',
      text: good([TOTAL, 'total: { name: a, promql: "b{{{arm.selector}}}" }']),
      path: `${METRIC}.query.total`,
      expected: /promql alone/,
    },
    {
      wrong: 'a text for a router',
      text: spoiled([TOTAL, 'total: { promql: "b{{{arm.selector}}}" }']),
      path: `${METRIC}.query.total.promql`,
      expected: /needs from: prometheus/,
    },
    {
      wrong: 'a name that is missing for a router',
      text: spoiled([TOTAL, 'total: { labels: { a: b } }']),
      path: `${METRIC}.query.total`,
      expected: /the name of a metric/,
    },
    {
      wrong: 'a text that is the same for both arms',
      text: good([TOTAL, 'total: { promql: "sum by (pod) (b)" }']),
      path: `${METRIC}.query.total.promql`,
      expected: /tells the arms apart/,
    },
    {
      wrong: 'a misspelled variable',
      text: good([TOTAL, 'total: { promql: "b{{{arm.selektor}}} {{arm}}" }']),
      path: `${METRIC}.query.total.promql`,
      expected: /did you mean arm.selector/,
      found: '{{arm.selektor}}',
    },
    {
      wrong: 'another language of templates',
      text: good([TOTAL, 'total: { promql: "b{{{arm.selector}}} {{ pods | join }}" }']),
      path: `${METRIC}.query.total.promql`,
      expected: /variables as \{\{name\}\}/,
    },
    {
      wrong: 'a variable where labels are compared by us',
      text: spoiled([ERRORS, 'errors: { name: requests_total, labels: { ns: "{{namespace}}" } }']),
      path: `${METRIC}.query.errors.labels.ns`,
      expected: /no variables/,
    },
    {
      wrong: 'a backend without its namespace',
      text: good([FROM[1], 'source: { from: prometheus, arms: { by: backend, label: service } }']),
      path: `${METRIC}.source.labels`,
      expected: /labels that tell the namespace/,
    },
    {
      wrong: 'a backend where both arms are behind one Service',
      text: good(
        [FROM[1], 'source: { from: prometheus, arms: { by: backend, label: service }, labels: { namespace: shop } }'],
        ['kind: httpRoute\n      route: web', 'kind: podRatio'],
        ['      weightMetric: { url: "http://router.example.com/metrics", name: weight, backendLabel: backend }\n', ''],
      ),
      path: `${METRIC}.source.arms.by`,
      expected: /tells the arms apart by pod/,
    },
    {
      wrong: 'arms that are the same',
      text: good([FROM[1], 'source: { from: prometheus, arms: { by: labels, stable: { a: b }, canary: { a: b } } }']),
      path: `${METRIC}.source.arms`,
      expected: /pick other series/,
    },
    {
      wrong: 'labels that need themselves',
      text: good([FROM[1], 'source: { from: prometheus, labels: { a: "{{arm.selector}}" } }']),
      path: `${METRIC}.source.labels.a`,
      expected: /another variable/,
    },
    {
      wrong: 'nothing but a comparison, for the bake',
      text: good(
        [
          `            kind: errorRatio\n            ${TOTAL}\n            ${ERRORS}`,
          '            kind: value\n            gauge: { promql: "ratio{service=\\"{{canaryService}}\\"}" }',
        ],
        ['fail: "> 1%"', 'fail: "> 1"'],
      ),
      path: 'services.web.analysis.metrics',
      expected: /not relativeToStable/,
    },
  ])('refuse $wrong', ({ text, path, expected, found }) => {
    const there = problemsOf(text).filter((problem) => problem.path === path);
    expect(there.map((problem) => problem.expected)).toEqual([expect.stringMatching(expected)]);
    if (found !== undefined) expect(there[0]?.found).toBe(found);
    expect(JSON.stringify(problemsOf(text))).not.toContain('abc123');
  });

  it('are those of the example company too', async () => {
    const path = new URL('../../examples/crm/mainstay-prometheus.yaml', import.meta.url).pathname;
    const loaded = await loadCatalogue({ path, environment: {} });
    if (loaded.outcome !== 'loaded') throw new Error(JSON.stringify(loaded.problems));
    const resolved = resolvePlan(loaded, { service: 'crm-api', environment: 'demo', version: 'v1.4.2' });
    const unset = 'problems' in resolved ? resolved.problems.map((problem) => problem.found) : [];
    expect(unset).toContain('MAINSTAY_SANDBOX_PROMETHEUS not set, for ${MAINSTAY_SANDBOX_PROMETHEUS}');
  });
});
