/**
 * The catalogue as it is written in `mainstay.yaml`, after its structure was checked: what may be left out is optional
 * here, durations and bounds are still texts. `resolvePlan` turns it into a plan with every default written out.
 *
 * Overrides: under `services.X.environments.<name>` the mappings workload, strategy, analysis, preflight, deadlines,
 * intervals and approvals are merged key by key; build, traffic, migrations, requires and every list are replaced whole.
 */
import type { MetricQuery, OnLowTraffic, ScrapeSource } from './analysis.ts';
import type { MetricUnit } from './bound.ts';
import type { CacheEntry, ClusterBackupEntry } from './catalogue-copies.ts';
import type { DatabaseEntry, SchedulesEntry } from './catalogue-database.ts';
import type { PrometheusArms, PrometheusAuth } from './prometheus.ts';
import type { CheckMode, ConfigRequirement, FreezeWindow, PreflightCheckName } from './plan.ts';
import type { TrafficEntry } from './traffic-entry.ts';

export const CATALOGUE_API_VERSION = 'mainstay.dev/v1';

/** `10s`, `5m`, `1h30m`, `24h`; see duration.ts. */
export type DurationText = string;
/** `> 5%`, `<= 2s`, `< 0.95`; see bound.ts. */
export type BoundText = string;

export interface Catalogue {
  readonly apiVersion: typeof CATALOGUE_API_VERSION;
  readonly environments: Readonly<Record<string, EnvironmentEntry>>;
  readonly services: Readonly<Record<string, ServiceEntry>>;
  readonly databases?: Readonly<Record<string, DatabaseEntry>>;
  readonly schedules?: SchedulesEntry;
  readonly caches?: Readonly<Record<string, CacheEntry>>;
}

export interface EnvironmentEntry {
  readonly cluster: { readonly kubeconfig?: string; readonly context?: string };
  readonly namespace: string;
  readonly region?: string;
  readonly approvals?: ApprovalsEntry;
  readonly freezeWindows?: readonly FreezeWindow[];
  /** Where metrics `from: prometheus` are asked for; a service's own goes over it. */
  readonly prometheus?: PrometheusEntry;
  /** Copies of the objects of the cluster. */
  readonly clusterBackup?: ClusterBackupEntry;
}

/** A Prometheus server. Secrets are references: `env:`, `file:`, `k8s:`. */
export interface PrometheusEntry {
  readonly url: string;
  readonly auth?: PrometheusAuth;
  /** Sent with each request, such as the tenant; no secrets. */
  readonly headers?: Readonly<Record<string, string>>;
  /** 5 s by default. */
  readonly timeout?: DurationText;
  /** 10 s by default. */
  readonly lag?: DurationText;
  /** 2 min by default. */
  readonly staleAfter?: DurationText;
}

export interface ApprovalEntry {
  readonly deadline?: DurationText;
  readonly onDeadline?: 'reject' | 'approve';
  readonly escalateAfter?: DurationText;
}

export interface ApprovalsEntry {
  /** Asked at weight 0, after the build. Mode `none` by default; deadline 30 d, then reject. */
  readonly start?: ApprovalEntry & { readonly mode?: 'none' | 'required' };
  /** For steps with `approval: true`. Deadline 1 h, then reject. */
  readonly step?: ApprovalEntry;
}

export interface WorkloadEntry {
  readonly deployment: string;
  readonly container: string;
  /** Replicas of a first deployment, where the Deployment stands at 0. 1 by default. */
  readonly firstReplicas?: number;
}

export type BuildEntry =
  | {
      readonly kind: 'localCommand';
      readonly command: readonly string[];
      /** Relative to the catalogue file; the loader makes it absolute. */
      readonly directory: string;
      /**
       * Plain values, which stand in histories; or secret references (env:, file:, k8s:), resolved where the command runs
       * and kept out of histories.
       */
      readonly environment?: Readonly<Record<string, string>>;
      /** 10 min by default. */
      readonly timeout?: DurationText;
      readonly repository: string;
    }
  | { readonly kind: 'image'; readonly repository: string };

