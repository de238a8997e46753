/** What is observed of a service, what is restored, and how an operation ends. */
import type { ObjectAddressLike } from './objects.ts';
import type { Arm, MetricVerdict, Sample, Slot, StepVerdict } from './analysis.ts';
import type { ReleaseEvidence } from '../analysis/evidence.ts';
import type { MigrationReport } from './migration.ts';
import type { WatchMode } from './observe.ts';
import type { CheckMode, DeployPlan, PreflightCheckName } from './plan.ts';

/** The fence: a mutation is refused where the object carries a higher pair. */
export interface Fence {
  readonly term: number;
  /** Counted up by the workflow at every mutation and at the start of the undo. */
  readonly change: number;
}

export interface BackendWeight {
  readonly service: string;
  /** 0 when none is written. */
  readonly port: number;
  readonly weight: number;
  /** No weight is written: a destination that stands alone gets everything. */
  readonly unwritten?: true;
}

/** What serves before ownership is asked for. */
export interface ServiceObservation {
  readonly image: string;
  readonly replicas: number;
  /** Highest term on the objects; 0 without any. */
  readonly observedTerm: number;
}

/** State of a service before the first change, as references and digests, never values of its environment (S11). */
export interface BeforeRecord {
  readonly deployment: {
    readonly name: string;
    readonly uid: string;
    readonly replicas: number;
    /** Image of the deployed container. */
    readonly image: string;
    /** sha256 of the pod template in canonical JSON. */
    readonly templateDigest: string;
    readonly revision: string;
    readonly readyReplicas: number;
    /** matchLabels of its selector. */
    readonly selector: Readonly<Record<string, string>>;
  };
  readonly route: {
    readonly name: string;
    readonly uid: string;
    readonly rule: number;
    readonly backends: readonly BackendWeight[];
  };
  readonly observedAtMs: number;
  /** True when no version serves yet (0 replicas): a first deployment. */
  readonly first: boolean;
}

/** What the owner deposits with ownership before its first change: enough for anyone to make S1 true. */
export interface Deposit {
  readonly plan: DeployPlan;
  readonly before: BeforeRecord;
  /** Objects created by this term, to be removed. */
  readonly created: readonly ObjectAddressLike[];
  /** The roll of the named Deployment has begun: until it is back, traffic must not be given to it. */
  readonly promoting: boolean;
}

export interface PreflightResult {
  /** `detection`: what the comparison can see at this traffic; told, never a refusal by itself. */
  readonly name: PreflightCheckName | 'detection';
  readonly mode: CheckMode;
  readonly result: 'pass' | 'fail' | 'could-not-check' | 'off';
  readonly reason: string;
}

/** One object in the account of an undo. */
export interface RestoredObject {
  /** `Deployment crm/crm-api` */
  readonly object: string;
  readonly field: string;
  readonly wanted: string;
  readonly observed: string;
  readonly restored: boolean;
  /** False when it was already so. */
  readonly changed: boolean;
  readonly note?: string;
}

/** Someone else's change to a field we own. */
export interface ForeignChange {
  readonly object: string;
  readonly field: string;
  readonly expected: string;
  readonly observed: string;
}

export const OUTCOMES = [
  'promoted',
  'unchanged',
  'rolledBack',
  'rejected',
  'aborted',
  'superseded',
  'planned',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const REASON_CODES = [
  'AnalysisPassed',
  'FirstDeployment',
  'SameDigest',
  'AnalysisFailed',
  'NoData',
  'LowTraffic',
  'AnalysisInconclusive',
  'AnalysisError',
  'ForeignChange',
  'NotReadyInTime',
  'WeightNotConfirmed',
  'StepFailed',
  'BuildFailed',
  'MigrationFailed',
  'PreflightFailed',
  'ApprovalRejected',
  'ApprovalExpired',
  'PauseExpired',
  'Aborted',
  'Cancelled',
  'Replaced',
  'Preempted',
  'ServiceBusy',
  'QueueExpired',
  'OwnerEnded',
  'DryRun',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

export interface StepRecord {
  readonly step: number;
  readonly weightPercent: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly verdict: StepVerdict;
  readonly slots: number;
}

/** Result of `deployService` and `restoreService`, and what ownership and the memo keep. */
export interface DeployResult {
  readonly outcome: Outcome;
  readonly reasonCode: ReasonCode;
  readonly reason: string;
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  readonly image?: string;
  readonly planDigest: string;
  readonly catalogueDigest: string;
  readonly term?: number;
  readonly steps: readonly StepRecord[];
  readonly restored: readonly RestoredObject[];
  readonly foreign: readonly ForeignChange[];
  readonly preflight: readonly PreflightResult[];
  /** Left out when the service has no migrations. */
  readonly migrations?: MigrationReport;
  /** With outcome `planned`: the whole plan. */
  readonly plan?: DeployPlan;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** What `observeStep` brings home: the tally from which core recomputes the verdict. */
export interface StepTally {
  readonly step: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /**
   * Why the watching ended: `timeOver` (the step's time is over and nothing holds it), `verdict` (core said stop),
   * `noDataDeadline`, `foreignChange` (stood until its deadline), `lowTraffic` (the gate before 100 % stayed shut), `cancelled` (a person or the workflow ended it).
   */
  readonly ended: 'timeOver' | 'verdict' | 'noDataDeadline' | 'foreignChange' | 'lowTraffic' | 'cancelled';
  readonly slots: readonly Slot[];
  readonly samples: Readonly<Record<string, readonly Sample[]>>;
  readonly foreign: readonly ForeignChange[];
  /** Opaque cursor (cumulative counters) to hand to the next observeStep, so that no request between steps is lost. */
  readonly cursor: unknown;
  /** What the `sequential` judge carries on to the next watch, and what its verdict is recomputed from. */
  readonly evidence?: ReleaseEvidence;
  /** Weight asked for; with `evidence` only. */
  readonly weightPercent?: number;
  /** What the watch was for; `step` when left out. */
  readonly mode?: WatchMode;
  /** The arm whose values were judged; `canary` when left out, in a bake `stable`. */
  readonly judged?: Arm;
  /** Time the watch had still to serve when it ended; hand it to the observeStep that goes on after a pause. */
  readonly remainingMs?: number;
  /** What held the watch when it ended, in words. */
  readonly holding?: string;
}

/** What a heartbeat of `observeStep` carries for `mainstay status`; the loop's own state stands beside it. */
export interface LookSummary {
  readonly atMs: number;
  readonly step: number;
  readonly weightPercent: number;
  /** Weight the data plane shows, when known. */
  readonly appliedPercent: number | null;
  readonly phase: StepVerdict['phase'];
  readonly reason: string;
  readonly metrics: readonly MetricVerdict[];
  readonly nC: number;
  readonly eC: number;
  readonly nS: number;
  readonly eS: number;
  readonly holding?: string;
}
