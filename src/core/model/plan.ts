/** The complete plan of a deployment: everything resolved from the catalogue, nothing looked up later. */
import type { AnalysisPlan } from './analysis.ts';
import type { MigrationsPlan } from './migration.ts';

export const ON_BUSY = ['reject', 'queue', 'replace', 'preempt'] as const;
export type OnBusy = (typeof ON_BUSY)[number];

/** Input of `deployService`; names only, resolved by the first activity. */
export interface DeployInput {
  readonly service: string;
  readonly environment: string;
  /** Version to build and deploy; for a ready image its tag, or `sha256:...`. */
  readonly version: string;
  readonly onBusy?: OnBusy;
  /** Required with `preempt`. */
  readonly reason?: string;
  /** Who asks: a role or an account; claimed, not proven. */
  readonly requestedBy?: string;
  readonly dryRun?: boolean;
  /** Refuse when the worker's catalogue has another digest (8 characters or more). */
  readonly expectCatalogue?: string;
}

export interface ClusterRef {
  /** Path of a kubeconfig; standard settings when left out. */
  readonly kubeconfig?: string;
  readonly context?: string;
}

export interface WorkloadPlan {
  readonly cluster: ClusterRef;
  readonly namespace: string;
  readonly deployment: string;
  readonly container: string;
  /** Replicas of a first deployment, where the Deployment stands at 0. Default 1. */
  readonly firstReplicas?: number;
}

export type BuildPlan =
  | {
      readonly kind: 'localCommand';
      /** argv; the version and repository are in the environment, never in a shell string. */
      readonly command: readonly string[];
      /** Working directory, absolute. */
      readonly directory: string;
      readonly environment: Readonly<Record<string, string>>;
      readonly timeoutMs: number;
      /** `host:port/name`, where the image is pushed and pulled. */
      readonly repository: string;
    }
  | { readonly kind: 'image'; readonly repository: string };

interface TrafficBase {
  /** Name of the object that carries weights and fence: the HTTPRoute, the VirtualService, or, with pod ratio, the stable Service. */
  readonly route: string;
  readonly stableService: string;
  /** Port of the stable Service that is routed to. */
  readonly port: number;
}

interface WeightedTraffic extends TrafficBase {
  /** Where the data plane tells the weights it applies: text exposition, one gauge per backend in percent. */
  readonly weightMetric?: {
    readonly url: string;
    readonly name: string;
    readonly backendLabel: string;
    readonly labels: Readonly<Record<string, string>>;
  };
}

export interface HttpRoutePlan extends WeightedTraffic {
  readonly kind: 'httpRoute';
}

export interface VirtualServicePlan extends WeightedTraffic {
  readonly kind: 'istioVirtualService';
  /** Name of the http route (`spec.http[].name`), where several send to the stable destination. */
  readonly httpRoute?: string;
  /** The team's DestinationRule of the stable host: its traffic policy is the canary's too. */
  readonly destinationRule?: {
    readonly name: string;
    /** Subset that the stable destination names; without it that destination has none. */
    readonly stableSubset?: string;
  };
  /** Without weight metric and without a status by istiod: a weight counts as applied when it has stood this long. */
  readonly settleMs: number;
}

export interface PodRatioPlan extends TrafficBase {
  readonly kind: 'podRatio';
  /** The share by pods may differ from a step's weight by this many percentage points. */
  readonly tolerancePercent: number;
  readonly weightMetric?: undefined;
}

/** What splits the traffic, and where. */
export type TrafficPlan = HttpRoutePlan | VirtualServicePlan | PodRatioPlan;

export interface CanaryStep {
  /** From 0. */
  readonly index: number;
  readonly weightPercent: number;
  readonly durationMs: number;
  /** Ask before this step is begun. */
  readonly approval: boolean;
}

export const PREFLIGHT_CHECKS = [
  'image',
  'freeze',
  'config',
  'rights',
  'stableHealthy',
  'router',
  'selector',
  'history',
  'migrations',
  'metrics',
] as const;
export type PreflightCheckName = (typeof PREFLIGHT_CHECKS)[number];
export type CheckMode = 'required' | 'advisory' | 'off';
/** `migrations` only where the service has some, `metrics` only where a server is asked for some. */
export type PreflightPlan = Readonly<Record<Exclude<PreflightCheckName, 'migrations' | 'metrics'>, CheckMode>> & {
  readonly migrations?: CheckMode;
  readonly metrics?: CheckMode;
};

export interface ApprovalPlan {
  readonly deadlineMs: number;
  readonly onDeadline: 'reject' | 'approve';
  /** Told again after this long without a decision. */
  readonly escalateAfterMs?: number;
}

export interface FreezeWindow {
  /** RFC 3339 with offset. */
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

export interface DeadlinePlan {
  /** No usable sample for this long: safe side. Default 5 min. */
  readonly noDataMs: number;
  /** Someone else's change stands for this long: roll our fields back. Default 10 min. */
  readonly foreignChangeMs: number;
  /** Data plane must show a weight within. Default 2 min. */
  readonly confirmWeightMs: number;
  /** Pods must be ready within. Default 10 min. */
  readonly readyMs: number;
  /** A queued deployment waits at most. Default 24 h. */
  readonly queueMs: number;
  /** A person's pause ends in a rollback after. Default 24 h. */
  readonly pauseMs: number;
}

/** How often things are looked at; a process with short steps wants shorter ones. */
export interface IntervalPlan {
  readonly lookMs: number;
  readonly observerHeartbeatMs: number;
  readonly mutatorHeartbeatMs: number;
  readonly ownershipQuestionMs: number;
}

export interface ConfigRequirement {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly keys: readonly string[];
}

export interface DeployPlan {
  readonly schemaVersion: 1;
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  readonly requestedBy: string;
  readonly reason: string;
  readonly onBusy: OnBusy;
  readonly catalogue: { readonly digest: string; readonly path: string };
  readonly workload: WorkloadPlan;
  readonly build: BuildPlan;
  readonly traffic: TrafficPlan;
  readonly steps: readonly CanaryStep[];
  readonly bakeMs: number;
  readonly analysis: AnalysisPlan;
  readonly preflight: PreflightPlan;
  readonly requires: readonly ConfigRequirement[];
  /** Left out when the service has none. */
  readonly migrations?: MigrationsPlan;
  readonly freezeWindows: readonly FreezeWindow[];
  /** Approval at weight 0, after the build and before ownership. */
  readonly startApproval?: ApprovalPlan;
  /** For steps with `approval: true`; watched while it waits. */
  readonly stepApproval: ApprovalPlan;
  readonly deadlines: DeadlinePlan;
  readonly intervals: IntervalPlan;
}
