/** Parts of states for the tests of what is told about an operation: one plan, one clock. */
import type { DeployState } from '../../../src/core/model/deploy-state.ts';
import type {
  BeforeRecord,
  DeployResult,
  ForeignChange,
  RestoredObject,
  StepRecord,
} from '../../../src/core/model/operation.ts';
import type { CanaryStep, DeployPlan } from '../../../src/core/model/plan.ts';

export const NOW_MS = Date.UTC(2026, 8, 20, 10, 15, 0);
const MIN = 60_000;
export const ago = (minutes: number): number => NOW_MS - minutes * MIN;
export const within = (minutes: number): number => NOW_MS + minutes * MIN;

const STEPS: readonly CanaryStep[] = [10, 25, 50, 75, 100].map((weightPercent, index) => ({
  index,
  weightPercent,
  durationMs: 10 * MIN,
  approval: weightPercent === 50,
}));

export const PLAN: DeployPlan = {
  schemaVersion: 1,
  service: 'crm-api',
  environment: 'production',
  version: 'v1.5.0',
  requestedBy: 'release-manager',
  reason: 'monthly release',
  onBusy: 'reject',
  catalogue: { digest: 'sha256:c0ffee00c0ffee00', path: '/etc/mainstay/mainstay.yaml' },
  workload: { cluster: {}, namespace: 'crm', deployment: 'crm-api', container: 'api' },
  build: {
    kind: 'localCommand',
    command: ['./build.sh'],
    directory: '/srv/crm',
    environment: {},
    timeoutMs: 10 * MIN,
    repository: 'registry.example.com/crm-api',
  },
  traffic: { kind: 'httpRoute', route: 'crm-api', stableService: 'crm-api', port: 80 },
  steps: STEPS,
  bakeMs: 10 * MIN,
  analysis: { metrics: [] },
  preflight: {
    image: 'required',
    freeze: 'required',
    config: 'required',
    rights: 'required',
    stableHealthy: 'required',
    router: 'advisory',
    selector: 'required',
    history: 'required',
  },
  requires: [],
  freezeWindows: [],
  stepApproval: { deadlineMs: 60 * MIN, onDeadline: 'reject' },
  deadlines: {
    noDataMs: 5 * MIN,
    foreignChangeMs: 10 * MIN,
    confirmWeightMs: 2 * MIN,
    readyMs: 10 * MIN,
    queueMs: 24 * 60 * MIN,
    pauseMs: 24 * 60 * MIN,
  },
  intervals: { lookMs: 10_000, observerHeartbeatMs: 30_000, mutatorHeartbeatMs: 3_000, ownershipQuestionMs: 5 * MIN },
};

export const BEFORE: BeforeRecord = {
  deployment: {
    name: 'crm-api',
    uid: 'd-1',
    replicas: 5,
    image: 'registry.example.com/crm-api@sha256:aaaa',
    templateDigest: 'sha256:bbbb',
    revision: '3',
    readyReplicas: 5,
    selector: { app: 'crm-api', 'mainstay.dev/track': 'stable' },
  },
  route: { name: 'crm-api', uid: 'r-1', rule: 0, backends: [{ service: 'crm-api', port: 80, weight: 100 }] },
  observedAtMs: ago(15),
  first: false,
};

export const FOREIGN: ForeignChange = {
  object: 'HTTPRoute crm/crm-api',
  field: 'rules[0] weights',
  expected: 'crm-api 75, crm-api-canary-7 25',
  observed: 'crm-api 100, crm-api-canary-7 0',
};

function step(index: number, phase: StepRecord['verdict']['phase'], reason: string): StepRecord {
  const weightPercent = STEPS[index]?.weightPercent ?? 0;
  const startedAtMs = ago(30 - index * 10);
  return {
    step: index,
    weightPercent,
    startedAtMs,
    endedAtMs: startedAtMs + 10 * MIN,
    slots: 60,
    verdict: { phase, reason, metrics: [] },
  };
}

