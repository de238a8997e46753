import type { EndEntry, EventEntry, LedgerEntry, StartEntry, WatchEntry } from '../../../src/core/model/ledger.ts';
import type { BeforeRecord, DeployResult, StepRecord, StepTally } from '../../../src/core/model/operation.ts';
import { IMAGE_1, IMAGE_2, somePlan } from '../../harness/some-plan.ts';

/** 2026-09-20T10:15:00.123Z */
export const T0 = 1_789_899_300_123;
export const KEY = { workflowId: 'deploy/production/crm-api/x', runId: 'run-1' };
export const PLAN = somePlan({ reason: 'the monthly release' });

export const BEFORE: BeforeRecord = {
  deployment: {
    name: 'crm-api',
    uid: 'uid-1',
    replicas: 4,
    image: IMAGE_1,
    templateDigest: 'd'.repeat(64),
    revision: '7',
    readyReplicas: 4,
    selector: { app: 'crm-api' },
  },
  route: { name: 'crm-api', uid: 'uid-2', rule: 0, backends: [{ service: 'crm-api', port: 80, weight: 100 }] },
  observedAtMs: T0,
  first: false,
};

export function start(): StartEntry {
  const at = { key: KEY, operation: 'deployService' as const };
  return { kind: 'start', ...at, plan: PLAN, before: BEFORE, term: 12, atMs: T0 + 5_000 };
}

export function event(activityId: string, changes: Partial<EventEntry> = {}): EventEntry {
  const times = { startedAtMs: T0 + 6_000, endedAtMs: T0 + 9_000 };
  const what = { what: 'shiftTraffic', outcome: 'done' as const, says: 'traffic: 10 % to the canary' };
  return {
    kind: 'event',
    key: KEY,
    activityId,
    environment: 'production',
    service: 'crm-api',
    attempt: 1,
    ...times,
    ...what,
    ...changes,
  };
}

export function watch(looks: number, changes: Partial<StepTally> = {}): WatchEntry {
  const slots = Array.from({ length: looks }, (_, index) => ({
    step: 0,
    atMs: T0 + 10_000 * index,
    nC: index === 1 ? null : 10,
    eC: index === 1 ? null : 1,
    nS: 90,
    eS: 0,
  }));
  const tally: WatchEntry['tally'] = {
    step: 0,
    startedAtMs: T0,
    endedAtMs: T0 + 60_000,
    ended: 'verdict',
    mode: 'step',
    slots,
    samples: {},
    foreign: [],
    ...changes,
  };
  return { kind: 'watch', key: KEY, activityId: '14', record: 0, plan: PLAN, weightPercent: 10, tally };
}

export const STEP: StepRecord = {
  step: 0,
  weightPercent: 10,
  startedAtMs: T0,
  endedAtMs: T0 + 60_000,
  verdict: { phase: 'failed', reason: 'error-ratio 10.00 % (2 of 20 canary requests) > 5 %', metrics: [] },
  slots: 3,
};

export function result(changes: Partial<DeployResult> = {}): DeployResult {
  return {
    outcome: 'rolledBack',
    reasonCode: 'AnalysisFailed',
    reason: STEP.verdict.reason,
    service: 'crm-api',
    environment: 'production',
    version: 'v2',
    image: IMAGE_2,
    planDigest: 'a'.repeat(64),
    catalogueDigest: 'c'.repeat(64),
    term: 12,
    steps: [STEP],
    restored: [
      {
        object: 'HTTPRoute crm/crm-api',
        field: 'backends',
        wanted: 'crm-api 100',
        observed: 'crm-api 100',
        restored: true,
        changed: true,
      },
    ],
    foreign: [{ object: 'Deployment crm/crm-api', field: 'image', expected: 'a', observed: 'b' }],
    preflight: [{ name: 'image', mode: 'required', result: 'pass', reason: 'is there' }],
    startedAtMs: T0,
    endedAtMs: T0 + 90_000,
    ...changes,
  };
}

export function end(changes: Partial<EndEntry> = {}): EndEntry {
  const decision = { what: 'pause', by: 'release-manager', reason: 'a look', atMs: T0 + 30_000 } as const;
  const asked = { requestedBy: 'release-manager', askedBecause: 'the monthly release' };
  const whole = { plan: PLAN, before: BEFORE, decisions: [decision], result: result() };
  return { kind: 'end', key: KEY, operation: 'deployService', ...asked, ...whole, ...changes };
}

/** The end of a restore after an owner that was terminated. */
export function restoreEnd(): EndEntry {
  const restores = {
    workflowId: KEY.workflowId,
    runId: KEY.runId,
    purpose: 'deploy crm-api v2',
    requestedBy: 'release-manager',
    sinceMs: T0 + 4_000,
    term: 12,
  };
  return end({
    key: { workflowId: 'restore/production/crm-api/13', runId: 'run-2' },
    operation: 'restoreService',
    requestedBy: 'ownership',
    askedBecause: `${KEY.workflowId} ended without release`,
    decisions: [],
    result: result({
      reasonCode: 'OwnerEnded',
      steps: [],
      term: 13,
      startedAtMs: T0 + 100_000,
      endedAtMs: T0 + 101_000,
    }),
    restores,
  });
}

/** Everything that a rolled back deployment writes, in the order in which it happens. */
export function story(): readonly LedgerEntry[] {
  return [
    start(),
    event('9'),
    watch(3),
    event('20', { what: 'restoreTraffic', says: 'traffic as before', startedAtMs: T0 + 70_000 }),
    end(),
  ];
}
