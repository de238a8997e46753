/** What a look says, and the sentence for people. */
import { countText, numberText, valueText } from '../format.ts';
import { addCounts, NO_COUNTS, type Counts } from './block.ts';
import { MIN_BINS, type SequentialOptions } from './constants.ts';
import type { Dispersion, ShortRecord } from './dispersion.ts';
import { currentEvidence, evidenceLimit, spentAlpha, type Evidence } from './evidence.ts';
import { UNUSABLE_TEXT, whyUnusable, type UnusableReason } from './hygiene.ts';
import { estimateRatio, type RatioEstimate } from './ratio.ts';
import { addSlot, type SequentialPlan, type SequentialState } from './state.ts';

/** Worst first, in the order in which they are asked for. */
export const LOOK_PHASES = ['rollback', 'hold', 'continue'] as const;
export type LookPhase = (typeof LOOK_PHASES)[number];

export type HoldReason = UnusableReason | 'both-breach';

export interface ArmRatio {
  readonly n: number;
  readonly e: number;
  /** Null without requests. */
  readonly ratio: number | null;
}

export interface SequentialVerdict {
  readonly phase: LookPhase;
  /** Why the step's clock stands; watching goes on. Only with `hold`. */
  readonly hold?: HoldReason;
  /** L and its limit, natural logarithm. Null without a usable record. */
  readonly evidence: number | null;
  readonly limit: number;
  readonly leadingDelta: number | null;
  /** Both arms since the release began. */
  readonly canary: ArmRatio;
  readonly stable: ArmRatio;
  readonly estimate: RatioEstimate | null;
  /** Canary's part of the requests of this step, 0..1, and the weight asked for. */
  readonly observedShare: number | null;
  readonly askedShare: number;
  readonly stepRequests: number;
  readonly record: Dispersion | ShortRecord;
  readonly alphaSpent: number;
  /** Slots dropped since the release began. */
  readonly missing: number;
  /** Errors among the canary's requests of a next slot like the last one that would roll back; null when one cannot. */
  readonly errorsToRollBack: number | null;
  readonly text: string;
}

/**
 * Verdict of a look, from the state after its slot. Rollback comes before everything, then hold, then continue.
 * `weightPercent` is the weight asked for, below 100: then nobody is left to compare with (`after-comparison.ts`).
 *
 * Example: 48 errors of 6,000 canary requests beside 108 of 54,000, evidence 5.3: rollback, `canary 0.80 % (48/6,000)
 * against stable 0.20 % (108/54,000), 4.0 times; evidence 5.3 of 4.6 needed; record 240 min, dispersion cv 0.5`.
 * Example: 12 slots with 10 % errors in both arms: hold, `both arms break the objective; canary 10.00 % ...`.
 */
export function assessLook(plan: SequentialPlan, state: SequentialState, weightPercent: number): SequentialVerdict {
  const { record, options } = plan;
  const { release, inStep } = state;
  const limit = evidenceLimit(options);
  const found = record.kind === 'usable' ? currentEvidence(state.masses, state.open, record, options.tolerance) : null;
  const rollsBack = found !== null && isEnough(plan, state, found);
  const hold = rollsBack ? undefined : (whyUnusable(state.hygiene) ?? whyBothBreach(state, options));
  const blocks = state.closedBlocks + (state.open ? 1 : 0);
  const estimate = estimateRatio(release, record.kind === 'usable' ? record.v : 0, blocks) ?? null;
  const inStepRequests = inStep.nC + inStep.nS;
  const shown = {
    phase: rollsBack ? 'rollback' : hold ? 'hold' : 'continue',
    evidence: found?.evidence ?? null,
    limit,
    leadingDelta: found?.leadingDelta ?? null,
    canary: armRatio(release.nC, release.eC),
    stable: armRatio(release.nS, release.eS),
    estimate,
    observedShare: inStepRequests > 0 ? inStep.nC / inStepRequests : null,
    askedShare: weightPercent / 100,
    stepRequests: inStep.nC,
    record,
    alphaSpent: record.kind === 'usable' ? spentAlpha(options.alpha, state.closedBlocks, record) : 0,
    missing: state.hygiene.missing,
    errorsToRollBack: rollsBack ? null : errorsToRollBack(plan, state, weightPercent),
    ...(hold ? { hold } : {}),
  } as const;
  return { ...shown, text: lookText(shown, options) };
}

