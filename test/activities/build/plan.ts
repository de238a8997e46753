import type { BuildPlan, DeployPlan } from '../../../src/core/model/plan.ts';

const MINUTE = 60_000;

/** A complete plan with everything a build or a preflight reads. */
export function planWith(build: BuildPlan, changes: Partial<DeployPlan> = {}): DeployPlan {
  return {
    schemaVersion: 1,
    service: 'crm-api',
    environment: 'production',
    version: 'v1.4.2',
    requestedBy: 'release engineer',
    reason: '',
    onBusy: 'reject',
    catalogue: { digest: 'c'.repeat(64), path: '/etc/mainstay.yaml' },
    workload: { cluster: {}, namespace: 'crm', deployment: 'crm-api', container: 'app' },
    build,
    traffic: { kind: 'httpRoute', route: 'crm', stableService: 'crm-api', port: 80 },
    steps: [{ index: 0, weightPercent: 100, durationMs: MINUTE, approval: false }],
    bakeMs: MINUTE,
    analysis: { metrics: [] },
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
    stepApproval: { deadlineMs: MINUTE, onDeadline: 'reject' },
    deadlines: {
      noDataMs: MINUTE,
      foreignChangeMs: MINUTE,
      confirmWeightMs: MINUTE,
      readyMs: MINUTE,
      queueMs: MINUTE,
      pauseMs: MINUTE,
    },
    intervals: { lookMs: 1000, observerHeartbeatMs: 30_000, mutatorHeartbeatMs: 3000, ownershipQuestionMs: 300_000 },
    ...changes,
  };
}
