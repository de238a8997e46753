/** Every situation an operation can be in, by name: the sections of the golden file. */
import type { DeployState } from '../../../src/core/model/deploy-state.ts';
import {
  APPROVAL,
  BEFORE,
  CANARY,
  FAILED,
  FOREIGN,
  NOW_MS,
  OWNING,
  PASSED,
  PAUSED,
  PLAN,
  PLANNED,
  RESTORED,
  UNRESTORED,
  ago,
  result,
  state,
  untouched,
  within,
} from './state-parts.ts';

export { NOW_MS, state } from './state-parts.ts';

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
  migrating: state({
    ...OWNING,
    phase: 'migrating',
    doing: 'applying 0002_orders_note.expand.sql (1 of 2)',
  }),
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
