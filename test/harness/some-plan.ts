import type { MigrationsPlan } from '../../src/core/model/migration.ts';
import type { DeployPlan } from '../../src/core/model/plan.ts';
import type { CollectedRecords } from '../../src/core/analysis/detection.ts';
import { ERROR_DEFAULTS } from '../../src/core/analysis/sequential/constants.ts';

const MINUTE = 60_000;

/** A plan with the default ladder and one error-ratio threshold; overrides as a test needs. */
export function somePlan(overrides: Partial<DeployPlan> = {}): DeployPlan {
  return {
    schemaVersion: 1,
    service: 'crm-api',
    environment: 'production',
    version: 'v2',
    requestedBy: 'release-manager',
    reason: '',
    onBusy: 'reject',
    catalogue: { digest: 'c'.repeat(64), path: 'mainstay.yaml' },
    workload: { cluster: {}, namespace: 'crm', deployment: 'crm-api', container: 'api' },
    build: { kind: 'image', repository: 'registry.example.com/crm-api' },
    traffic: { kind: 'httpRoute', route: 'crm-api', stableService: 'crm-api', port: 80 },
    steps: [10, 25, 50, 75, 100].map((weightPercent, index) => ({
      index,
      weightPercent,
      durationMs: 10 * MINUTE,
      approval: false,
    })),
    bakeMs: 10 * MINUTE,
    analysis: {
      metrics: [
        {
          name: 'error-ratio',
          source: { from: 'router', url: 'http://127.0.0.1:1/metrics', backendLabel: 'backend', labels: {} },
          query: {
            kind: 'errorRatio',
            total: { name: 'router_requests_total', labels: {} },
            errors: { name: 'router_requests_total', labels: { code: '~5..' } },
          },
          judge: {
            judge: 'threshold',
            fail: { op: '>', limit: 0.05 },
            intervalMs: 30_000,
            count: 3,
            failureLimit: 0,
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
    freezeWindows: [],
    stepApproval: { deadlineMs: 60 * MINUTE, onDeadline: 'reject' },
    deadlines: {
      noDataMs: 5 * MINUTE,
      foreignChangeMs: 10 * MINUTE,
      confirmWeightMs: 2 * MINUTE,
      readyMs: 10 * MINUTE,
      queueMs: 24 * 60 * MINUTE,
      pauseMs: 24 * 60 * MINUTE,
    },
    intervals: {
      lookMs: 10_000,
      observerHeartbeatMs: 30_000,
      mutatorHeartbeatMs: 3_000,
      ownershipQuestionMs: 5 * MINUTE,
    },
    ...overrides,
  };
}

export const IMAGE_1 = `registry.example.com/crm-api@sha256:${'1'.repeat(64)}`;
export const IMAGE_2 = `registry.example.com/crm-api@sha256:${'2'.repeat(64)}`;

export const SOME_MIGRATIONS: MigrationsPlan = {
  database: 'env:CRM_DATABASE_URL',
  directory: '/srv/crm/migrations',
  digest: 'e'.repeat(64),
  files: 3,
  lockWaitMs: MINUTE,
  lockTimeoutMs: 5_000,
  lockTries: 5,
  statementTimeoutMs: 5 * MINUTE,
  deadlineMs: 60 * MINUTE,
};

/** The same with the error ratio compared. */
export function comparedPlan(overrides: Partial<DeployPlan> = {}): DeployPlan {
  const plan = somePlan(overrides);
  const sequential = { options: ERROR_DEFAULTS };
  const metrics = plan.analysis.metrics.map((metric) => ({ ...metric, sequential }));
  return { ...plan, analysis: { metrics, onLowTraffic: 'approval', recordForMs: 0, ...overrides.analysis } };
}

/** Four hours of a stable arm with 0.2 % errors. */
export function keptRecord(rps: number): CollectedRecords {
  const bins = Array.from({ length: 240 }, () => ({ n: 60 * rps, e: 0.12 * rps }));
  return { 'error-ratio': { bins, from: '4 h kept by the ledger' } };
}