/** Whether the canary is rolled back at this look; the phase of `assessLook`, without what is told to people. */
export function isRollback(plan: SequentialPlan, state: SequentialState): boolean {
  const { record, options } = plan;
  if (record.kind === 'too-short' || state.release.eC < options.minErrors) return false;
  return isEnough(plan, state, currentEvidence(state.masses, state.open, record, options.tolerance));
}

function isEnough({ options }: SequentialPlan, { release }: SequentialState, { evidence }: Evidence): boolean {
  return evidence >= evidenceLimit(options) && release.eC >= options.minErrors;
}

/** A step passes when its time is over, enough requests came in it, and nothing speaks against going on. */
export function isStepPassed(
  verdict: SequentialVerdict,
  options: Pick<SequentialOptions, 'minRequests'>,
  timeIsOver: boolean,
): boolean {
  return timeIsOver && verdict.phase === 'continue' && verdict.stepRequests >= options.minRequests;
}

/** Both arms broke the objective over the last 2 min: the release may be innocent, but this is no time to promote. */
function whyBothBreach({ recent }: SequentialState, options: SequentialOptions): HoldReason | undefined {
  const { objective } = options.mustDetect;
  if (objective === undefined) return undefined;
  const { nC, eC, nS, eS } = recent.reduce<Counts>(addCounts, NO_COUNTS);
  const breaks = (n: number, e: number) => e >= options.minErrors && e / n > objective;
  return breaks(nC, eC) && breaks(nS, eS) ? 'both-breach' : undefined;
}

function errorsToRollBack(plan: SequentialPlan, state: SequentialState, weightPercent: number): number | null {
  const last = state.recent.at(-1);
  if (!last || plan.record.kind === 'too-short') return null;
  const rollsBackWith = (eC: number): boolean => {
    const slot = { step: state.step ?? 0, atMs: 0, ...last, eC };
    return isRollback(plan, addSlot(plan, state, slot, weightPercent));
  };
  let enough = Math.floor(last.nC);
  if (!rollsBackWith(enough)) return null;
  let tooFew = -1;
  while (enough - tooFew > 1) {
    const middle = Math.floor((enough + tooFew) / 2);
    if (rollsBackWith(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
}

function armRatio(n: number, e: number): ArmRatio {
  return { n, e, ratio: n > 0 ? e / n : null };
}

/** The hold's reason in words, where there is one. */
export function holdText(hold: HoldReason): string {
  return hold === 'both-breach' ? 'both arms break the objective' : UNUSABLE_TEXT[hold];
}

function lookText(verdict: Omit<SequentialVerdict, 'text'>, options: SequentialOptions): string {
  const { canary, stable, estimate, evidence, limit, hold } = verdict;
  const times = estimate ? `, ${timesText(estimate.ratio)} times` : '';
  const parts = [
    ...(hold ? [holdText(hold)] : []),
    `canary ${armText(canary)} against stable ${armText(stable)}${times}`,
    ...(evidence === null ? [] : [`evidence ${evidence.toFixed(1)} of ${limit.toFixed(1)} needed`]),
    ...(evidence !== null && evidence >= limit && canary.e < options.minErrors
      ? [`${numberText(canary.e)} of ${countText(options.minErrors, 'error')} needed`]
      : []),
    recordText(verdict.record),
  ];
  return parts.join('; ');
}

/** `4.0`; `1,204`. */
function timesText(ratio: number): string {
  return ratio < 100 ? ratio.toFixed(1) : numberText(ratio);
}

function armText({ n, e, ratio }: ArmRatio): string {
  return ratio === null ? 'without requests' : `${valueText(ratio, '%')} (${numberText(e)}/${numberText(n)})`;
}

/** `record 240 min, dispersion cv 0.5`; `record too short (8 of 10 min)`. */
export function recordText(record: Dispersion | ShortRecord): string {
  if (record.kind === 'too-short') return `record too short (${record.bins} of ${MIN_BINS} min)`;
  return `record ${record.bins} min, dispersion cv ${Number(Math.sqrt(record.v).toFixed(2))}`;
}
