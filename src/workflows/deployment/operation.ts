/**
 * The running operation: its record, its fence, and the scope of its way forward. Every message and every step writes
 * here, and `status`, current details and memo are made from it.
 */
import {
  TemporalFailure,
  CancellationScope,
  condition,
  log,
  rootCause,
  setCurrentDetails,
  upsertMemo,
  workflowInfo,
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
} from '@temporalio/workflow';
import type { DeployPhase, DeployState, Decision, Waiting } from '../../core/model/deploy-state.ts';
import { MEMO } from '../../core/model/names.ts';
import type {
  DeployResult,
  Fence,
  ForeignChange,
  PreflightResult,
  ServiceObservation,
} from '../../core/model/operation.ts';
import type { DeployInput } from '../../core/model/plan.ts';
import { type Ending, endingOfStop, type Stop } from '../../core/rollout/ending.ts';
import { currentDetails } from '../../core/status/current-details.ts';
import { memoStatus } from '../../core/status/describe-operation.ts';

/** Ownership tells an owner that it lost within a moment; longer than this, and nobody else was given the service. */
const TOLD_WITHIN_MS = 60_000;

export class Operation {
  readonly state: DeployState;
  /** Identity towards ownership: workflow id and first run id. */
  requestId: string;
  /** Cancelled by abort, reject, replacement, pre-emption, and by the server's cancel. */
  private readonly way = new CancellationScope();
  private change = 0;
  private stopped: Stop | undefined;
  private published = '';
  /** Cancelled when ownership is lost during the undo. */
  undoScope: CancellationScope | undefined;
  /** What served when the checklist was gone through. */
  standing: ServiceObservation | undefined;
  /** What the comparison can see, told with the checklist. */
  detection: readonly PreflightResult[] = [];
  /** Set by `approve`; taken by the wait it belongs to. */
  approved = false;
  /** Set by `skipStep` and `promoteNow`; taken by the watch it ends. */
  wish: 'skipStep' | 'promoteNow' | undefined;
  /** Set by `acceptUnrestored`; taken by the undo step it ends. */
  accepted: Decision | undefined;

  constructor(operation: DeployState['operation'], input: DeployInput) {
    const { workflowId, firstExecutionRunId } = workflowInfo();
    this.requestId = `${workflowId}/${firstExecutionRunId}`;
    const nowMs = Date.now();
    this.state = {
      operation,
      workflowId,
      input,
      startedAtMs: nowMs,
      phase: 'preparing',
      phaseSinceMs: nowMs,
      preflight: [],
      weightPercent: 0,
      steps: [],
      decisions: [],
      restored: [],
      foreign: [],
    };
  }

  enter(phase: DeployPhase, doing?: string): void {
    this.state.phase = phase;
    this.state.phaseSinceMs = Date.now();
    this.say(doing);
    this.publish();
  }

  /** As `enter`; the memo follows with the next thing that is published: each costs an event. */
  begin(phase: DeployPhase): void {
    if (this.state.phase !== phase) return this.enter(phase);
    this.state.phaseSinceMs = Date.now();
    this.say(undefined);
  }

  say(doing: string | undefined): void {
    this.put('doing', doing);
    this.tell();
  }

  waitFor(waiting: Waiting | undefined): void {
    if (waiting === undefined && this.state.waiting === undefined) return;
    this.put('waiting', waiting);
    this.publish();
  }

  /** Optional fields are absent, not undefined, so that the record reads the same before and after JSON. */
  put<K extends 'doing' | 'waiting' | 'paused' | 'undoReason'>(key: K, value: DeployState[K] | undefined): void {
    if (value === undefined) delete this.state[key];
    else this.state[key] = value;
  }

  decide(what: Decision['what'], by: string, reason: string): Decision {
    const decision: Decision = { what, by, reason, atMs: Date.now() };
    this.state.decisions = [...this.state.decisions, decision];
    this.tell();
    return decision;
  }

  /** Told once per object and field. */
  addForeign(changes: readonly ForeignChange[]): void {
    const known = (each: ForeignChange): boolean =>
      this.state.foreign.some(({ object, field }) => object === each.object && field === each.field);
    this.state.foreign = [...this.state.foreign, ...changes.filter((each) => !known(each))];
  }