export interface StepEntry {
  /** Per cent of the traffic, 1 to 100. */
  readonly weight: number;
  readonly duration: DurationText;
  readonly approval?: boolean;
}

export interface StrategyEntry {
  readonly kind: 'canary';
  /** 10, 25, 50, 75, 100 % for 10 min each by default. */
  readonly steps?: readonly StepEntry[];
  /** 10 min by default. */
  readonly bake?: DurationText;
}

/** How a threshold samples and counts; written once for all metrics, or in a metric's own judge. */
export interface SamplingEntry {
  /** 30 s by default. */
  readonly interval?: DurationText;
  /** By default the smaller of 10 and what fits into the shortest step, at least 1. */
  readonly count?: number;
  /** Failed when more fail; -1 is off. By default 3 of 10, the same share of another count. */
  readonly failureLimit?: number;
  readonly inconclusiveLimit?: number;
  /** 4 by default. */
  readonly consecutiveErrorLimit?: number;
  /** 0 is off, the default. */
  readonly consecutiveSuccessLimit?: number;
  /** 0 s by default. */
  readonly warmUp?: DurationText;
  /** 10 by default. */
  readonly minRequests?: number;
}

/** Compares both arms look by look; see docs/judges.md. For an error ratio or a slow ratio. */
export interface SequentialEntry {
  readonly kind: 'sequential';
  /** Error ratio that must not be exceeded, `1%` by default; none for slow requests. */
  readonly objective?: string;
  /** Ratio of canary to stable that must be seen: 2 for errors, 3 for slow requests by default. */
  readonly mustDetect?: number;
  /** False rollbacks in the first hour, shared by all comparisons of the release. 0.01 by default. */
  readonly alpha?: number;
  /** Part of alpha that this metric gets, beside the others' weights. 1 by default. */
  readonly weight?: number;
  /** Chance that a canary as bad as must be seen passes the gate. 0.1 by default. */
  readonly beta?: number;
  /** Ratio that is nobody's fault: 1 for errors, 1.5 for slow requests by default. */
  readonly tolerance?: number;
  /** Canary errors below which nothing is rolled back. 5 by default. */
  readonly minErrors?: number;
  /** Canary requests that a step needs. 100 by default. */
  readonly minRequests?: number;
  /** 0 s for errors, 120 s for slow requests by default. */
  readonly warmUp?: DurationText;
  /** How long the gate before 100 % may stay shut. 30 min by default. */
  readonly gateDeadline?: DurationText;
  /** Judges where there is no record to compare with: `fail: "> objective"` for errors by default. */
  readonly threshold?: Omit<ThresholdEntry, 'kind'>;
}

export type JudgeEntry = ThresholdEntry | SequentialEntry;

export interface ThresholdEntry extends SamplingEntry {
  readonly kind: 'threshold';
  readonly pass?: BoundText;
  readonly fail?: BoundText;
}

/** A name with labels, or a PromQL text (`from: prometheus`). */
export interface SelectorEntry {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly promql?: string;
}

export interface PrometheusSourceEntry {
  readonly from: 'prometheus';
  /** By the label `pod` by default. */
  readonly arms?: Exclude<PrometheusArms, { by: 'pods' }> | { readonly by: 'pods'; readonly label?: string };
  readonly labels?: Readonly<Record<string, string>>;
}

/** A router's url and labels are those of `traffic.weightMetric` where they are not written. */
export type SourceEntry =
  | Extract<ScrapeSource, { from: 'pods' }>
  | {
      readonly from: 'router';
      readonly url?: string;
      readonly backendLabel?: string;
      readonly labels?: Readonly<Record<string, string>>;
    }
  | PrometheusSourceEntry;

export type QueryEntry =
  | { readonly kind: 'errorRatio'; readonly total: SelectorEntry; readonly errors: SelectorEntry }
  | { readonly kind: 'quantile'; readonly histogram: SelectorEntry; readonly quantile: number }
  /** `slowerThan` is a bucket bound as the histogram writes it; chosen from the record where it is left out. */
  | { readonly kind: 'slowRatio'; readonly histogram: SelectorEntry; readonly slowerThan?: string }
  | { readonly kind: 'value'; readonly gauge: SelectorEntry; readonly relativeToStable?: boolean };

