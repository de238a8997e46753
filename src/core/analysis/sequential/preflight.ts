/** Before the release: what this ladder can see at this traffic, how long it takes, and what is missing if it cannot. */
import { countText, durationText, numberText, valueText } from '../format.ts';
import { cutBlocks, type Block } from './block.ts';
import type { SequentialOptions } from './constants.ts';
import type { Dispersion } from './dispersion.ts';
import { addToGate, gateEvidence, gateLimit, NO_GATE_SUMS } from './gate.ts';
import { detectionChances, type LadderStep } from './preflight-chance.ts';

/** Chance below which a ladder is said to be too short for the traffic. */
export const ENOUGH_CHANCE = 0.9;
/** Ratios that are told besides the one that must be detected. */
export const TOLD_RATIOS = [2, 4, 10] as const;
/** How far the last comparing step is prolonged to say what would be enough: first by 45 min, at last by a day. */
const FIRST_SLOTS_AHEAD = 270;
const MAX_SLOTS_AHEAD = 8_640;

export interface SequentialPreflightInput {
  readonly dispersion: Dispersion;
  readonly options: SequentialOptions;
  /** Requests of both arms together per second: the record's mean. */
  readonly rps: number;
  /** Steps below 100 %, in order. */
  readonly ladder: readonly LadderStep[];
}

export interface Detection {
  /** Canary to stable; infinite when the stable arm has no errors. */
  readonly ratio: number;
  /** Chance at the end of the comparing steps, 0..1. */
  readonly chance: number;
  /** First slot, from 1, with an even chance; null when not in this ladder. */
  readonly medianSlot: number | null;
}

export interface SequentialPreflight {
  /** The harm that must be detected. */
  readonly decision: Detection;
  readonly told: readonly Detection[];
  /** First slot, from 1, after which a canary without a difference is expected to pass the gate; null when not in this ladder. */
  readonly gateSlot: number | null;
  /** True: say so before starting, then do what `onLowTraffic` says. */
  readonly lowTraffic: boolean;
  /** Canary requests in this ladder, and as many as both would need (null: more than the last step brings in a day). */
  readonly requests: number;
  readonly requestsNeeded: number | null;
  readonly text: string;
}

/**
 * What the ladder can see, for the harm that must be detected and for 2, 4 and 10 times the record's error ratio. Low
 * traffic is a chance below 0.9 for that harm, or a gate that is not expected to open before the ladder's end. A number
 * that is none counts as nothing seen.
 *
 * Example: 100 requests/s, r 0.002, v 0.01, steps of 10 min at 10, 25, 50 and 75 %: a doubling has an even chance at
 * 12.5 min, the gate opens at 1.5 min. Example: 2 requests/s: 1 % errors are seen with a chance of 43 %, low traffic,
 * 6,330 canary requests are needed and the ladder brings 1,920.
 */
export function assessSequentialPreflight(input: SequentialPreflightInput): SequentialPreflight {
  const { dispersion, options, ladder } = input;
  const { ratio, objective = 0 } = options.mustDetect;
  const harm = Math.max(ratio * dispersion.r, objective);
  const decision = detect(input, harm);
  const told = TOLD_RATIOS.map((one) => detect(input, one * dispersion.r, one));
  const gateSlot = expectedGateSlot(input);
  const lowTraffic = decision.chance < ENOUGH_CHANCE || gateSlot === null;
  const slots = ladder.reduce((sum, step) => sum + step.slots, 0);
  const requests = canaryRequests(input, slots);
  const requestsNeeded = lowTraffic ? neededRequests(input, harm) : requests;
  const found = { decision, told, gateSlot, lowTraffic, requests, requestsNeeded };
  return { ...found, text: preflightText(input, harm, found) };
}

function detect(input: SequentialPreflightInput, canaryRatio: number, asked?: number): Detection {
  const chances = chancesOf(input, canaryRatio);
  const at = chances.findIndex((chance) => chance >= 0.5);
  const last = chances.at(-1) ?? 0;
  return {
    ratio: asked ?? canaryRatio / input.dispersion.r,
    chance: Number.isFinite(last) ? last : 0,
    medianSlot: at < 0 ? null : at + 1,
  };
}

