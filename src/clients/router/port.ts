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

export interface RouteTarget<Traffic extends TrafficPlan = TrafficPlan> {
  readonly workload: WorkloadPlan;
  readonly traffic: Traffic;
  readonly service: string;
}

export interface TrafficRouter<Traffic extends TrafficPlan = TrafficPlan> {
  /** Undefined when the routing object is gone. Throws PreconditionFailed when no rule, or several, send to the stable version. */
  read(target: RouteTarget<Traffic>, signal?: AbortSignal): Promise<RouteState | undefined>;
  /** As `read`, for looking only: where no rule is ours there are no backends, of several there are all, and nothing is thrown. */
  look(target: RouteTarget<Traffic>, signal?: AbortSignal): Promise<Pick<RouteState, 'backends' | 'stamp'> | undefined>;
  /**
   * Conditional on the state that was read; throws Conflict when someone wrote in between, OutcomeUnknown without a reply,
   * NotFound or Conflict when the object is gone: it is never made anew.
   */
  write(
    target: RouteTarget<Traffic>,
    state: RouteState,
    backends: readonly BackendWeight[],
    marks: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** Whether the data plane applies exactly these backends. */
  readApplied(
    target: RouteTarget<Traffic>,
    backends: readonly BackendWeight[],
    signal?: AbortSignal,
  ): Promise<AppliedWeights>;
  /** Per cent that the data plane gives a backend now; null where it does not tell. */
  readPercent(target: RouteTarget<Traffic>, backend: string, signal?: AbortSignal): Promise<number | null>;
  /** `HTTPRoute crm/crm-api` */
  nameOf(target: RouteTarget<Traffic>): string;
  /** Annotation key of our fence on the object. */
  fenceKey(target: RouteTarget<Traffic>): string;
}
