/** Input of `observeStep`, and what is expected to stand on the cluster while it watches. */
import type { ReleaseEvidence } from '../analysis/evidence.ts';
import type { ReleaseRecords } from '../analysis/sequential/record.ts';
import type { BackendWeight } from './operation.ts';
import type { DeployPlan } from './plan.ts';

/**
 * What a watch is for: `step` ends by time and samples; `hold` (pause, approval) watches until cancelled;
 * `bake` judges the stable arm, where the new version serves, for `plan.bakeMs`.
 */
export const WATCH_MODES = ['step', 'hold', 'bake'] as const;
export type WatchMode = (typeof WATCH_MODES)[number];

/** Where one arm is found: its pods by label selector, its traffic by the Service that stands in the route. */
export interface ArmTarget {
  readonly labelSelector: string;
  /** Service name, as the router labels it. */
  readonly backend: string;
}

export interface ArmTargets {
  readonly stable: ArmTarget;
  readonly canary?: ArmTarget;
}

/** What this operation wrote last; anything else found there is someone else's change. */
export interface ExpectedStanding {
  readonly backends: readonly BackendWeight[];
  /** Image of the deployed container of the named Deployment. */
  readonly stableImage: string;
  readonly canary?: { readonly name: string; readonly image: string; readonly replicas: number };
}

export interface ObserveStepInput {
  readonly plan: DeployPlan;
  /** Index of the step; in a bake the index after the last step. */
  readonly step: number;
  readonly mode: WatchMode;
  readonly arms: ArmTargets;
  readonly expected: ExpectedStanding;
  /** Weight asked for. */
  readonly weightPercent: number;
  readonly term: number;
  /** `cursor` of the last tally of this release, so that no request between two watches is lost. */
  readonly cursor?: unknown;
  /** What is known of the stable arm before the release, for the `sequential` judge. */
  readonly records?: ReleaseRecords;
  /** `evidence` of the last tally of this release. */
  readonly evidence?: ReleaseEvidence;
  /** Time this watch still has to serve, of a tally that was cancelled; the whole duration when left out. */
  readonly remainingMs?: number;
  /** Index of the step record this watch will lead to, so that the ledger finds its looks. */
  readonly record?: number;
}

/** What one look found on the cluster. A part that could not be read is `unknown`, which is never a foreign change. */
export interface Standing {
  readonly route: Seen<{ readonly backends: readonly BackendWeight[]; readonly fence?: string }>;
  readonly stable: Seen<{ readonly image: string | null; readonly fence?: string }>;
  /** Left out when no canary is expected. */
  readonly canary?: Seen<{ readonly image: string | null; readonly replicas: number; readonly fence?: string }>;
  /** Weight of the canary that the data plane applies, in per cent; null when not known. */
  readonly appliedPercent: number | null;
}

export type Seen<T> =
  | ({ readonly seen: 'present' } & T)
  | { readonly seen: 'missing' }
  | { readonly seen: 'unknown'; readonly problem: string };
