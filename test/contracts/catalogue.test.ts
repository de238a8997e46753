import { describe, expect, it } from 'vitest';
import { catalogueJsonSchema } from '../../src/contracts/catalogue.ts';
import { loadGood, spoiled } from './example-catalogue.ts';
import { type Refusal, expectRefusal, problemsOf } from './refusal.ts';

describe('a catalogue', () => {
  it('is accepted when nothing is wrong', () => {
    expect(problemsOf(spoiled())).toEqual([]);
  });

  it.each<Refusal>([
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
      wrong: 'a secret reference that is none',
      from: 'directory: ./web',
      to: 'directory: ./web\n      environment: { TOKEN: "k8s:shop/web" }',
      path: 'services.web.build.environment.TOKEN',
      expected: /k8s:NAMESPACE\/NAME\/KEY/,
    },
    {
      wrong: 'a secret in a store that is not read yet',
      from: 'directory: ./web',
      to: 'directory: ./web\n      environment: { TOKEN: "aws-sm:web#token" }',
      path: 'services.web.build.environment.TOKEN',
      expected: /env:, file: or k8s:/,
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
  ])('is refused for $wrong', expectRefusal);

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
