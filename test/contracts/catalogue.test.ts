import { describe, expect, it } from 'vitest';
import { catalogueJsonSchema } from '../../src/contracts/catalogue.ts';
import type { Problem } from '../../src/core/model/problem.ts';
import { load, loadGood, spoiled } from './example-catalogue.ts';

function problemsOf(text: string): readonly Problem[] {
  const loaded = load(text);
  return loaded.outcome === 'loaded' ? [] : loaded.problems;
}

const JUDGE = 'judge: { kind: threshold, fail: "> 1%" }';
const judge = (fields: string) => `judge: { kind: threshold, fail: "> 1%", ${fields} }`;

describe('a catalogue', () => {
  it('is accepted when nothing is wrong', () => {
    expect(problemsOf(spoiled())).toEqual([]);
  });

  it.each<{ wrong: string; from: string; to: string; path: string; expected: RegExp; found?: RegExp }>([
    { wrong: 'the version of the format', from: '/v1', to: '/v2', path: 'apiVersion', expected: /mainstay\.dev\/v1/ },
    {
      wrong: 'an unknown key',
      from: 'container: app',
      to: 'contianer: app, container: app',
      path: 'services.web.workload.contianer',
      expected: /did you mean container/,
    },
    {
      wrong: 'a missing key',
      from: ', container: app',
      to: '',
      path: 'services.web.workload.container',
      expected: /name of a container/,
      found: /nothing/,
    },
    {
      wrong: 'a falling weight',
      from: 'weight: 20',
      to: 'weight: 100',
      path: 'services.web.strategy.steps[1].weight',
      expected: /more than 100/,
    },
    {
      wrong: 'a weight above 100',
      from: 'weight: 100',
      to: 'weight: 120',
      path: 'services.web.strategy.steps[1].weight',
      expected: /1 to 100/,
      found: /120/,
    },
    {
      wrong: 'a weight of 0',
      from: 'weight: 20',
      to: 'weight: 0',
      path: 'services.web.strategy.steps[0].weight',
      expected: /1 to 100/,
    },
    {
      wrong: 'a ladder that ends below 100',
      from: 'weight: 100',
      to: 'weight: 90',
      path: 'services.web.strategy.steps[1].weight',
      expected: /100 in the last step/,
    },
    {
      wrong: 'a duration without unit',
      from: 'duration: 2m',
      to: 'duration: 120',
      path: 'services.web.strategy.steps[0].duration',
      expected: /with its unit/,
      found: /^120$/,
    },
    {
      wrong: 'a quoted duration without unit',
      from: 'duration: 2m',
      to: 'duration: "120"',
      path: 'services.web.strategy.steps[0].duration',
      expected: /with its unit/,
    },
    {
      wrong: 'a duration of zero',
      from: 'duration: 2m',
      to: 'duration: 0s',
      path: 'services.web.strategy.steps[0].duration',
      expected: /longer than zero/,
    },
    {
      wrong: 'a negative duration',
      from: 'duration: 2m',
      to: 'duration: -2m',
      path: 'services.web.strategy.steps[0].duration',
      expected: /longer than zero/,
    },
    {
      wrong: 'no steps',
      from: `steps:\n        - { weight: 20, duration: 2m }\n        - { weight: 100, duration: 5m, approval: true }`,
      to: 'steps: []',
      path: 'services.web.strategy.steps',
      expected: /a list of steps/,
    },
    {
      wrong: 'an unknown strategy',
      from: 'kind: canary',
      to: 'kind: blueGreen',
      path: 'services.web.strategy.kind',
      expected: /canary/,
    },
    {
      wrong: 'an unknown build',
      from: 'kind: localCommand',
      to: 'kind: docker',
      path: 'services.web.build.kind',
      expected: /localCommand, image/,
    },
    {
      wrong: 'a command that is a shell line',
      from: '[make, image]',
      to: 'make image',
      path: 'services.web.build.command',
      expected: /list of texts/,
    },
    {
      wrong: 'a repository with a tag',
      from: '${REGISTRY}/web',
      to: 'registry.example.com/web:v1',
      path: 'services.web.build.repository',
      expected: /without tag/,
    },
    {
      wrong: 'a threshold without a bound',
      from: JUDGE,
      to: 'judge: { kind: threshold }',
      path: 'services.web.analysis.metrics[0].judge',
      expected: /at least one bound/,
    },
    {
      wrong: 'no judge',
      from: JUDGE,
      to: 'unit: "%"',
      path: 'services.web.analysis.metrics[0].judge',
      expected: /kind: threshold/,
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
      wrong: 'an override for an unknown environment',
      from: '      staging:\n        strategy',
      to: '      stagign:\n        strategy',
      path: 'services.web.environments.stagign',
      expected: /did you mean staging/,
    },
    {
      wrong: 'a freeze window that ends first',
      from: 'to: 2026-12-27',
      to: 'to: 2026-12-20',
      path: 'environments.production.freezeWindows[0].to',
      expected: /a time after from/,
    },
    {
      wrong: 'a freeze window without offset',
      from: '18:00:00+01:00',
      to: '18:00:00',
      path: 'environments.production.freezeWindows[0].from',
      expected: /offset/,
    },
    {
      wrong: 'an escalation after the deadline',
      from: 'escalateAfter: 1h',
      to: 'escalateAfter: 3d',
      path: 'environments.production.approvals.start.escalateAfter',
      expected: /less than the deadline \(2d\)/,
    },
    {
      wrong: 'a name no cluster accepts',
      from: 'deployment: web',
      to: 'deployment: Web_1',
      path: 'services.web.workload.deployment',
      expected: /lower-case/,
    },
    {
      wrong: 'a name too long for canary objects',
      from: 'stableService: web',
      to: `stableService: ${'w'.repeat(41)}`,
      path: 'services.web.traffic.stableService',
      expected: /at most 40/,
    },
    {
      wrong: 'a router nobody described',
      from: '      weightMetric: { url: "http://router.example.com/metrics", name: weight, backendLabel: backend }\n',
      to: '',
      path: 'services.web.analysis.metrics[0].source.url',
      expected: /traffic\.weightMetric/,
    },
    {
      wrong: 'a URL without scheme',
      from: '"http://router.example.com/metrics"',
      to: 'router.example.com',
      path: 'services.web.traffic.weightMetric.url',
      expected: /http or https/,
    },
    {
      wrong: 'two environments on one Deployment',
      from: 'context: staging',
      to: 'context: production',
      path: 'services.web.workload.deployment',
      expected: /of its own/,
      found: /production and staging/,
    },
    {
      wrong: 'an unknown preflight mode',
      from: '    traffic:',
      to: '    preflight: { freeze: maybe }\n    traffic:',
      path: 'services.web.preflight.freeze',
      expected: /required, advisory, off/,
    },
    {
      wrong: 'a problem that only an override has',
      from: 'interval: 10s',
      to: 'interval: 50s',
      path: 'services.web.environments.staging.analysis.interval',
      expected: /at most 40s/,
    },
  ])('is refused for $wrong', ({ from, to, path, expected, found }) => {
    const problems = problemsOf(spoiled([from, to]));
    const problem = problems.find((each) => each.path === path);
    expect(problem, JSON.stringify(problems, null, 1)).toBeDefined();
    expect(problem?.expected).toMatch(expected);
    if (found) expect(problem?.found).toMatch(found);
    expect(problem?.line).toBeGreaterThan(0);
    // One slip is one problem (a wrong repository stands for its own only).
    expect(problems.filter((each) => each.path === path)).toHaveLength(1);
  });

  it('tells five errors as five problems, in the order of the file, each with its line', () => {
    const problems = problemsOf(
      spoiled(
        ['namespace: shop', 'namespace: Shop'],
        ['container: app', 'contaner: app'],
        ['weight: 20, duration: 2m', 'weight: 20, duration: 120'],
        ['port: 80', 'port: "80"'],
        ['"> 1%"', '"> 1"'],
      ),
    );
    expect(problems.map(({ line, path }) => [line, path])).toEqual([
      [5, 'environments.production.namespace'],
      [15, 'services.web.workload.contaner'],
      [24, 'services.web.strategy.steps[0].duration'],
      [30, 'services.web.traffic.port'],
      [40, 'services.web.analysis.metrics[0].judge.fail'],
    ]);
  });

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

  it.each([
    { text: '', found: /nothing|null/ },
    { text: '[]', found: /empty list/ },
    { text: 'hello', found: /"hello"/ },
  ])('is refused when the document is $text', ({ text, found }) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.expected).toMatch(/mapping with apiVersion, environments, services/);
    expect(problems[0]?.found).toMatch(found);
  });
});

describe('overrides', () => {
  it('are judged with what they leave as it is', () => {
    // Staging's steps of 40 s cannot hold what production's 2 min hold.
    const problems = problemsOf(spoiled(['analysis: { interval: 10s }', 'analysis: { count: 2 }']));
    expect(problems).toEqual([
      expect.objectContaining({
        path: 'services.web.environments.staging.analysis.count',
        found: '2 samples every 30s, 1m',
      }),
    ]);
  });

  it('keep what they do not name', () => {
    const { catalogue } = loadGood();
    expect(catalogue.services.web?.environments?.staging?.analysis).toEqual({ interval: '10s' });
  });
});

describe('the JSON Schema', () => {
  it('describes the same keys as the contract', () => {
    const schema = JSON.stringify(catalogueJsonSchema());
    for (const key of ['freezeWindows', 'weightMetric', 'consecutiveSuccessLimit', 'relativeToStable', 'noData']) {
      expect(schema).toContain(`"${key}"`);
    }
    expect(catalogueJsonSchema()).toMatchObject({
      type: 'object',
      required: ['apiVersion', 'environments', 'services'],
    });
  });
});