export const PASSED = step(0, 'passed', 'error ratio 0.41 % (5 of 1,204 canary requests) <= 1 %');
export const FAILED = step(
  1,
  'failed',
  'error ratio 8.10 % (26 of 321 canary requests) > 1 %, 4 of at most 3 failures',
);

export const RESTORED: readonly RestoredObject[] = [
  {
    object: 'HTTPRoute crm/crm-api',
    field: 'weights',
    wanted: 'crm-api 100',
    observed: 'crm-api 100',
    restored: true,
    changed: true,
  },
  {
    object: 'Deployment crm/crm-api',
    field: 'image',
    wanted: 'sha256:aaaa',
    observed: 'sha256:aaaa',
    restored: true,
    changed: false,
  },
  {
    object: 'Deployment crm/crm-api-canary-7',
    field: 'existence',
    wanted: 'absent',
    observed: 'absent',
    restored: true,
    changed: true,
  },
];
export const UNRESTORED: RestoredObject = {
  object: 'Service crm/crm-api-canary-7',
  field: 'existence',
  wanted: 'absent',
  observed: 'present',
  restored: false,
  changed: false,
  note: 'a finalizer holds it',
};

export function state(changes: Partial<DeployState> = {}): DeployState {
  return {
    operation: 'deployService',
    workflowId: 'deploy/production/crm-api/20260920T095900Z-3f2a',
    input: {
      service: 'crm-api',
      environment: 'production',
      version: 'v1.5.0',
      requestedBy: 'release-manager',
      reason: 'monthly release',
    },
    startedAtMs: ago(16),
    phase: 'preparing',
    phaseSinceMs: ago(1),
    preflight: [],
    weightPercent: 0,
    steps: [],
    decisions: [],
    restored: [],
    foreign: [],
    ...changes,
  };
}

export const PLANNED: Partial<DeployState> = {
  plan: PLAN,
  planDigest: '1a2b3c4d5e6f7788',
  image: 'registry.example.com/crm-api@sha256:cccc',
  preflight: [
    { name: 'image', mode: 'required', result: 'pass', reason: 'the tag exists' },
    { name: 'freeze', mode: 'required', result: 'pass', reason: 'no window is open' },
    { name: 'router', mode: 'advisory', result: 'could-not-check', reason: 'router.example.com: no answer within 5 s' },
  ],
};
export const OWNING: Partial<DeployState> = { ...PLANNED, term: 7, before: BEFORE };
export const CANARY: Partial<DeployState> = {
  ...OWNING,
  phase: 'canary',
  step: 1,
  stepStartedAtMs: ago(4),
  weightPercent: 25,
  steps: [PASSED],
};
export const APPROVAL = { for: 'approval', sinceMs: ago(5), deadlineMs: within(55), onDeadline: 'reject' } as const;
export const PAUSED = { by: 'sre-on-call', reason: 'looking at a slow query', sinceMs: ago(3) };

export function result(
  outcome: DeployResult['outcome'],
  reasonCode: DeployResult['reasonCode'],
  reason: string,
  changes: Partial<DeployResult> = {},
): Partial<DeployState> {
  return {
    ...OWNING,
    phase: 'ended',
    steps: [PASSED],
    result: {
      outcome,
      reasonCode,
      reason,
      service: 'crm-api',
      environment: 'production',
      version: 'v1.5.0',
      planDigest: '1a2b3c4d5e6f7788',
      catalogueDigest: PLAN.catalogue.digest,
      steps: [PASSED],
      restored: [],
      foreign: [],
      preflight: [],
      startedAtMs: ago(16),
      endedAtMs: NOW_MS,
      ...changes,
    },
  };
}

/** An end before anything was changed. */
export function untouched(...[outcome, code, reason]: Parameters<typeof result>): Partial<DeployState> {
  const { before: _, term: __, ...rest } = result(outcome, code, reason, { steps: [] });
  return { ...rest, steps: [] };
}
