/** Traffic by weight, whatever routes it. One adapter a routing object; every adapter passes the same contract suite. */
import type { BackendWeight } from '../../core/model/operation.ts';
import type { TrafficPlan, WorkloadPlan } from '../../core/model/plan.ts';

/** The routing object as it stands, and the backends of the one rule that is ours. */
export interface RouteState {
  readonly uid: string;
  readonly rule: number;
  readonly backends: readonly BackendWeight[];
  /** Our fence on the object, one key per service. */
  readonly stamp: string | undefined;
  /** The object itself, for the conditional write. */
  readonly object: unknown;
}

/** What the data plane applies now. Never inferred from a share of requests. */
export interface AppliedWeights {
  readonly confirmed: boolean;
  /** In per cent; undefined where the data plane does not tell. */
  readonly observed?: readonly { readonly service: string; readonly percent: number }[];
  /** Why it is not confirmed, or by what it is. */
  readonly says: string;
}

export interface RouteTarget {
  readonly workload: WorkloadPlan;
  readonly traffic: TrafficPlan;
  readonly service: string;
}

export interface TrafficRouter {
  /** Undefined when the routing object is gone. Throws PreconditionFailed when no rule, or several, send to the stable Service. */
  read(target: RouteTarget, signal?: AbortSignal): Promise<RouteState | undefined>;
  /** Conditional on the state that was read; throws Conflict when someone wrote in between, OutcomeUnknown without a reply. */
  write(
    target: RouteTarget,
    state: RouteState,
    backends: readonly BackendWeight[],
    marks: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** Whether the data plane applies exactly these backends. */
  readApplied(target: RouteTarget, backends: readonly BackendWeight[], signal?: AbortSignal): Promise<AppliedWeights>;
  /** `HTTPRoute crm/crm-api` */
  nameOf(target: RouteTarget): string;
  /** Annotation key of our fence on the object. */
  fenceKey(target: RouteTarget): string;
}
