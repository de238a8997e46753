import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeployInput, DeployPlan } from '../../../src/core/model/plan.ts';
import { planDigest } from '../../../src/core/rollout/plan-digest.ts';
import { resolvePlan } from '../../../src/core/rollout/resolve-plan.ts';
import { loadGood, spoiled } from '../../contracts/example-catalogue.ts';

const INPUT: DeployInput = { service: 'web', environment: 'production', version: 'v1.4.2' };

function planOf(input: DeployInput = INPUT, text?: string): DeployPlan {
  const resolved = resolvePlan(loadGood(text), input);
  if ('problems' in resolved) throw new Error(JSON.stringify(resolved.problems, null, 1));
  return resolved.plan;
}

describe('resolvePlan', () => {
  it('writes every default out', () => {
    const { catalogue, ...plan } = planOf();
    expect(catalogue).toEqual({ digest: loadGood().digest, path: '/srv/company/mainstay.yaml' });
    expect(plan).toEqual({
      schemaVersion: 1,
      service: 'web',
      environment: 'production',
      version: 'v1.4.2',
      requestedBy: 'not stated',
      reason: '',
      onBusy: 'reject',
      workload: { cluster: { context: 'production' }, namespace: 'shop', deployment: 'web', container: 'app' },
      build: {
        kind: 'localCommand',
        command: ['make', 'image'],
        directory: '/srv/company/web',
        environment: {},
        timeoutMs: 600_000,
        repository: '127.0.0.1:5000/web',
      },
      traffic: {
        kind: 'httpRoute',
        route: 'web',
        stableService: 'web',
        port: 80,
        weightMetric: { url: 'http://router.example.com/metrics', name: 'weight', backendLabel: 'backend', labels: {} },
      },
      steps: [
        { index: 0, weightPercent: 20, durationMs: 120_000, approval: false },
        { index: 1, weightPercent: 100, durationMs: 300_000, approval: true },
      ],
      bakeMs: 600_000,
      analysis: {
        metrics: [
          {
            name: 'errors',
            source: { from: 'router', url: 'http://router.example.com/metrics', backendLabel: 'backend', labels: {} },
            query: {
              kind: 'errorRatio',
              total: { name: 'requests_total', labels: {} },
              errors: { name: 'requests_total', labels: { code: '~5..' } },
            },
            judge: {
              judge: 'threshold',
              fail: { op: '>', limit: 0.01 },
              intervalMs: 30_000,
              // The shortest step of 2 min holds 4 samples; 3 of 10 becomes 1 of 4.
              count: 4,
              failureLimit: 1,
              inconclusiveLimit: 0,
              consecutiveErrorLimit: 4,
              consecutiveSuccessLimit: 0,
              warmUpMs: 0,
              minRequests: 10,
            },
            dryRun: false,
            unit: '%',
          },
        ],
      },
      preflight: {
        image: 'required',
        freeze: 'required',
        config: 'required',
        rights: 'required',
        stableHealthy: 'required',
        router: 'required',
        selector: 'required',
        history: 'required',
      },
      requires: [],
      freezeWindows: [{ from: '2026-12-23T18:00:00+01:00', to: '2026-12-27T06:00:00+01:00', reason: 'holidays' }],
      startApproval: { deadlineMs: 172_800_000, onDeadline: 'reject', escalateAfterMs: 3_600_000 },
      stepApproval: { deadlineMs: 3_600_000, onDeadline: 'reject' },
      deadlines: {
        noDataMs: 300_000,
        foreignChangeMs: 600_000,
        confirmWeightMs: 120_000,
        readyMs: 600_000,
        queueMs: 86_400_000,
        pauseMs: 86_400_000,
      },
      intervals: {
        lookMs: 10_000,
        observerHeartbeatMs: 30_000,
        mutatorHeartbeatMs: 3_000,
        ownershipQuestionMs: 300_000,
      },
    });
  });

  it('lays the environment over the service', () => {
    const plan = planOf({ ...INPUT, environment: 'staging' });
    expect(plan.steps.map(({ weightPercent, durationMs }) => [weightPercent, durationMs])).toEqual([
      [50, 40_000],
      [100, 40_000],
    ]);
    expect(plan.analysis.metrics[0]?.judge).toMatchObject({ intervalMs: 10_000, count: 4, failureLimit: 1 });
    expect(plan.startApproval).toBeUndefined();
    expect(plan.freezeWindows).toEqual([]);
    expect(plan.bakeMs).toBe(600_000);
  });

  it("puts a service's word over the environment's about approvals", () => {
    const text = spoiled([
      '    traffic:',
      '    approvals: { start: { mode: none }, step: { deadline: 5m } }\n    traffic:',
    ]);
    const plan = planOf(INPUT, text);
    expect(plan.startApproval).toBeUndefined();
    expect(plan.stepApproval.deadlineMs).toBe(300_000);
  });

  it('uses the default ladder when no steps are written', () => {
    const text = spoiled([
      'steps:\n        - { weight: 20, duration: 2m }\n        - { weight: 100, duration: 5m, approval: true }\n',
      'bake: 1m\n',
    ]);
    const plan = planOf(INPUT, text);
    expect(plan.steps.map(({ weightPercent, durationMs }) => [weightPercent, durationMs])).toEqual(
      [10, 25, 50, 75, 100].map((weight) => [weight, 600_000]),
    );
    expect(plan.analysis.metrics[0]?.judge).toMatchObject({ intervalMs: 30_000, count: 10, failureLimit: 3 });
    expect(plan.bakeMs).toBe(60_000);
  });

  it.each<{ wrong: string; input: Partial<DeployInput>; path: string; expected: RegExp }>([
    {
      wrong: 'an unknown service',
      input: { service: 'wbe' },
      path: 'service',
      expected: /one of web \(did you mean web\?\)/,
    },
    {
      wrong: 'a service that every object has',
      input: { service: 'constructor' },
      path: 'service',
      expected: /one of web/,
    },
    {
      wrong: 'an unknown environment',
      input: { environment: 'qa' },
      path: 'environment',
      expected: /one of production, staging$/,
    },
    { wrong: 'a version with a blank', input: { version: 'v 1' }, path: 'version', expected: /image tag/ },
    { wrong: 'a version that is an option', input: { version: '-rf' }, path: 'version', expected: /image tag/ },
    {
      wrong: 'a digest that would have to be built',
      input: { version: `sha256:${'a'.repeat(64)}` },
      path: 'version',
      expected: /image tag/,
    },
    {
      wrong: 'preempt without reason',
      input: { onBusy: 'preempt', reason: ' ' },
      path: 'reason',
      expected: /preempt requires/,
    },
    {
      wrong: 'another catalogue',
      input: { expectCatalogue: 'deadbeef' },
      path: 'expectCatalogue',
      expected: /digest of the worker's catalogue/,
    },
  ])('refuses $wrong', ({ input, path, expected }) => {
    const resolved = resolvePlan(loadGood(), { ...INPUT, ...input });
    const problems = 'problems' in resolved ? resolved.problems : [];
    expect(problems.map((problem) => problem.path)).toEqual([path]);
    expect(problems[0]?.expected).toMatch(expected);
  });

  it('refuses everything that is wrong at once', () => {
    const resolved = resolvePlan(loadGood(), {
      service: 'x',
      environment: 'y',
      version: '',
      onBusy: 'preempt',
      expectCatalogue: '00000000',
    });
    expect('problems' in resolved && resolved.problems.map(({ path }) => path)).toEqual([
      'service',
      'environment',
      'version',
      'reason',
      'expectCatalogue',
    ]);
  });

  it('accepts a digest of a ready image, and the digest of its own catalogue', () => {
    const text = spoiled([
      `kind: localCommand
      command: [make, image]
      directory: ./web
      repository`,
      'kind: image\n      repository',
    ]);
    const version = `sha256:${'a'.repeat(64)}`;
    const plan = planOf({ ...INPUT, version, expectCatalogue: `sha256:${loadGood(text).digest.slice(0, 8)}` }, text);
    expect(plan).toMatchObject({ version, build: { kind: 'image', repository: '127.0.0.1:5000/web' } });
  });

  it('refuses an address whose variable the worker does not have, and only for plans that need it', () => {
    const text = spoiled([
      '        analysis: { interval: 10s }',
      `        analysis: { interval: 10s }
        build: { kind: image, repository: "\${ELSEWHERE}/web" }`,
    ]);
    expect(resolvePlan(loadGood(text), INPUT)).toHaveProperty('plan');
    expect(resolvePlan(loadGood(text), { ...INPUT, environment: 'staging' })).toMatchObject({
      problems: [{ path: 'build.repository', found: 'ELSEWHERE not set, for ${ELSEWHERE}/web' }],
    });
  });

  it('gives a plan that JSON does not change', () => {
    const plan = planOf();
    expect(JSON.parse(JSON.stringify(plan))).toStrictEqual(plan);
  });
});

describe('planDigest', () => {
  it('changes with every part of the plan and with the image, and with nothing else', () => {
    const plan = planOf();
    const digest = planDigest(plan, 'web@sha256:1');
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(planDigest(JSON.parse(JSON.stringify(plan)), 'web@sha256:1')).toBe(digest);
    expect(planDigest(plan, 'web@sha256:2')).not.toBe(digest);
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(plan)), fc.jsonValue(), (key, value) => {
        const changed = { ...plan, [key]: value };
        fc.pre(JSON.stringify(changed) !== JSON.stringify(plan));
        expect(planDigest(changed, 'web@sha256:1')).not.toBe(digest);
      }),
    );
  });
});
