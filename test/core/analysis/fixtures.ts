/** Plans and readings of the analysis tests: small, complete, each field settable. */
import type {
  ArmReading,
  InstanceReading,
  MetricReading,
  SelectorReading,
} from '../../../src/core/analysis/reading.ts';
import type { MetricPlan, Sample, SampleOutcome, ThresholdPlan } from '../../../src/core/model/analysis.ts';
import type { ObserveStepInput, Standing } from '../../../src/core/model/observe.ts';
import type { DeployPlan } from '../../../src/core/model/plan.ts';

export const SECOND = 1_000;
export const MINUTE = 60_000;

export function threshold(overrides: Partial<ThresholdPlan> = {}): ThresholdPlan {
  return {
    judge: 'threshold',
    intervalMs: 30 * SECOND,
    count: 10,
    failureLimit: 3,
    inconclusiveLimit: 0,
    consecutiveErrorLimit: 4,
    consecutiveSuccessLimit: 0,
    warmUpMs: 0,
    minRequests: 0,
    fail: { op: '>', limit: 0.05 },
    ...overrides,
  };
}

export const PODS = { from: 'pods', port: 8080, path: '/metrics' } as const;

export function errorRatio(judge: Partial<ThresholdPlan> = {}, overrides: Partial<MetricPlan> = {}): MetricPlan {
  return {
    name: 'error ratio',
    source: PODS,
    query: {
      kind: 'errorRatio',
      total: { name: 'http_requests_total', labels: {} },
      errors: { name: 'http_requests_total', labels: { code: '~5..' } },
    },
    judge: threshold(judge),
    dryRun: false,
    unit: '%',
    ...overrides,
  };
}

export function latency(judge: Partial<ThresholdPlan> = {}, overrides: Partial<MetricPlan> = {}): MetricPlan {
  return {
    ...errorRatio({ fail: { op: '>', limit: 2 }, ...judge }),
    name: 'p99',
    query: { kind: 'quantile', histogram: { name: 'http_request_duration_seconds', labels: {} }, quantile: 0.99 },
    unit: 's',
    ...overrides,
  };
}

export function gauge(relativeToStable: boolean, judge: Partial<ThresholdPlan> = {}): MetricPlan {
  return {
    ...errorRatio({ fail: { op: '<', limit: 0.95 }, ...judge }),
    name: 'checkout success',
    query: { kind: 'value', gauge: { name: 'crm_checkout_success_ratio', labels: {} }, relativeToStable },
    unit: '%',
  };
}

export function samplesOf(outcomes: readonly SampleOutcome[]): Sample[] {
  const value = { pass: 0.001, fail: 0.081, inconclusive: 0.03, error: null, 'no-data': null };
  return outcomes.map((outcome, at) => ({
    atMs: at * 30 * SECOND,
    outcome,
    value: value[outcome],
    requests: value[outcome] === null ? null : 321,
    events: outcome === 'fail' ? 26 : value[outcome] === null ? null : 1,
    stableValue: null,
    ...(value[outcome] === null ? { note: `why ${outcome}` } : {}),
  }));
}

export function selector(values: Readonly<Record<string, number>>, known = true): SelectorReading {
  return { known, series: Object.entries(values).map(([id, value]) => ({ id, value })) };
}

export function histogram(buckets: Readonly<Record<string, number>>, id = 'h'): SelectorReading {
  return { known: true, series: Object.entries(buckets).map(([le, value]) => ({ id, le, value })) };
}

export function instance(name: string, ...selectors: readonly SelectorReading[]): InstanceReading {
  return { instance: name, createdAtMs: null, selectors };
}

export function arm(...answered: readonly InstanceReading[]): ArmReading {
  return { listed: answered.map((one) => one.instance), answered, failed: [], without: [] };
}

/** Requests and errors so far, one pod an arm. */
export function counted(stable: readonly [number, number], canary: readonly [number, number]): MetricReading {
  const of = (name: string, [n, e]: readonly [number, number]) =>
    arm(instance(name, selector({ all: n }), selector({ bad: e })));
  return { stable: of('pod s', stable), canary: of('pod c', canary) };
}

export function silent(problem: string, name = 'pod c'): ArmReading {
  return { listed: [name], answered: [], failed: [{ instance: name, problem }], without: [] };
}

export const BACKENDS = [
  { service: 'crm-api', port: 80, weight: 90 },
  { service: 'crm-api-canary-7', port: 80, weight: 10 },
] as const;

export const STANDING: Standing = {
  route: { seen: 'present', backends: BACKENDS },
  stable: { seen: 'present', image: 'crm@sha256:old' },
  canary: { seen: 'present', image: 'crm@sha256:new', replicas: 1 },
  appliedPercent: 10,
};

export function deployPlan(metrics: readonly MetricPlan[], overrides: Partial<DeployPlan> = {}): DeployPlan {
  return {
    schemaVersion: 1,
    service: 'crm-api',
    environment: 'production',
    version: 'v2',
    requestedBy: 'release-engineer',
    reason: '',
    onBusy: 'reject',
    catalogue: { digest: 'd', path: 'mainstay.yaml' },
    workload: { cluster: {}, namespace: 'crm', deployment: 'crm-api', container: 'api' },
    build: { kind: 'image', repository: 'registry.local/crm' },
    traffic: { kind: 'httpRoute', route: 'crm-api', stableService: 'crm-api', port: 80 },
    steps: [{ index: 0, weightPercent: 10, durationMs: 10 * MINUTE, approval: false }],
    bakeMs: 10 * MINUTE,
    analysis: { metrics },
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
      lookMs: 10 * SECOND,
      observerHeartbeatMs: 30 * SECOND,
      mutatorHeartbeatMs: 3 * SECOND,
      ownershipQuestionMs: 5 * MINUTE,
    },
    ...overrides,
  };
}

export function observeInput(
  metrics: readonly MetricPlan[],
  overrides: Partial<ObserveStepInput> = {},
): ObserveStepInput {
  return {
    plan: deployPlan(metrics),
    step: 0,
    mode: 'step',
    arms: {
      stable: { labelSelector: 'track=stable', backend: 'crm-api' },
      canary: { labelSelector: 'track=canary-7', backend: 'crm-api-canary-7' },
    },
    expected: {
      backends: BACKENDS,
      stableImage: 'crm@sha256:old',
      canary: { name: 'crm-api-canary-7', image: 'crm@sha256:new', replicas: 1 },
    },
    weightPercent: 10,
    term: 7,
    ...overrides,
  };
}
