import { describe, expect, it } from 'vitest';
import {
  assessReadiness,
  canaryReplicas,
  type Deployment,
  explainPods,
  makeCanaryDeployment,
  makeCanaryService,
  templateDigest,
  withImage,
} from '../../../src/core/rollout/workload.ts';

const STABLE: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'crm-api', namespace: 'crm', uid: 'u', resourceVersion: '7', generation: 2 },
  spec: {
    replicas: 3,
    revisionHistoryLimit: 5,
    paused: false,
    selector: { matchLabels: { app: 'crm-api', 'mainstay.dev/track': 'stable' } },
    template: {
      metadata: {
        labels: { app: 'crm-api', team: 'crm', 'mainstay.dev/track': 'stable' },
        annotations: { note: 'kept' },
      },
      spec: {
        containers: [
          { name: 'api', image: 'i@sha256:1' },
          { name: 'proxy', image: 'p' },
        ],
        volumes: [],
      },
    },
  },
};
const NAMING = { name: 'crm-api-canary-5', term: 5, service: 'crm-api' };
const WANT = { container: 'api', image: 'i@sha256:2', replicas: 1, annotations: { a: 'b' } };

describe('canaryReplicas', () => {
  it.each([
    { replicas: 10, weight: 25, want: 3 },
    { replicas: 10, weight: 33, want: 4 },
    { replicas: 10, weight: 99, want: 10 },
    { replicas: 4, weight: 10, want: 1 },
    { replicas: 1, weight: 1, want: 1 },
    { replicas: 3, weight: 100, want: 3 },
  ])('is $want of $replicas at $weight %', ({ replicas, weight, want }) => {
    expect(canaryReplicas(replicas, weight)).toBe(want);
  });
});

describe('makeCanaryDeployment', () => {
  const canary = makeCanaryDeployment(STABLE, NAMING, WANT);
  it('takes the template of stable with our image and the canary track, and nothing of its identity', () => {
    expect(canary.metadata).not.toHaveProperty('uid');
    expect(canary.metadata).not.toHaveProperty('resourceVersion');
    expect(canary.spec).not.toHaveProperty('paused');
    expect(canary.spec.revisionHistoryLimit).toBe(5);
    expect(canary.spec.template.spec.containers).toEqual([
      { name: 'api', image: 'i@sha256:2' },
      { name: 'proxy', image: 'p' },
    ]);
    expect(canary.spec.template.metadata?.annotations).toEqual({ note: 'kept' });
  });
  it('is selected by its own selector and not by that of stable', () => {
    const labels = canary.spec.template.metadata?.labels ?? {};
    const matches = (selector: Readonly<Record<string, string>> = {}): boolean =>
      Object.entries(selector).every(([key, value]) => labels[key] === value);
    expect(matches(canary.spec.selector.matchLabels)).toBe(true);
    expect(matches(STABLE.spec.selector.matchLabels)).toBe(false);
  });
});

it('makes a canary Service with the ports of stable, without its address', () => {
  const service = makeCanaryService(
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'crm-api', namespace: 'crm' },
      spec: {
        clusterIP: '10.0.0.1',
        selector: { app: 'crm-api', 'mainstay.dev/track': 'stable' },
        ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }],
      },
    },
    NAMING,
    'crm-api-canary-5',
    {},
  );
  expect(service.spec).toEqual({
    type: 'ClusterIP',
    selector: { app: 'crm-api', 'mainstay.dev/track': 'canary-5' },
    ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }],
  });
});

describe('templateDigest', () => {
  it('changes with anything in the template and with nothing outside it', () => {
    const digest = templateDigest(STABLE);
    expect(templateDigest({ ...STABLE, spec: { ...STABLE.spec, replicas: 9 } })).toBe(digest);
    expect(templateDigest(withImage(STABLE, 'api', 'other'))).not.toBe(digest);
    expect(templateDigest(withImage(withImage(STABLE, 'api', 'other'), 'api', 'i@sha256:1'))).toBe(digest);
  });
});

describe('assessReadiness', () => {
  const all = { observedGeneration: 2, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 };
  it.each([
    { when: 'all run it', status: all, ready: true, says: '3 of 3 replicas updated, 3 available' },
    { when: 'the controller is behind', status: { ...all, observedGeneration: 1 }, ready: false, says: 'has not seen' },
    { when: 'an old one is left', status: { ...all, replicas: 4 }, ready: false, says: '1 old still there' },
    { when: 'one is not available', status: { ...all, availableReplicas: 2 }, ready: false, says: '2 available' },
    { when: 'there is no status', status: undefined, ready: false, says: 'has not seen' },
  ])('is $ready when $when', ({ status, ready, says }) => {
    const found = assessReadiness({ ...STABLE, ...(status && { status }) });
    expect(found.ready).toBe(ready);
    expect(found.says).toContain(says);
  });
});

it('explains a crash loop by pod, reason, exit code and restarts', () => {
  const waiting = { reason: 'CrashLoopBackOff', message: 'back-off 10s' };
  const container = {
    name: 'api',
    ready: false,
    restartCount: 4,
    state: { waiting },
    lastState: { terminated: { exitCode: 3 } },
  };
  expect(explainPods([{ metadata: { name: 'p-1' }, status: { containerStatuses: [container] } }])).toBe(
    'pod p-1: CrashLoopBackOff (back-off 10s), last exit code 3, 4 restarts',
  );
});

it.each([
  { when: 'it crashed before', restartCount: 2, says: 'pod p-1: not ready, last exit code 3, 2 restarts' },
  { when: 'it never crashed', restartCount: 0, says: 'pod p-1 runs but its readiness probe does not pass' },
])('explains a pod that runs but is not ready when $when', ({ restartCount, says }) => {
  const container = { name: 'api', ready: false, restartCount, lastState: { terminated: { exitCode: 3 } } };
  expect(explainPods([{ metadata: { name: 'p-1' }, status: { containerStatuses: [container] } }])).toBe(says);
});
