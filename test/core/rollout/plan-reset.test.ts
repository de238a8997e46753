import { describe, expect, it } from 'vitest';
import {
  type ArmFacts,
  nextFence,
  planReset,
  type ResetFacts,
  resetLines,
} from '../../../src/core/rollout/plan-reset.ts';

const CANARY = 'crm-api-canary-17';

function arm(name: string, ready: number, replicas = 3, images = ['v1']): ArmFacts {
  const pods = Array.from({ length: replicas }, (_, index) => {
    return { name: `${name}-${index}`, ready: index < ready, image: images[index % images.length] ?? '' };
  });
  return { name, replicas, pods, stamp: '17/4' };
}

function facts(overrides: Partial<ResetFacts> = {}): ResetFacts {
  return {
    namespace: 'crm',
    stableService: 'crm-api',
    route: {
      name: 'HTTPRoute crm/crm-api',
      backends: [
        { service: 'crm-api', port: 80, weight: 90 },
        { service: CANARY, port: 80, weight: 10 },
      ],
      stamp: '17/6',
    },
    stable: arm('crm-api', 3),
    canaries: [arm(CANARY, 1, 1)],
    companions: [{ kind: 'Service', name: CANARY }],
    ...overrides,
  };
}

const WHOLE = { name: 'HTTPRoute crm/crm-api', backends: [{ service: 'crm-api', port: 80, weight: 100 }] };

describe('giving all traffic back', () => {
  it('to stable: its canary loses its place, and the stamp is above every one that stands', () => {
    expect(planReset(facts(), 'stable')).toEqual({
      decision: 'write',
      to: 'stable',
      fence: { term: 18, change: 1 },
      backends: [{ service: 'crm-api', port: 80, weight: 100 }],
      shifts: true,
      warnings: [],
    });
  });

  it('refuses to send it to nothing, and names the version that could take it', () => {
    const plan = planReset(facts({ stable: arm('crm-api', 0) }), 'stable');
    expect(plan).toMatchObject({ decision: 'refuse', why: expect.stringContaining('no ready pod (0 of 3)') });
    expect(JSON.stringify(plan)).toContain('add --to canary');
    const none = planReset(facts({ stable: arm('crm-api', 0), canaries: [arm(CANARY, 0, 1)] }), 'stable');
    expect(JSON.stringify(none)).toContain('no version has a ready pod');
  });

  it('to the canary: stable stays named, without a share', () => {
    const plan = planReset(facts({ stable: arm('crm-api', 0) }), 'canary');
    expect(plan).toMatchObject({
      decision: 'write',
      backends: [
        { service: 'crm-api', port: 80, weight: 0 },
        { service: CANARY, port: 80, weight: 100 },
      ],
      warnings: [],
    });
  });

  it('to a canary that is not ready, or that no route names: refused', () => {
    expect(planReset(facts({ canaries: [arm(CANARY, 0, 1)] }), 'canary')).toMatchObject({ decision: 'refuse' });
    expect(planReset(facts({ route: WHOLE }), 'canary')).toMatchObject({ decision: 'refuse' });
  });

  it('with everything in place there is nothing to do; with objects left only stamps are written', () => {
    expect(planReset(facts({ route: WHOLE, canaries: [], companions: [] }), 'stable').decision).toBe('nothing');
    expect(planReset(facts({ route: WHOLE }), 'stable')).toMatchObject({ decision: 'write', shifts: false });
  });

  it.each([
    { when: 'few pods are ready', change: { stable: arm('crm-api', 1) }, says: 'only 1 of 3 pods' },
    { when: 'two versions are ready', change: { stable: arm('crm-api', 3, 3, ['v1', 'v2']) }, says: 'run 2 versions' },
  ])('warns when $when', ({ change, says }) => {
    const plan = planReset(facts(change), 'stable');
    expect(resetLines(facts(change), plan).join('\n')).toContain(`warning: `);
    expect(JSON.stringify(plan)).toContain(says);
  });

  it("leaves a backend that is someone else's, and says so", () => {
    const docs = { service: 'docs', port: 80, weight: 5 };
    const route = { ...facts().route, backends: [...facts().route.backends, docs] };
    const plan = planReset(facts({ route }), 'stable');
    expect(plan).toMatchObject({ backends: [{ service: 'crm-api', weight: 100 }, docs] });
    expect(JSON.stringify(plan)).toContain('weight 5 of docs');
  });
});

it.each([
  { when: 'route and Deployments are stamped', change: {}, term: 18 },
  {
    when: 'no stamp, a canary by name',
    change: {
      route: WHOLE,
      stable: { ...arm('crm-api', 1), stamp: 'x' },
      canaries: [{ ...arm('crm-api-canary-9', 1), stamp: '' }],
    },
    term: 10,
  },
  {
    when: 'nothing of ours',
    change: { route: WHOLE, stable: { ...arm('crm-api', 1), stamp: '' }, canaries: [] },
    term: 1,
  },
])('the next stamp, $when: $term/1', ({ change, term }) => {
  expect(nextFence(facts(change))).toEqual({ term, change: 1 });
});
