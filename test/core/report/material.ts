/** Operations as ledger and Temporal tell them, one a situation of the golden page. */
import type { LedgerRelease } from '../../../src/core/model/ledger-release.ts';
import type { DeployResult, RestoredObject } from '../../../src/core/model/operation.ts';
import type { ReportMaterial, TemporalAccount } from '../../../src/core/report/temporal-account.ts';
import { BEFORE, end, KEY, PLAN, result, STEP, T0 } from '../../clients/ledger/entries.ts';

export const LEDGER: LedgerRelease = {
  key: KEY,
  operation: 'deployService',
  environment: 'production',
  service: 'crm-api',
  version: 'v2',
  requestedBy: 'release-manager',
  askedBecause: 'the monthly release',
  startedAtMs: T0,
  plan: PLAN,
  catalogueDigest: 'c'.repeat(64),
  before: BEFORE,
  term: 12,
  events: [
    {
      activityId: '9',
      what: 'shiftTraffic',
      startedAtMs: T0 - 2_000,
      endedAtMs: T0 - 1_000,
      attempt: 1,
      outcome: 'done',
      says: 'traffic crm-api 90, crm-api-canary-12 10: the router applies the weights',
    },
    {
      activityId: '11',
      what: 'restoreTraffic',
      startedAtMs: T0 + 61_000,
      endedAtMs: T0 + 62_000,
      attempt: 2,
      outcome: 'failed',
      says: 'HTTPRoute crm/crm-api: the server is away',
    },
  ],
  watches: [
    {
      activityId: '10',
      record: 0,
      mode: 'step',
      step: 0,
      weightPercent: 10,
      startedAtMs: T0,
      endedAtMs: T0 + 60_000,
      ended: 'verdict',
      looks: 6,
      canary: { requests: 321, errors: 26 },
      stable: { requests: 2_890, errors: 6 },
      verdict: STEP.verdict,
    },
  ],
  verdicts: [],
  decisions: [],
  restored: [],
  foreign: [],
  preflight: [],
  notifications: [],
  incidents: [],
};

/** The same with its end. */
export const ENDED: LedgerRelease = {
  ...LEDGER,
  endedAtMs: T0 + 90_000,
  outcome: 'rolledBack',
  reasonCode: 'AnalysisFailed',
  reason: STEP.verdict.reason,
  planDigest: 'a'.repeat(64),
  verdicts: [STEP],
  decisions: end().decisions,
  restored: result().restored,
  foreign: result().foreign,
  preflight: result().preflight,
  notifications: [
    {
      dedupeKey: 'k',
      event: 'ended',
      workflowId: KEY.workflowId,
      environment: 'production',
      service: 'crm-api',
      urgency: 'high',
      subject: 'crm-api v2 in production: ROLLED BACK',
      body: '',
      atMs: T0 + 90_000,
    },
  ],
};

export const RESTORE: LedgerRelease = {
  ...ENDED,
  key: { workflowId: 'restore/production/crm-api/13', runId: 'run-2' },
  operation: 'restoreService',
  restores: KEY.workflowId,
  requestedBy: 'ownership',
  events: [{ ...LEDGER.events[1], attempt: 1, outcome: 'done', says: 'traffic: 1 of 1 as found before' } as never],
  notifications: [],
};

export function temporal(changes: Partial<TemporalAccount> = {}): TemporalAccount {
  return {
    ...KEY,
    operation: 'deployService',
    run: 'COMPLETED',
    startedAtMs: T0 - 5_000,
    closedAtMs: T0 + 90_000,
    ...changes,
  };
}

export const UNRESTORED: RestoredObject = {
  object: 'HTTPRoute crm/crm-api',
  field: 'backends',
  wanted: 'crm-api 100',
  observed: 'crm-api 50, other 50',
  restored: false,
  changed: false,
  note: 'accepted as it is by on-call',
};

const SHORT: DeployResult = { ...result(), steps: [], preflight: [], outcome: 'aborted', reasonCode: 'Cancelled' };

export const MATERIAL: Readonly<Record<string, ReportMaterial>> = {
  'rolled back, all there': { ledger: ENDED, temporal: temporal({ result: result() }), troubles: [] },
  'rolled back, Temporal has forgotten it': { ledger: ENDED, troubles: [] },
  'rolled back, the ledger is away': {
    temporal: temporal({ result: result() }),
    troubles: ['ledger: connect (database db.example.com:5432/ledger): ECONNREFUSED: connection refused'],
  },
  'an object is not restored': {
    ledger: { ...ENDED, restored: [UNRESTORED] },
    troubles: [],
  },
  'promoted, with markup in what people wrote': {
    ledger: {
      ...ENDED,
      outcome: 'promoted',
      reasonCode: 'AnalysisPassed',
      reason: 'v2 passed 5 steps and the bake',
      askedBecause: 'a | b <script> [x](y)\nsecond line',
      restored: [],
    },
    troubles: [],
  },
  'cancelled, the end did not reach the ledger': {
    ledger: LEDGER,
    temporal: temporal({ run: 'CANCELLED', result: SHORT }),
    ownership: { lastWorkflowId: KEY.workflowId, last: { ...result(), outcome: 'aborted', reasonCode: 'Cancelled' } },
    troubles: [],
  },
  'cancelled, memo only': { temporal: temporal({ run: 'CANCELLED', result: SHORT }), troubles: [] },
  'terminated and restored': {
    ledger: {
      ...LEDGER,
      endedAtMs: T0 + 70_000,
      outcome: 'terminated',
      reasonCode: 'OwnerEnded',
      reason: 'it ended without a word of its own: terminated or failed',
      restoredBy: RESTORE.key.workflowId,
    },
    restore: RESTORE,
    temporal: temporal({ run: 'TERMINATED', failure: { type: 'terminated', message: 'by hand', problems: [] } }),
    troubles: [],
  },
  'terminated, no ledger': {
    temporal: temporal({ run: 'TERMINATED', failure: { type: 'terminated', message: 'by hand', problems: [] } }),
    ownership: {
      lastWorkflowId: RESTORE.key.workflowId,
      last: {
        ...result(),
        reasonCode: 'OwnerEnded',
        steps: [],
        reason: `${KEY.workflowId} (deploy crm-api v2) ended without release; what it found was restored`,
      },
    },
    troubles: ['this host keeps no ledger'],
  },
  'failed at once': {
    temporal: temporal({
      run: 'FAILED',
      input: { service: 'crm-api', environment: 'production', version: 'v 2', requestedBy: 'ci', reason: 'nightly' },
      failure: {
        type: 'InvalidInput',
        message: 'deployService: 1 problem\n- x',
        problems: ['version: expected a tag'],
      },
    }),
    troubles: [],
  },
  running: { ledger: LEDGER, temporal: temporal({ run: 'RUNNING' }), troubles: ['no worker polls'] },
  'its end is nowhere': { ledger: LEDGER, troubles: ['no Temporal server answers'] },
};
