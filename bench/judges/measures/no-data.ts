/** Which judges promote a version that they could not see. */
import { ERROR_DEFAULTS } from '../../../src/core/analysis/sequential/constants.ts';
import { assessGate } from '../../../src/core/analysis/sequential/gate-verdict.ts';
import { addSlot, FRESH_STATE } from '../../../src/core/analysis/sequential/state.ts';
import { assessLook, isStepPassed } from '../../../src/core/analysis/sequential/verdict.ts';
import { assessMetricPhase, assessSample, countSamples } from '../../../src/core/analysis/threshold.ts';
import type { SampleOutcome, Slot, ThresholdPlan } from '../../../src/core/model/analysis.ts';
import { checkSame, type Check } from '../compare.ts';
import type { Cell, Columns, Measure, Section } from '../measure.ts';
import type { Profile } from '../profiles.ts';
import {
  ARGO_LIMITS,
  argoMeasurement,
  argoPhase,
  flaggerCheck,
  kayentaScore,
  valueAt,
  type Condition,
  type Vector,
} from '../rules/no-data.ts';
import { judgeRise } from '../rules/rank-test.ts';
import { planOf } from '../rules/sequential.ts';
import { Random } from '../streams/random.ts';
import { LADDER, Stream } from '../streams/stream.ts';

const BASE = 0.002;
const LIMIT = 0.01;
const SLOTS_PER_MINUTE = 6;
const MINUTES_PER_STEP = 10;
/** Failed checks that Flagger takes before it rolls back, and points of a score that passes in Kayenta. */
const FLAGGER_THRESHOLD = 10;
const KAYENTA_PASS = 95;

type Gap = (slot: Slot, at: number) => Slot;
const nothing = (slot: Slot): Slot => ({ ...slot, nC: null, eC: null, nS: null, eS: null });

const SCENARIOS: readonly { readonly key: string; readonly text: string; readonly gap: Gap; readonly slots?: 0 }[] = [
  { key: 'all', text: 'data are there, no difference (so that the rest means something)', gap: (slot) => slot },
  { key: 'empty', text: 'no series is found, ever', gap: nothing },
  { key: 'nan', text: 'every value is NaN', gap: (slot) => ({ ...slot, nC: Number.NaN, eC: Number.NaN }) },
  { key: 'idle', text: 'no request reaches the canary (0 / 0)', gap: (slot) => ({ ...slot, nC: 0, eC: 0 }) },
  { key: 'no-errors', text: 'the series of errors is missing', gap: (slot) => ({ ...slot, eC: null, eS: null }) },
  {
    key: 'stops',
    text: 'data stop after 2 min, then the canary breaks',
    gap: (slot, at) => (at < 12 ? slot : nothing(slot)),
  },
  { key: 'ended', text: 'the run is ended before its first measurement', gap: nothing, slots: 0 },
];

/** Per rule: the canary goes to 100 %. */
type Rule = (slots: readonly Slot[], stream: Stream) => boolean;

const below: Condition = (result) => valueAt(result, 0) < LIMIT;
const above: Condition = (result) => valueAt(result, 0) > LIMIT;
const allBelow: Condition = (result) => result.every((value) => value < LIMIT);

const RULES: readonly { readonly name: string; readonly isOurs?: true; readonly promotes: Rule }[] = [
  { name: 'Argo `result[0] < 0.01`', promotes: (slots) => argoPromotes(slots, below) },
  { name: 'Argo, only fail `result[0] > 0.01`', promotes: (slots) => argoPromotes(slots, undefined, above) },
  { name: 'Argo `all(result, # < 0.01)`', promotes: (slots) => argoPromotes(slots, allBelow) },
  { name: 'Flagger', promotes: flaggerPromotes },
  { name: 'Kayenta, one metric', promotes: (slots) => kayentaPromotes(slots, []) },
  { name: 'Kayenta, beside a group that passes', promotes: (slots) => kayentaPromotes(slots, [['pass', 'pass']]) },
  { name: '`threshold`', isOurs: true, promotes: thresholdPromotes },
  { name: '`sequential`', isOurs: true, promotes: sequentialPromotes },
];

function cells({ noData }: Profile): Cell[] {
  return SCENARIOS.map(({ key }) => ({ key, runs: noData }));
}

function simulate(key: string, seed: number, from: number, to: number): Columns {
  const scenario = SCENARIOS.find((one) => one.key === key);
  if (!scenario) throw new Error(`no cell is named ${key}`);
  const stream = new Stream({ rps: 100, base: BASE, canary: BASE, bursts: { kind: 'none' }, steps: LADDER });
  const columns: Record<string, Float64Array> = {};
  for (const { name } of RULES) columns[name] = new Float64Array(to - from);
  for (let run = from; run < to; run += 1) {
    stream.draw(new Random(seed, 'no data', key, run));
    const slots = Array.from({ length: scenario.slots ?? stream.slots }, (_, at) =>
      scenario.gap(slotOf(stream, at), at),
    );
    for (const { name, promotes } of RULES) {
      const column = columns[name];
      if (column) column[run - from] = promotes(slots, stream) ? 1 : 0;
    }
  }
  return columns;
}

