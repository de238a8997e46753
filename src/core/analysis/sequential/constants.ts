/**
 * What is fixed about the `sequential` judge: constants of the formula's version, and the options with their defaults.
 * A change of a constant changes what an evidence means: raise the version of the state with it.
 */

/** Error ratios of canary to stable that the evidence looks for, each with the weight 1/9. */
export const DELTAS = [1.25, 1.5, 2, 3, 5, 8, 16, 32, 64] as const;

/** Share of alpha that is spent on faults that are there from the start. */
export const START_MASS = 0.75;
/** Share of alpha that is spent, per minute, on faults that begin then. */
export const RESTART_PER_MINUTE = 1 / 240;

/** Length of a slot (one look). */
export const SLOT_MS = 10_000;
/** A slot is closed this long after its end; what is read later belongs to the slot in which it is read. */
export const SLOT_LAG_MS = 10_000;
export const SLOTS_PER_MINUTE = 6;

/** Bins (minutes) of a full record. */
export const RECORD_BINS = 240;
/** Bins from which a record says how fast errors come and go, and what its bad minutes look like. */
export const MIN_BINS_FOR_BURSTS = 60;
/** Bins below which there is no comparison. */
export const MIN_BINS = 10;
/** Minutes that are pooled to look for bursts that last. */
export const POOLED_BINS = 5;

/** Slots in a row without a canary request, while it is given traffic, before the judge holds. */
export const MAX_IDLE_SLOTS = 12;
/** Slots over which both arms are looked at for breaking the objective together. */
export const BOTH_BREACH_SLOTS = 12;

/** Canary ratio, as part of the stable arm's, that the gate's first half bets on. */
export const GATE_RATIOS = [0.25, 0.5, 0.75, 1, 1.25, 1.5] as const;
/** Canary ratio, as part of the objective, that the gate's second half bets on. */
export const GATE_LEVELS = [0, 0.1, 0.25, 0.5, 0.75] as const;

/** The harm that must not go unseen: at least `ratio` times the stable arm's error ratio, and at least `objective`. */
export interface MustDetect {
  readonly ratio: number;
  /** Error ratio, 0..1. Absent: `ratio` alone. */
  readonly objective?: number;
}

export interface SequentialOptions {
  /** Chance of a false rollback that is spent in the first hour, 0..1: this metric's share of it. */
  readonly alpha: number;
  /** Chance that a canary as bad as `mustDetect` passes the gate, 0..1. */
  readonly beta: number;
  /** Ratio of canary to stable that is nobody's fault: 1 for errors, 1.5 for slow requests. */
  readonly tolerance: number;
  /** Canary errors below which nothing is rolled back. */
  readonly minErrors: number;
  /** Canary requests that a step needs to pass. */
  readonly minRequests: number;
  readonly mustDetect: MustDetect;
  /** Length of a block in slots; the longer one is for records whose bursts last. */
  readonly blockSlots: number;
  readonly longBlockSlots: number;
  /** Most evidence that one block may bring: `capFloor`, or `capScale / v` where the record is long and quiet. */
  readonly capFloor: number;
  readonly capScale: number;
  /** How long the gate may hold before `onLowTraffic` is asked. */
  readonly gateDeadlineMs: number;
  /** Time after the canary's first ready pod whose slots are not judged. */
  readonly warmUpMs: number;
  /** Length of a slot. The measured error rates hold for 10 s; another length is for rehearsals in scaled time. */
  readonly slotMs: number;
}

export const ERROR_DEFAULTS: SequentialOptions = {
  alpha: 0.01,
  beta: 0.1,
  tolerance: 1,
  minErrors: 5,
  minRequests: 100,
  mustDetect: { ratio: 2, objective: 0.01 },
  blockSlots: 6,
  longBlockSlots: 30,
  capFloor: 2.7,
  capScale: 0.5,
  gateDeadlineMs: 30 * 60_000,
  warmUpMs: 0,
  slotMs: SLOT_MS,
};

/** For requests slower than a fixed time instead of errors: some slowness of new processes is tolerated. */
export const SLOW_REQUEST_DEFAULTS: SequentialOptions = {
  ...ERROR_DEFAULTS,
  tolerance: 1.5,
  mustDetect: { ratio: 3 },
  warmUpMs: 120_000,
};
