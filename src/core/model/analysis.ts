/** What is measured, how it is judged, and what a look brings home. */
import type { EvidenceShown } from '../analysis/sequential-verdict.ts';
import type { SequentialOptions } from '../analysis/sequential/constants.ts';
import type { PrometheusSource, PromqlText } from './prometheus.ts';

export const ARMS = ['stable', 'canary'] as const;
export type Arm = (typeof ARMS)[number];

/** Where `scrape` reads: the pods of each arm, or one router that labels its series by backend. */
export type ScrapeSource =
  | { readonly from: 'pods'; readonly port: number; readonly path: string }
  | {
      readonly from: 'router';
      readonly url: string;
      readonly backendLabel: string;
      readonly labels: Readonly<Record<string, string>>;
    };

export type MetricSource = ScrapeSource | PrometheusSource;

/** Series of one metric; a value is compared exactly, or as an anchored regular expression when it begins with `~`. */
export interface NamedSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The text form exists for `from: prometheus` only. */
export type SeriesSelector = NamedSeries | PromqlText;

export type MetricQuery =
  /** errors / total of the requests since the last sample. */
  | { readonly kind: 'errorRatio'; readonly total: SeriesSelector; readonly errors: SeriesSelector }
  /** Quantile (0..1) of a histogram's increments since the last sample, in the histogram's unit. */
  | { readonly kind: 'quantile'; readonly histogram: SeriesSelector; readonly quantile: number }
  /** Part of the requests that are slower than a bucket bound, chosen from the record where none is written. */
  | { readonly kind: 'slowRatio'; readonly histogram: SeriesSelector; readonly slowerThan?: string }
  /** A gauge: the mean over pods; `relativeToStable` gives canary / stable instead. */
  | { readonly kind: 'value'; readonly gauge: SeriesSelector; readonly relativeToStable: boolean };

export type Comparison = '<' | '<=' | '>' | '>=';
export interface Bound {
  readonly op: Comparison;
  readonly limit: number;
}

/** `threshold`: at least one bound. Both bounds leave an inconclusive band between them. */
export interface ThresholdPlan {
  readonly judge: 'threshold';
  readonly pass?: Bound;
  readonly fail?: Bound;
  readonly intervalMs: number;
  /** Samples needed for a pass in each step. */
  readonly count: number;
  /** Failed when failures > limit; -1 is off. */
  readonly failureLimit: number;
  readonly inconclusiveLimit: number;
  readonly consecutiveErrorLimit: number;
  /** 0 is off. */
  readonly consecutiveSuccessLimit: number;
  readonly warmUpMs: number;
  /** A sample with fewer canary requests is no-data. For `errorRatio` and `quantile`. */
  readonly minRequests: number;
}

export const LOW_TRAFFIC_POLICIES = ['approval', 'threshold', 'rollback'] as const;
/** What is done when the data cannot decide at this traffic. */
export type OnLowTraffic = (typeof LOW_TRAFFIC_POLICIES)[number];

/** `sequential`: both arms are compared look by look; the metric's threshold stands in where there is no record. */
export interface SequentialJudge {
  readonly options: SequentialOptions;
}

export interface MetricPlan {
  readonly name: string;
  readonly source: MetricSource;
  readonly query: MetricQuery;
  readonly judge: ThresholdPlan;
  /** Left out: the threshold alone judges. */
  readonly sequential?: SequentialJudge;
  /** Measured and shown, never decides. */
  readonly dryRun: boolean;
  /** Unit for people: `%`, `ms`, `s` or empty; ratios are shown in per cent when `%`. */
  readonly unit: string;
}

export interface AnalysisPlan {
  readonly metrics: readonly MetricPlan[];
  /** Asked before the release, and again at the gate before 100 %. `approval` when left out. */
  readonly onLowTraffic?: OnLowTraffic;
  /** The stable arm is watched at least this long before the first weight change, where its record is short. */
  readonly recordForMs?: number;
}

/** What one sample of one metric says. */
export const SAMPLE_OUTCOMES = ['pass', 'fail', 'inconclusive', 'error', 'no-data'] as const;
export type SampleOutcome = (typeof SAMPLE_OUTCOMES)[number];

/** Worst first. The one ordering of phases; nothing else compares them. */
export const PHASES = ['failed', 'error', 'inconclusive', 'no-data', 'running', 'incomplete', 'passed'] as const;
export type MetricPhase = (typeof PHASES)[number];

/** One look: requests and errors of canary and stable since the last look. Null is missing. reference/judge.md 1. */
export interface Slot {
  /** Index of the step; changes when a new weight is asked for. */
  readonly step: number;
  readonly atMs: number;
  readonly nC: number | null;
  readonly eC: number | null;
  readonly nS: number | null;
  readonly eS: number | null;
}

/** One sample as it was taken, so that the verdict can be recomputed. */
export interface Sample {
  readonly atMs: number;
  readonly outcome: SampleOutcome;
  /** Null when there was none; in the metric's own unit (a ratio as 0..1, a latency as the histogram has it). */
  readonly value: number | null;
  /** Canary requests (and errors or slow ones) behind the value, where counted. */
  readonly requests: number | null;
  readonly events: number | null;
  /** The stable arm beside it, for people. */
  readonly stableValue: number | null;
  /** Why there is no value, or the error. */
  readonly note?: string;
}

export interface MetricVerdict {
  readonly name: string;
  readonly phase: MetricPhase;
  readonly dryRun: boolean;
  /** Last value, with the limit it is held against, in words. */
  readonly value: number | null;
  /** The value with its unit: `8.10 %`; left out where there is none. */
  readonly shown?: string;
  /** The stable arm beside it, with its unit. */
  readonly stable?: string;
  readonly limit: string;
  readonly counts: {
    readonly samples: number;
    readonly failures: number;
    readonly inconclusive: number;
    readonly errors: number;
    readonly noData: number;
  };
  readonly requests: number | null;
  /** What the `sequential` judge saw. */
  readonly evidence?: EvidenceShown;
  /** `error ratio 8.10 % (26 of 321 canary requests) > 5 %, 2 of at most 1 failures` */
  readonly reason: string;
}

export interface StepVerdict {
  readonly phase: MetricPhase;
  readonly reason: string;
  readonly metrics: readonly MetricVerdict[];
}