function chancesOf({ dispersion, options, rps, ladder }: SequentialPreflightInput, canaryRatio: number) {
  const { v, r, cap, block } = dispersion;
  const { alpha, minErrors, tolerance, slotMs } = options;
  return detectionChances({ rps, r, canaryRatio, v, cap, block, alpha, minErrors, tolerance, slotMs, ladder });
}

/**
 * The gate on the expected counts of a canary without a difference; fractions of an error are errors here, so that with
 * r > 0 the level 0 is refuted at once. 0 to 40 % later than the median.
 */
export function expectedGateSlot({ dispersion, options, rps, ladder }: SequentialPreflightInput): number | null {
  const { r, block } = dispersion;
  const must = options.mustDetect;
  const limit = gateLimit(options);
  let sums = NO_GATE_SUMS;
  let open: Block | null = null;
  let slots = 0;
  for (const [step, { w, slots: length }] of ladder.entries()) {
    const nC = (rps * options.slotMs * w) / 1_000;
    const nS = (rps * options.slotMs * (1 - w)) / 1_000;
    for (let at = 0; at < length; at += 1) {
      const cut = cutBlocks(open, { step, nC, eC: nC * r, nS, eS: nS * r }, block);
      if (cut.closed) sums = addToGate(sums, cut.closed, dispersion, must);
      open = cut.open;
      slots += 1;
      if (gateEvidence(sums, open, dispersion, must) >= limit) return slots;
    }
  }
  return null;
}

/** Canary requests until both the chance and the gate suffice, the last step prolonged; null when not within a day. */
function neededRequests(input: SequentialPreflightInput, harm: number): number | null {
  const last = input.ladder.at(-1);
  if (!last || !(input.rps > 0)) return null;
  for (let slots = FIRST_SLOTS_AHEAD; slots <= MAX_SLOTS_AHEAD; slots *= 2) {
    const longer = { ...input, ladder: [...input.ladder, { ...last, slots }] };
    const passed = expectedGateSlot(longer);
    if (passed === null) continue;
    const seen = chancesOf(longer, harm).findIndex((chance) => chance >= ENOUGH_CHANCE);
    if (seen >= 0) return canaryRequests(longer, Math.max(seen + 1, passed));
  }
  return null;
}

function canaryRequests({ rps, ladder, options }: SequentialPreflightInput, slots: number): number {
  let left = slots;
  let requests = 0;
  for (const step of ladder) {
    const counted = Math.min(left, step.slots);
    requests += (rps * options.slotMs * counted * step.w) / 1_000;
    left -= counted;
  }
  return Math.round(requests);
}

function preflightText(
  { dispersion, rps, options: { slotMs } }: SequentialPreflightInput,
  harm: number,
  found: Omit<SequentialPreflight, 'text'>,
): string {
  const { decision, told, gateSlot, requests, requestsNeeded } = found;
  const gate =
    gateSlot === null
      ? 'is not expected to open in this ladder'
      : `is expected to open after ${durationText(gateSlot * slotMs)}`;
  const needed =
    requestsNeeded === null
      ? 'more than the last step brings in a day'
      : `about ${countText(requestsNeeded, 'canary request')}`;
  const parts = [
    `at ${numberText(rps)} requests/s and ${valueText(dispersion.r, '%')} errors a canary with ${valueText(harm, '%')} errors is seen with a chance of ${chanceText(decision.chance)} (${medianText(decision, slotMs)})`,
    ...(dispersion.r > 0 ? [told.map((one) => `${one.ratio} times: ${medianText(one, slotMs)}`).join(', ')] : []),
    `the gate before 100 % ${gate}`,
    ...(found.lowTraffic ? [`low traffic: ${needed} are needed, this ladder brings ${numberText(requests)}`] : []),
  ];
  return parts.join('; ');
}

function medianText({ medianSlot }: Detection, slotMs: number): string {
  return medianSlot === null ? 'not in this ladder' : `half of the time within ${durationText(medianSlot * slotMs)}`;
}

/** `97 %`; never 100 % for less than certain. */
function chanceText(chance: number): string {
  return chance > 0.99 && chance < 1 ? 'more than 99 %' : `${Math.round(chance * 100)} %`;
}
