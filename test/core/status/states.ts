/** States of an operation for the tests of what is told about it: one plan, one clock, every situation by name. */
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
const ago = (minutes: number): number => NOW_MS - minutes * MIN;
const within = (minutes: number): number => NOW_MS + minutes * MIN;

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

const BEFORE: BeforeRecord = {
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

const FOREIGN: ForeignChange = {
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

const PASSED = step(0, 'passed', 'error ratio 0.41 % (5 of 1,204 canary requests) <= 1 %');
const FAILED = step(1, 'failed', 'error ratio 8.10 % (26 of 321 canary requests) > 1 %, 4 of at most 3 failures');

const RESTORED: readonly RestoredObject[] = [
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
const UNRESTORED: RestoredObject = {
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

const PLANNED: Partial<DeployState> = {
  plan: PLAN,
  planDigest: '1a2b3c4d5e6f7788',
  image: 'registry.example.com/crm-api@sha256:cccc',
  preflight: [
    { name: 'image', mode: 'required', result: 'pass', reason: 'the tag exists' },
    { name: 'freeze', mode: 'required', result: 'pass', reason: 'no window is open' },
    { name: 'router', mode: 'advisory', result: 'could-not-check', reason: 'router.example.com: no answer within 5 s' },
  ],
};
const OWNING: Partial<DeployState> = { ...PLANNED, term: 7, before: BEFORE };
const CANARY: Partial<DeployState> = {
  ...OWNING,
  phase: 'canary',
  step: 1,
  stepStartedAtMs: ago(4),
  weightPercent: 25,
  steps: [PASSED],
};
const APPROVAL = { for: 'approval', sinceMs: ago(5), deadlineMs: within(55), onDeadline: 'reject' } as const;
const PAUSED = { by: 'sre-on-call', reason: 'looking at a slow query', sinceMs: ago(3) };

function result(
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
function untouched(...[outcome, code, reason]: Parameters<typeof result>): Partial<DeployState> {
  const { before: _, term: __, ...rest } = result(outcome, code, reason, { steps: [] });
  return { ...rest, steps: [] };
}

/** Every phase in every situation it can be in; the titles are the sections of the golden file. */
export const SITUATIONS: Readonly<Record<string, DeployState>> = {
  'preparing: just begun': state(),
  'preparing: preflight runs': state({ ...PLANNED, doing: 'checking that 5 of 5 stable pods are ready' }),
  'preparing: dry run': state({ input: { ...state().input, dryRun: true } }),
  'building by command': state({ ...PLANNED, phase: 'building' }),
  'building from a ready image': state({
    ...PLANNED,
    phase: 'building',
    plan: { ...PLAN, build: { kind: 'image', repository: 'registry.example.com/crm-api' } },
  }),
  'building: the registry is away': state({
    ...PLANNED,
    phase: 'building',
    doing: 'pushing the image, attempt 3: registry registry.example.com: connection refused',
  }),
  'awaiting the approval to start': state({ ...PLANNED, phase: 'awaitingStart', waiting: APPROVAL }),
  'awaiting the approval to start: overdue': state({
    ...PLANNED,
    phase: 'awaitingStart',
    waiting: { ...APPROVAL, deadlineMs: ago(1) },
  }),
  queued: state({
    ...PLANNED,
    phase: 'queued',
    waiting: {
      for: 'turn',
      sinceMs: ago(2),
      position: 1,
      owner: 'deploy/production/crm-api/20260920T094000Z-77aa',
      deadlineMs: within(1438),
    },
  }),
  claiming: state({ ...PLANNED, phase: 'claiming', term: 7 }),
  'canary: setting up the first step': state({
    ...OWNING,
    phase: 'canary',
    step: 0,
    doing: 'waiting until 1 canary pod is ready',
  }),
  'canary: a pod never gets ready': state({
    ...OWNING,
    phase: 'canary',
    step: 0,
    doing: 'waiting until 1 canary pod is ready: crm-api-canary-7-x2x4 restarts (exit code 1)',
  }),
  'canary: watched': state(CANARY),
  'canary: last step': state({ ...CANARY, step: 4, weightPercent: 100 }),
  'canary: overdue': state({ ...CANARY, stepStartedAtMs: ago(11) }),
  'canary: before a step with approval': state({
    ...CANARY,
    decisions: [{ what: 'skipStep', by: 'release-manager', reason: 'night shift is over', atMs: ago(5) }],
  }),
  'canary: paused': state({
    ...CANARY,
    paused: PAUSED,
    waiting: { for: 'resume', sinceMs: ago(3), deadlineMs: within(1437) },
    decisions: [{ what: 'pause', by: PAUSED.by, reason: PAUSED.reason, atMs: PAUSED.sinceMs }],
  }),
  'canary: paused in the middle of a step': state({ ...CANARY, paused: PAUSED }),
  'canary: just resumed': state({
    ...CANARY,
    waiting: { for: 'resume', sinceMs: ago(3), deadlineMs: within(1437) },
    decisions: [{ what: 'resume', by: 'sre-on-call', reason: 'it was another service', atMs: NOW_MS }],
  }),
  'canary: just skipped': state({
    ...CANARY,
    decisions: [{ what: 'skipStep', by: 'release-manager', reason: 'seen enough', atMs: NOW_MS }],
  }),
  'canary: just aborted': state({
    ...CANARY,
    decisions: [{ what: 'abort', by: 'release-manager', reason: 'wrong version', atMs: NOW_MS }],
  }),
  'canary: holding for data': state({
    ...CANARY,
    stepStartedAtMs: ago(12),
    waiting: {
      for: 'data',
      sinceMs: ago(2),
      deadlineMs: within(3),
      missing: 'http_requests_total of 0 of 2 canary pods (connection refused)',
    },
  }),
  'canary: foreign change': state({ ...CANARY, foreign: [FOREIGN] }),
  'canary: foreign change while paused': state({ ...CANARY, foreign: [FOREIGN], paused: PAUSED }),
  'awaiting an approval during the canary': state({
    ...CANARY,
    phase: 'awaitingApproval',
    waiting: APPROVAL,
  }),
  'awaiting an approval: approves itself by deadline': state({
    ...CANARY,
    phase: 'awaitingApproval',
    waiting: { ...APPROVAL, onDeadline: 'approve' },
  }),
  'awaiting an approval: just approved': state({
    ...CANARY,
    phase: 'awaitingApproval',
    waiting: APPROVAL,
    decisions: [{ what: 'approve', by: 'release-manager', reason: '', atMs: NOW_MS }],
  }),
  promoting: state({ ...CANARY, phase: 'promoting', step: 4, weightPercent: 100, steps: [PASSED] }),
  'promoting: first deployment': state({
    ...OWNING,
    phase: 'promoting',
    before: { ...BEFORE, first: true },
  }),
  'promoting: foreign change': state({ ...CANARY, phase: 'promoting', foreign: [FOREIGN] }),
  baking: state({ ...CANARY, phase: 'baking', step: 4, weightPercent: 100 }),
  'baking: holding for data': state({
    ...CANARY,
    phase: 'baking',
    step: 4,
    weightPercent: 100,
    waiting: { for: 'data', sinceMs: ago(2), deadlineMs: within(3), missing: 'no request arrived' },
  }),
  'undoing: just begun': state({
    ...CANARY,
    phase: 'undoing',
    steps: [PASSED, FAILED],
    undoReason: FAILED.verdict.reason,
  }),
  'undoing: half done': state({
    ...CANARY,
    phase: 'undoing',
    steps: [PASSED, FAILED],
    undoReason: FAILED.verdict.reason,
    doing: 'waiting until the router shows crm-api at 100 %',
    restored: RESTORED.slice(0, 1),
  }),
  'undoing: needs help': state({
    ...CANARY,
    phase: 'undoing',
    undoReason: 'release-manager aborted it',
    decisions: [{ what: 'abort', by: 'release-manager', reason: 'wrong version', atMs: ago(6) }],
    restored: RESTORED,
    waiting: { for: 'help', sinceMs: ago(5), object: 'Service crm/crm-api-canary-7', problem: 'a finalizer holds it' },
  }),
  'undoing after a foreign change': state({
    ...CANARY,
    phase: 'undoing',
    undoReason: 'a foreign change stood for 10 min',
    foreign: [FOREIGN],
  }),
  'restoring after an owner died': state({
    ...OWNING,
    operation: 'restoreService',
    workflowId: 'restore/production/crm-api/8',
    phase: 'undoing',
    undoReason: 'deploy/production/crm-api/20260920T095900Z-3f2a ended without giving the service back',
  }),
  'ended: promoted': state({ ...result('promoted', 'AnalysisPassed', 'all 5 steps passed'), weightPercent: 100 }),
  'ended: first deployment': state(result('promoted', 'FirstDeployment', 'no version was serving before')),
  'ended: unchanged': state(untouched('unchanged', 'SameDigest', 'the stable version runs this digest already')),
  'ended: rolled back': state(
    result('rolledBack', 'AnalysisFailed', FAILED.verdict.reason, { restored: RESTORED, steps: [PASSED, FAILED] }),
  ),
  'ended: rolled back, one object accepted unrestored': state(
    result('rolledBack', 'NoData', 'no usable sample for 5 min', { restored: [...RESTORED, UNRESTORED] }),
  ),
  'ended: rolled back after a foreign change': state(
    result('rolledBack', 'ForeignChange', 'a foreign change stood for 10 min', {
      restored: RESTORED,
      foreign: [FOREIGN],
    }),
  ),
  'ended: rejected by preflight': state({
    ...PLANNED,
    ...untouched('rejected', 'PreflightFailed', 'stableHealthy: 3 of 5 pods ready'),
  }),
  'ended: rejected as busy': state(
    untouched('rejected', 'ServiceBusy', 'deploy/production/crm-api/20260920T094000Z-77aa owns the service'),
  ),
  'ended: aborted': state(result('aborted', 'Aborted', 'release-manager: wrong version', { restored: RESTORED })),
  'ended: superseded': state(result('superseded', 'Preempted', 'an emergency rollback took the service over')),
  'ended: planned': state(untouched('planned', 'DryRun', 'the plan and all checks are shown; nothing was changed')),
  'ended without a result': state({ ...OWNING, phase: 'ended' }),
};