function report(found: ReadonlyMap<string, Columns>): Section {
  const checks: Check[] = [];
  const rows = SCENARIOS.map(({ key, text }) => {
    const texts = RULES.map(({ name, isOurs }) => {
      const values = found.get(key)?.[name] ?? new Float64Array();
      const share = `${((100 * values.reduce((total, value) => total + value, 0)) / values.length).toFixed(0)} %`;
      if (isOurs && key !== 'all') checks.push(checkSame(`promoted, ${text}, ${name}`, share, '0 %'));
      if (isOurs && key === 'all') {
        const isAlive = values.some((value) => value === 1) ? 'promotes' : 'never promotes';
        checks.push(checkSame(`promoted, ${text}, ${name}`, isAlive, 'promotes'));
      }
      return share;
    });
    return [text, ...texts];
  });
  return {
    title: 'Promotions without data',
    notes: [
      'Per cent of streams (100 rps, base 0.2 %, ladder) in which the version goes to 100 %. Rules by their documented semantics: Argo Rollouts with `failureLimit` 0, `consecutiveErrorLimit` 4, ten measurements a step; a run that is ended early is successful; Flagger with ten failed checks, which rolls a healthy version back for want of data; Kayenta with pass 95, at the end of each step over all minutes so far.',
    ],
    tables: [{ title: 'Promoted', head: ['what happens', ...RULES.map(({ name }) => name)], rows }],
    checks,
  };
}

function slotOf(stream: Stream, at: number): Slot {
  return {
    step: stream.step[at] ?? 0,
    atMs: at * 10_000,
    nC: stream.nC[at] ?? 0,
    eC: stream.eC[at] ?? 0,
    nS: stream.nS[at] ?? 0,
    eS: stream.eS[at] ?? 0,
  };
}

/** Error ratio of an arm in each minute, as a query would answer: empty without series, NaN for 0 / 0. */
function minuteRatios(slots: readonly Slot[], arm: 'C' | 'S'): readonly Vector[] {
  const minutes: Vector[] = [];
  for (let from = 0; from < slots.length; from += SLOTS_PER_MINUTE) {
    const minute = slots.slice(from, from + SLOTS_PER_MINUTE);
    const n = minute.map((slot) => (arm === 'C' ? slot.nC : slot.nS));
    const e = minute.map((slot) => (arm === 'C' ? slot.eC : slot.eS));
    if (n.includes(null) || e.includes(null)) minutes.push([]);
    else minutes.push([sum(e) / sum(n)]);
  }
  return minutes;
}

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

function argoPromotes(slots: readonly Slot[], success?: Condition, failure?: Condition): boolean {
  const minutes = minuteRatios(slots, 'C');
  if (minutes.length === 0) return argoPhase([], ARGO_LIMITS, true) === 'successful';
  return LADDER.every((_, step) => {
    const own = minutes.slice(step * MINUTES_PER_STEP, (step + 1) * MINUTES_PER_STEP);
    const outcomes = own.map((minute) => argoMeasurement(minute, success, failure));
    return argoPhase(outcomes, ARGO_LIMITS, false) === 'successful';
  });
}

function flaggerPromotes(slots: readonly Slot[]): boolean {
  const minutes = minuteRatios(slots, 'C');
  const failed = minutes.filter((minute) => !flaggerCheck(minute, LIMIT)).length;
  return minutes.length > 0 && failed < FLAGGER_THRESHOLD;
}

function kayentaPromotes(slots: readonly Slot[], beside: readonly (readonly 'pass'[])[]): boolean {
  const points = (arm: 'C' | 'S', minutes: number) =>
    minuteRatios(slots.slice(0, minutes * SLOTS_PER_MINUTE), arm)
      .flat()
      .filter((value) => !Number.isNaN(value));
  return LADDER.every((_, step) => {
    const minutes = (step + 1) * MINUTES_PER_STEP;
    return kayentaScore([[judgeRise(points('C', minutes), points('S', minutes))], ...beside]) >= KAYENTA_PASS;
  });
}

const THRESHOLD: ThresholdPlan = {
  judge: 'threshold',
  pass: { op: '<', limit: LIMIT },
  intervalMs: 60_000,
  count: 10,
  failureLimit: 3,
  inconclusiveLimit: 0,
  consecutiveErrorLimit: 4,
  consecutiveSuccessLimit: 0,
  warmUpMs: 0,
  minRequests: 0,
};

function thresholdPromotes(slots: readonly Slot[]): boolean {
  const minutes = minuteRatios(slots, 'C');
  return LADDER.every((_, step) => {
    const own = minutes.slice(step * MINUTES_PER_STEP, (step + 1) * MINUTES_PER_STEP);
    const outcomes = own.map((values): { outcome: SampleOutcome } => {
      const outcome = assessSample(THRESHOLD, { kind: 'values', values });
      return { outcome: outcome === 'ambiguous' ? 'error' : outcome };
    });
    const isEnded = minutes.length === 0;
    return assessMetricPhase(THRESHOLD, countSamples(THRESHOLD, outcomes), isEnded) === 'passed';
  });
}

/** Every step must pass when its time is over, and the gate be open at the end. Where it holds, the clock stands still. */
function sequentialPromotes(slots: readonly Slot[], stream: Stream): boolean {
  const plan = planOf(stream.record);
  let state = FRESH_STATE;
  for (const [step, { w }] of LADDER.entries()) {
    for (const slot of slots.filter((one) => one.step === step)) state = addSlot(plan, state, slot, 100 * w);
    if (!isStepPassed(assessLook(plan, state, 100 * w), ERROR_DEFAULTS, true)) return false;
  }
  return assessGate(plan, state, assessLook(plan, state, 75), 0).phase === 'pass';
}

export const noData: Measure = { name: 'no-data', cells, simulate, report };
