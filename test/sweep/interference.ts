/** What happens to one deployment: follows what its activities announce, and disturbs the one that is meant. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Point, Scenario, Traced } from './points.ts';
import { isForeign } from './points.ts';
import type { Ask, Order } from './protocol.ts';

export interface Hands {
  cancel(workflowId: string): Promise<unknown>;
  terminate(workflowId: string): Promise<unknown>;
  abort(workflowId: string): Promise<unknown>;
  /** Takes the service's metrics away, for the rest of the deployment. */
  blind(): Promise<unknown>;
  /** Someone else's change, of the point's kind. */
  edit(): Promise<unknown>;
}

/** A watch is killed in its middle; everything else between its effect and its reply. */
const INTO_THE_WATCH_MS = 500;
/** A worker that slept meanwhile: its write comes when the service belongs to whoever restores it. Below a heartbeat. */
const LATE_BY_MS = 1_500;
/** A person aborts while a step is being watched. */
const ABORT_AFTER_MS = 300;

/** Told when a deployment is where it is to be killed, and for how long at most it can be held there. */
export type Arrived = (heldForMs: number) => void;

/** A read that is held times out, and its retry with it; what has heartbeats can wait. */
const HELD_MS = { beating: 10_000, silent: 1_500 };

export class Interference {
  readonly trace: Traced[] = [];
  /** The disturbance has been made (or, of a kill, waits to be made). */
  isReached = false;
  /** Set by whoever killed the worker. */
  isKilled = false;
  readonly #scenario: Scenario;
  readonly #point: Point | undefined;
  readonly #hands: Hands;
  readonly #arrived: Arrived;
  readonly #seen = new Map<string, string[]>();
  readonly #running = new Set<string>();
  #isScenarioPlayed = false;

  constructor(scenario: Scenario, point: Point | undefined, hands: Hands, arrived: Arrived = () => undefined) {
    this.#scenario = scenario;
    this.#point = point;
    this.#hands = hands;
    this.#arrived = arrived;
  }

  /** Activities that have begun and not ended in a living worker. */
  get inFlight(): number {
    return this.#running.size;
  }

  /** The worker is gone, and what ran in it. */
  killed(): void {
    this.#running.clear();
    if (this.isReached) this.isKilled = true;
  }

  async conduct(ask: Ask): Promise<Order | undefined> {
    const ordinal = this.#ordinalOf(ask);
    const key = `${ask.workflowId} ${ask.activityId}`;
    if (ask.at === 'before') {
      this.#running.add(key);
      this.#playScenario(ask, ordinal);
    }
    const order = await this.#orderFor(ask, ordinal);
    if (ask.at === 'after' && order !== undefined) this.#running.delete(key);
    if (order === 'fail') this.#running.delete(key);
    return order;
  }

  #ordinalOf({ workflowType, workflowId, activity, activityId }: Ask): number {
    const key = `${workflowType} ${activity}`;
    const seen = this.#seen.get(key) ?? [];
    this.#seen.set(key, seen);
    const id = `${workflowId} ${activityId}`;
    if (!seen.includes(id)) {
      seen.push(id);
      this.trace.push({ workflow: workflowType, activity, ordinal: seen.length });
    }
    return seen.indexOf(id) + 1;
  }

  /** What makes the scenario, besides the disturbance. */
  #playScenario({ workflowType, workflowId, activity }: Ask, ordinal: number): void {
    const at = { deploy: 0, undo: 1, undoLate: 3, restore: 1 }[this.#scenario];
    if (this.#isScenarioPlayed || workflowType !== 'deployService' || activity !== 'observeStep' || ordinal !== at)
      return;
    this.#isScenarioPlayed = true;
    const act = this.#scenario === 'restore' ? this.#hands.terminate : this.#hands.abort;
    setTimeout(() => {
      act(workflowId).catch((error: unknown) => process.stderr.write(`${this.#scenario}: ${String(error)}\n`));
    }, ABORT_AFTER_MS);
  }

  async #orderFor(ask: Ask, ordinal: number): Promise<Order | undefined> {
    const point = this.#point;
    if (!point || !isMeant(point, ask, ordinal)) return 'go';
    if (point.kind === 'kill') return this.#waitForKill(ask);
    if (this.isReached) return 'go';
    if (point.kind === 'lostReply') {
      if (ask.at === 'before') return 'go';
      this.isReached = true;
      return 'lose';
    }
    if (ask.at === 'after') return 'go';
    this.isReached = true;
    if (point.kind === 'fail') return 'fail';
    if (point.kind === 'cancel') await this.#hands.cancel(ask.workflowId);
    if (point.kind === 'terminate') {
      await this.#hands.terminate(ask.workflowId);
      await delay(LATE_BY_MS);
    }
    if (point.kind === 'noData') await this.#hands.blind();
    if (isForeign(point.kind)) await this.#hands.edit();
    return 'go';
  }

  #waitForKill({ at, activity, isBeating }: Ask): Order | undefined {
    const heldForMs = isBeating ? HELD_MS.beating : HELD_MS.silent;
    if (this.isKilled) return 'go';
    if (at === 'before') {
      if (activity === 'observeStep') setTimeout(() => this.#arrive(heldForMs), INTO_THE_WATCH_MS);
      return 'go';
    }
    this.#arrive(heldForMs);
    return undefined;
  }

  #arrive(heldForMs: number): void {
    if (this.isReached) return;
    this.isReached = true;
    this.#arrived(heldForMs);
  }
}

function isMeant({ step }: Point, ask: Ask, ordinal: number): boolean {
  return ask.workflowType === step.workflow && ask.activity === step.activity && ordinal === step.ordinal;
}