export interface MetricEntry {
  readonly name: string;
  readonly source: SourceEntry;
  readonly query: QueryEntry;
  /** `sequential` for an error ratio when left out. */
  readonly judge?: JudgeEntry;
  readonly dryRun?: boolean;
  /** By default `%` for an error ratio and a value relative to stable, `s` for a quantile, none for a value. */
  readonly unit?: MetricUnit;
}

export interface AnalysisEntry extends SamplingEntry {
  /** What is done when the data cannot decide at this traffic. `approval` by default. */
  readonly onLowTraffic?: OnLowTraffic;
  /** The stable arm is watched at least this long before the first weight change, where its record is short. */
  readonly recordFor?: DurationText;
  /** Length of a slot of the comparison. 10 s by default; another length is for rehearsals in scaled time. */
  readonly slot?: DurationText;
  readonly prometheus?: PrometheusEntry;
  readonly metrics: readonly MetricEntry[];
}

export interface DeadlinesEntry {
  readonly noData?: DurationText;
  readonly foreignChange?: DurationText;
  readonly confirmWeight?: DurationText;
  readonly ready?: DurationText;
  readonly queue?: DurationText;
  readonly pause?: DurationText;
}

export interface IntervalsEntry {
  /** The smaller of 10 s and the shortest metric interval by default. */
  readonly look?: DurationText;
  readonly observerHeartbeat?: DurationText;
  readonly mutatorHeartbeat?: DurationText;
  readonly ownershipQuestion?: DurationText;
}

/** SQL files that run before the canary; see docs/migrations.md. */
export interface MigrationsEntry {
  /** Secret reference of the database's URL (postgres://...). */
  readonly database: string;
  /** Relative to the catalogue file; the loader makes it absolute. */
  readonly directory: string;
  /** 1 min by default. */
  readonly lockWait?: DurationText;
  /** 5 s by default. */
  readonly lockTimeout?: DurationText;
  /** 5 by default. */
  readonly lockTries?: number;
  /** 5 min by default. */
  readonly statementTimeout?: DurationText;
  /** 1 h by default. */
  readonly deadline?: DurationText;
  /** Name of a file of checksums in the directory; none by default. */
  readonly reviewed?: string;
}

export type PreflightEntry = Readonly<Partial<Record<PreflightCheckName, CheckMode>>>;

export interface ServiceEntry {
  readonly workload: WorkloadEntry;
  readonly build: BuildEntry;
  readonly strategy: StrategyEntry;
  readonly traffic: TrafficEntry;
  readonly analysis: AnalysisEntry;
  readonly preflight?: PreflightEntry;
  readonly requires?: readonly ConfigRequirement[];
  readonly migrations?: MigrationsEntry;
  readonly deadlines?: DeadlinesEntry;
  readonly intervals?: IntervalsEntry;
  readonly approvals?: ApprovalsEntry;
  readonly environments?: Readonly<Record<string, ServiceOverride>>;
}

/** What an environment changes of a service. */
export interface ServiceOverride {
  readonly workload?: Partial<WorkloadEntry>;
  readonly build?: BuildEntry;
  readonly strategy?: Partial<StrategyEntry>;
  readonly traffic?: TrafficEntry;
  readonly analysis?: Partial<AnalysisEntry>;
  readonly preflight?: PreflightEntry;
  readonly requires?: readonly ConfigRequirement[];
  readonly migrations?: MigrationsEntry;
  readonly deadlines?: DeadlinesEntry;
  readonly intervals?: IntervalsEntry;
  readonly approvals?: ApprovalsEntry;
}

/** The unit a metric has when none is written. */
export function defaultUnit(query: QueryEntry | MetricQuery): MetricUnit {
  switch (query.kind) {
    case 'errorRatio':
    case 'slowRatio':
      return '%';
    case 'quantile':
      return 's';
    case 'value':
      return query.relativeToStable ? '%' : '';
  }
}