  /** The next pair: counted up at every mutation and at the start of the undo. */
  nextFence(): Fence {
    if (this.state.term === undefined) throw new Error('a mutation before ownership was granted');
    this.change += 1;
    return { term: this.state.term, change: this.change };
  }

  get isStopped(): boolean {
    return this.stopped !== undefined;
  }

  /** Ends the way forward. The first stop counts, except that losing ownership beats everything. */
  stop(stop: Stop): void {
    if (this.stopped === undefined || stop.kind === 'lost') this.stopped = stop;
    this.way.cancel();
    if (stop.kind === 'lost') this.undoScope?.cancel();
  }

  /** Lost to a pre-emption: nothing may be changed any more. */
  get isLost(): boolean {
    return this.stopped?.kind === 'lost';
  }

  get lostEnding(): Ending | undefined {
    return this.stopped?.kind === 'lost' ? endingOfStop(this.stopped) : undefined;
  }

  /** Runs the way forward; every way it can end becomes an ending. Bugs and bad input are thrown. */
  async forward(body: () => Promise<Ending>): Promise<Ending> {
    try {
      return await this.way.run(body);
    } catch (error) {
      // A pre-emption may be seen on an object before its word arrives.
      if (!this.stopped && isFenced(error)) {
        await CancellationScope.nonCancellable(() => condition(() => this.isLost, TOLD_WITHIN_MS));
      }
      if (this.stopped) return endingOfStop(this.stopped);
      // A step whose worker died after the request fails in its own words; the request is what counts.
      if (isCancellation(error) || (this.way.consideredCancelled && error instanceof TemporalFailure)) {
        return {
          outcome: 'aborted',
          reasonCode: 'Cancelled',
          reason: 'the workflow was cancelled on the server',
          cancelled: true,
        };
      }
      return this.endingOfFailure(error);
    }
  }

  private endingOfFailure(error: unknown): Ending {
    // What a local activity says arrives in its own words. Nothing is owned yet when the plan is resolved: bad input
    // fails the workflow with its own type.
    if (error instanceof ApplicationFailure && error.type === 'InvalidInput' && this.state.plan === undefined)
      throw error;
    // Ownership that cannot be told, a guard that cannot be started: failures of the server's, not bugs of ours.
    if (error instanceof TemporalFailure && !(error instanceof ActivityFailure))
      return this.endingOfStep(error.message);
    if (!(error instanceof ActivityFailure)) throw error;
    const cause = error.cause;
    if (cause instanceof ApplicationFailure) {
      if (cause.type === 'Fenced') {
        // Ended as pre-empted it would leave a canary that nobody has the duty to remove.
        const reason = `${cause.message}; ownership gave the service to nobody else: someone else wrote that stamp`;
        return { ...this.endingOfStep(reason), reasonCode: 'ForeignChange', reason };
      }
    }
    const what = `${error.activityType}: ${rootCause(error) ?? error.message}`;
    log.warn('a step failed for good', { activity: error.activityType, problem: what });
    return this.endingOfStep(what);
  }

  private endingOfStep(what: string): Ending {
    const changed = this.state.before !== undefined;
    return { outcome: changed ? 'rolledBack' : 'rejected', reasonCode: 'StepFailed', reason: `step ${what}` };
  }

  /** The end. A cancelled run returns nothing, so its report stands in the memo, in short: memos are kept small. */
  end(result: DeployResult, isCancelled = false): void {
    this.state.result = result;
    if (isCancelled) {
      const { plan: _plan, ...rest } = result;
      upsertMemo({ [MEMO.report]: { ...rest, steps: [], preflight: [] } satisfies DeployResult });
    }
    this.enter('ended');
  }

  /** Current details only: free, and read by the UI without a query. */
  private tell(): void {
    setCurrentDetails(currentDetails(this.state, Date.now()));
  }

  /** Current details, and the short form in the memo, which `describe` shows without a worker: one event when it says something new. */
  publish(): void {
    this.tell();
    const memo = memoStatus(this.state, Date.now());
    const text = JSON.stringify({ ...memo, atMs: 0 });
    if (text === this.published) return;
    this.published = text;
    upsertMemo({ [MEMO.status]: memo });
  }
}

function isFenced(error: unknown): boolean {
  return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === 'Fenced';
}
