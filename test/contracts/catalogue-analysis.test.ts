import { describe, expect, it } from 'vitest';
import { spoiled } from './example-catalogue.ts';
import { JUDGE, type Refusal, expectRefusal, judge, problemsOf } from './refusal.ts';

describe('the analysis of a catalogue', () => {
  it.each<Refusal>([
    {
      wrong: 'a threshold without a bound',
      from: JUDGE,
      to: 'judge: { kind: threshold }',
      path: 'services.web.analysis.metrics[0].judge',
      expected: /at least one bound/,
    },
    {
      wrong: 'a comparison that cannot judge',
      from: JUDGE,
      to: 'judge: { kind: sequential, mustDetect: 0.5 }',
      path: 'services.web.analysis.metrics[0].judge.mustDetect',
      expected: /above 1/,
    },
    {
      wrong: 'an objective without its unit',
      from: JUDGE,
      to: 'judge: { kind: sequential, objective: "0.01" }',
      path: 'services.web.analysis.metrics[0].judge.objective',
      expected: /per cent/,
    },
    {
      wrong: 'a policy that belongs to the whole analysis',
      from: JUDGE,
      to: 'judge: { kind: sequential, onLowTraffic: threshold }',
      path: 'services.web.analysis.metrics[0].judge.onLowTraffic',
      expected: /objective/,
    },
    {
      wrong: 'a judge that is not written out',
      from: JUDGE,
      to: 'judge: { fail: "> 1%" }',
      path: 'services.web.analysis.metrics[0].judge.kind',
      expected: /threshold/,
    },
    {
      wrong: 'a bound without its unit',
      from: '"> 1%"',
      to: '"> 0.01"',
      path: 'services.web.analysis.metrics[0].judge.fail',
      expected: /number in %/,
    },
    {
      wrong: 'a bound without operator',
      from: '"> 1%"',
      to: '1%',
      path: 'services.web.analysis.metrics[0].judge.fail',
      expected: /<, <=, > or >=/,
    },
    {
      wrong: 'bounds that overlap',
      from: JUDGE,
      to: judge('pass: "< 2%"'),
      path: 'services.web.analysis.metrics[0].judge.fail',
      expected: /shares no value with pass \(< 2 %\)/,
    },
    {
      wrong: 'bounds of one direction',
      from: JUDGE,
      to: judge('pass: ">= 0%"'),
      path: 'services.web.analysis.metrics[0].judge.fail',
      expected: /other direction/,
    },
    {
      wrong: 'a count of 0',
      from: JUDGE,
      to: judge('count: 0'),
      path: 'services.web.analysis.metrics[0].judge.count',
      expected: /from 1/,
    },
    {
      wrong: 'a count below failureLimit',
      from: JUDGE,
      to: judge('count: 1, failureLimit: 2'),
      path: 'services.web.analysis.metrics[0].judge.count',
      expected: /2 \+ 0 = 2/,
    },
    {
      wrong: 'a count below both limits',
      from: JUDGE,
      to: judge('count: 3, failureLimit: 2, consecutiveSuccessLimit: 2'),
      path: 'services.web.analysis.metrics[0].judge.count',
      expected: /2 \+ 2 = 4/,
    },
    {
      wrong: 'failureLimit below -1',
      from: JUDGE,
      to: judge('failureLimit: -2'),
      path: 'services.web.analysis.metrics[0].judge.failureLimit',
      expected: /from -1/,
    },
    {
      wrong: 'failureLimit -1 alone',
      from: JUDGE,
      to: judge('failureLimit: -1'),
      path: 'services.web.analysis.metrics[0].judge.failureLimit',
      expected: /consecutiveSuccessLimit/,
    },
    {
      wrong: 'an interval longer than a step',
      from: JUDGE,
      to: judge('interval: 3m'),
      path: 'services.web.analysis.metrics[0].judge.interval',
      expected: /at most 2m, the duration of the shortest step/,
    },
    {
      wrong: 'more samples than fit',
      from: JUDGE,
      to: judge('interval: 10s, count: 13'),
      path: 'services.web.analysis.metrics[0].judge.count',
      expected: /at most 2m/,
      found: /13 samples every 10s, 2m10s/,
    },
    {
      wrong: 'only dry-run metrics',
      from: JUDGE,
      to: `${JUDGE}\n          dryRun: true`,
      path: 'services.web.analysis.metrics',
      expected: /decides/,
    },
    {
      wrong: 'a look longer than an interval',
      from: '    traffic:',
      to: '    intervals: { look: 31s, observerHeartbeat: 60s }\n    traffic:',
      path: 'services.web.intervals.look',
      expected: /at most 30s/,
    },
    {
      wrong: 'a heartbeat shorter than a look',
      from: '    traffic:',
      to: '    intervals: { observerHeartbeat: 5s }\n    traffic:',
      path: 'services.web.intervals.observerHeartbeat',
      expected: /longer than look/,
    },
    {
      wrong: 'a no-data deadline before the first sample',
      from: '    traffic:',
      to: '    deadlines: { noData: 10s }\n    traffic:',
      path: 'services.web.deadlines.noData',
      expected: /at least 30s/,
    },
    {
      wrong: 'a router nobody described',
      from: '      weightMetric: { url: "http://router.example.com/metrics", name: weight, backendLabel: backend }\n',
      to: '',
      path: 'services.web.analysis.metrics[0].source.url',
      expected: /traffic\.weightMetric/,
    },
    {
      wrong: 'a problem that only an override has',
      from: 'interval: 10s',
      to: 'interval: 50s',
      path: 'services.web.environments.staging.analysis.interval',
      expected: /at most 40s/,
    },
  ])('is refused for $wrong', expectRefusal);

  it('refuses two metrics of one name', () => {
    const metric = spoiled().slice(
      spoiled().indexOf('        - name: errors'),
      spoiled().indexOf('    environments:\n      staging'),
    );
    const problems = problemsOf(spoiled([metric, metric + metric]));
    expect(problems.map(({ path }) => path)).toEqual(['services.web.analysis.metrics[1].name']);
  });

  it('refuses an analysis that could decide nothing in the bake', () => {
    const text = spoiled([
      `query:
            kind: errorRatio
            total: { name: requests_total }
            errors: { name: requests_total, labels: { code: ~5.. } }`,
      'query: { kind: value, gauge: { name: sales }, relativeToStable: true }',
    ]);
    expect(problemsOf(text).map(({ path }) => path)).toEqual(['services.web.analysis.metrics']);
  });
});
