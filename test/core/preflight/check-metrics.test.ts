import { describe, expect, it } from 'vitest';
import type { MetricPlan } from '../../../src/core/model/analysis.ts';
import { assessPreflight } from '../../../src/core/preflight/assess-preflight.ts';
import { checkMetrics } from '../../../src/core/preflight/check-metrics.ts';
import type { PreflightFacts } from '../../../src/core/preflight/facts.ts';
import type { MetricFact, ProbedSeries } from '../../../src/core/preflight/metrics-fact.ts';
import { healthyFacts } from '../../harness/healthy-facts.ts';
import { somePlan } from '../../harness/some-plan.ts';

const [METRIC] = somePlan().analysis.metrics;
if (!METRIC) throw new Error('the plan has no metric');
const FROM_SERVER: MetricPlan = {
  ...METRIC,
  source: {
    from: 'prometheus',
    server: { url: 'http://p.example.com', headers: {}, timeoutMs: 1, lagMs: 0, staleAfterMs: 1 },
    arms: { by: 'pods', label: 'pod' },
    labels: {},
  },
};
const planWith = (...metrics: MetricPlan[]) => somePlan({ analysis: { metrics } });
const found = (more: Partial<ProbedSeries> = {}): MetricFact => ({
  name: 'error-ratio',
  found: {
    seen: 'present',
    series: [{ selector: 'requests_total', series: 3, isZero: false, scrapeEveryMs: 5_000, ...more }],
  },
});
const check = (
  metrics: readonly MetricFact[] | undefined,
  more: Partial<PreflightFacts> = {},
  plan = planWith(FROM_SERVER),
) => checkMetrics({ ...healthyFacts(), ...(metrics && { metrics }), ...more }, plan);

describe('the check of metrics', () => {
  it.each([
    { when: 'all is there', fact: found(), result: 'pass', reason: 'Prometheus has 1 metric of the stable version' },
    {
      when: 'no errors were ever counted',
      fact: found({ series: 0, isZero: true }),
      result: 'pass',
      reason: 'has 1 metric',
    },
    { when: 'it is told by a text', fact: found({ scrapeEveryMs: null }), result: 'pass', reason: 'has 1 metric' },
    {
      when: 'it needs a canary',
      fact: found({ series: 0, needsCanary: true }),
      result: 'pass',
      reason: 'once there is a canary',
    },
    {
      when: 'it is scraped less often than looked at',
      fact: found({ scrapeEveryMs: 15_000 }),
      result: 'pass',
      reason: 'metric error-ratio: is scraped every 15 s, less often than it is looked at',
    },
    {
      when: 'it is scraped less often than judged',
      fact: found({ scrapeEveryMs: 60_000 }),
      result: 'fail',
      reason: /is scraped every (60 s|1 min), the judge needs new data every 30 s/,
    },
    {
      when: 'it is not there',
      fact: found({ series: 0 }),
      result: 'fail',
      reason: 'metric error-ratio: expected series requests_total of the stable version, found none',
    },
    {
      when: 'it is old',
      fact: found({ series: 0, absent: 'samples that are 4 min old' }),
      result: 'fail',
      reason: 'found samples that are 4 min old',
    },
    {
      when: 'the query is wrong',
      fact: { name: 'error-ratio', found: { seen: 'present', wrong: 'bad query: 400 parse error' } },
      result: 'fail',
      reason: 'metric error-ratio: bad query: 400 parse error',
    },
    {
      when: 'nobody answers',
      fact: { name: 'error-ratio', found: { seen: 'unknown', problem: 'Prometheus is away' } },
      result: 'could-not-check',
      reason: 'Prometheus is away',
    },
    {
      when: 'another was looked at',
      fact: { ...found(), name: 'other' },
      result: 'could-not-check',
      reason: 'was not looked at',
    },
  ] satisfies readonly { when: string; fact: MetricFact; result: string; reason: string | RegExp }[])(
    'is $result when $when',
    ({ fact, result, reason }) => {
      const finding = check([fact]);
      expect(finding.result).toBe(result);
      expect(finding.reason).toMatch(reason);
    },
  );

  it('could not be made when nobody looked', () => {
    expect(check(undefined)).toMatchObject({ result: 'could-not-check' });
  });
  it('passes a first deployment, where nothing serves yet', () => {
    const { deployment } = healthyFacts();
    if (deployment.seen !== 'present') throw new Error('no deployment');
    const none = { ...deployment.object, spec: { ...deployment.object.spec, replicas: 0 } };
    expect(check(undefined, { deployment: { seen: 'present', object: none } })).toMatchObject({ result: 'pass' });
  });
  it('tells of a metric in dry run, and does not refuse for it', () => {
    const plan = planWith(FROM_SERVER, { ...FROM_SERVER, name: 'shown', dryRun: true });
    const shown: MetricFact = { ...found({ series: 0 }), name: 'shown' };
    expect(check([found(), shown], {}, plan)).toEqual({
      result: 'pass',
      reason: expect.stringMatching(/has 2 metrics of the stable version; metric shown: .*found none \(dry run\)/),
    });
  });
  it('is made only where the plan asks for it', () => {
    const plan = planWith(FROM_SERVER);
    const names = (checks: typeof plan) => assessPreflight(healthyFacts(), checks, 0).map(({ name }) => name);
    expect(names(plan)).not.toContain('metrics');
    expect(names({ ...plan, preflight: { ...plan.preflight, metrics: 'required' } })).toContain('metrics');
  });
});
