/** One sample of one metric, from what the looks since the last sample have added up. */
import { ARMS } from '../model/analysis.ts';
import type { Arm, MetricPlan, MetricQuery, Sample, SampleOutcome, SeriesSelector } from '../model/analysis.ts';
import { numberText } from './format.ts';
import { bucketQuantile } from './quantile.ts';
import { selectorText, selectorsOf } from './reading.ts';
import type { ArmReading, MetricReading } from './reading.ts';
import type { ArmIncrements } from './slots.ts';
import { assessSample } from './threshold.ts';
import type { SampleInput } from './threshold.ts';

/** Increments since the last sample with a value: by arm, for each selector, by bucket bound. */
export type Gathered = Readonly<Record<Arm, readonly Readonly<Record<string, number>>[]>>;

export const NOTHING_GATHERED: Gathered = { stable: [], canary: [] };

/** Adds a look's increments; what is missing in it comes with a later look, since counters are cumulative. */
export function gather(gathered: Gathered, increments: Readonly<Record<Arm, ArmIncrements | undefined>>): Gathered {
  const sum = (arm: Arm) => addAll(gathered[arm], increments[arm]?.bySelector ?? []);
  return { stable: sum('stable'), canary: sum('canary') };
}

function addAll(
  left: readonly Readonly<Record<string, number>>[],
  right: readonly (Readonly<Record<string, number>> | null)[],
): readonly Readonly<Record<string, number>>[] {
  const length = Math.max(left.length, right.length);
  return Array.from({ length }, (_, at) => {
    const sum: Record<string, number> = { ...left[at] };
    for (const [le, value] of Object.entries(right[at] ?? {})) sum[le] = (sum[le] ?? 0) + value;
    return sum;
  });
}

export type Taken =
  | { readonly taken: 'sample'; readonly sample: Sample; readonly gathered: Gathered }
  /** Several values where one is expected: final. */
  | { readonly taken: 'ambiguous'; readonly problem: string };

/**
 * Takes a sample from the arm that is judged. What was gathered is used up by a sample with a value and kept by any
 * other, so that a service with little traffic reaches `minRequests` over several intervals.
 */
export function takeSample(
  metric: MetricPlan,
  judged: Arm,
  reading: MetricReading,
  gathered: Gathered,
  atMs: number,
): Taken {
  const measured = measure(metric, judged, reading, gathered);
  const outcome = assessSample(metric.judge, measured.input);
  if (outcome === 'ambiguous') {
    return { taken: 'ambiguous', problem: `metric "${metric.name}": ${measured.note ?? 'several values'}` };
  }
  const value = measured.input.kind === 'value' && Number.isFinite(measured.input.value) ? measured.input.value : null;
  const note = measured.note ?? explanation(measured.input, outcome);
  const sample: Sample = {
    atMs,
    outcome,
    value: outcome === 'no-data' || outcome === 'error' ? null : value,
    requests: measured.requests ?? null,
    events: measured.events ?? null,
    stableValue: measured.stableValue ?? null,
    ...(note === undefined ? {} : { note: note.slice(0, MAX_NOTE) }),
  };
  const used = outcome !== 'no-data' && outcome !== 'error';
  return { taken: 'sample', sample, gathered: used ? NOTHING_GATHERED : gathered };
}

const MAX_NOTE = 200;

interface Measured {
  readonly input: SampleInput;
  readonly requests?: number;
  readonly events?: number;
  readonly stableValue?: number | null;
  readonly note?: string;
}

function explanation(input: SampleInput, outcome: SampleOutcome): string | undefined {
  if (input.kind !== 'value') return undefined;
  if (!Number.isFinite(input.value)) return `value is ${numberText(input.value)}`;
  if (input.atLeast !== true) return undefined;
  const above = `above the highest bucket bound ${numberText(input.value)}`;
  return outcome === 'no-data' ? `${above}: cannot be held against the limit` : above;
}

function measure(metric: MetricPlan, judged: Arm, reading: MetricReading, gathered: Gathered): Measured {
  const arm = reading[judged];
  if (!arm) return { input: { kind: 'error' }, note: `${judged}: was not read` };
  const silent = whySilent(judged, arm);
  if (silent) return { input: { kind: silent.kind }, note: silent.note };
  const partial = partialNote(arm);
  const measured = measureQuery(metric, judged, reading, gathered);
  const note = [measured.note, partial].filter((part) => part !== undefined).join('; ');
  return note === '' ? measured : { ...measured, note };
}

/** Why an arm gives nothing at all: nobody answers (error), no metrics page or no pod (no data). */
function whySilent(name: Arm, arm: ArmReading): { kind: 'error' | 'no-data'; note: string } | undefined {
  if (arm.answered.length > 0) return undefined;
  const [failed] = arm.failed;
  if (failed)
    return { kind: 'error', note: `${name}: ${failed.instance}: ${failed.problem}${more(arm.failed.length)}` };
  const [without] = arm.without;
  if (without) return { kind: 'no-data', note: `no metrics: ${without} ${absenceOf(arm)}${more(arm.without.length)}` };
  return { kind: 'no-data', note: `${name}: no running pod` };
}

function partialNote(arm: ArmReading): string | undefined {
  const silent = arm.failed.length + arm.without.length;
  if (silent === 0) return arm.note;
  const [failed] = arm.failed;
  const first = failed ? `${failed.instance}: ${failed.problem}` : `${arm.without[0]} ${absenceOf(arm)}`;
  const partial = `partial: ${arm.answered.length} of ${arm.answered.length + silent} answered, ${first}`;
  return arm.note === undefined ? partial : `${partial}; ${arm.note}`;
}

function absenceOf(arm: ArmReading): string {
  return arm.absence ?? 'answers 404';
}

function more(count: number): string {
  return count > 1 ? ` (and ${count - 1} more)` : '';
}

function measureQuery(metric: MetricPlan, judged: Arm, reading: MetricReading, gathered: Gathered): Measured {
  const arm = reading[judged];
  const { query } = metric;
  const missing = arm && query.kind !== 'value' ? whyMissing(arm, selectorsOf(query)) : undefined;
  if (missing !== undefined) return { input: { kind: 'no-data' }, note: missing };
  switch (query.kind) {
    case 'errorRatio':
      return measureRatio(metric, judged, gathered);
    case 'quantile':
      return measureQuantile(metric, query.quantile, judged, gathered);
    case 'slowRatio':
      return measureSlow(metric, query.slowerThan, judged, gathered);
    case 'value':
      return measureGauge(query, judged, reading);
  }
}

/** Names the selector that an answering arm does not have, or whose value is no count. */
function whyMissing(arm: ArmReading, selectors: readonly SeriesSelector[]): string | undefined {
  for (const [at, selector] of selectors.entries()) {
    if (!arm.answered.some((one) => one.selectors[at]?.known === true)) {
      return `no series ${selectorText(selector)} in ${arm.answered[0]?.instance}${more(arm.answered.length)}`;
    }
    const broken = arm.answered.find((one) =>
      one.selectors[at]?.series.some((series) => !(Number.isFinite(series.value) && series.value >= 0)),
    );
    if (broken) return `${selectorText(selector)} is no count in ${broken.instance}: NaN, infinite or negative`;
  }
  return undefined;
}

function ratioOf(sums: readonly Readonly<Record<string, number>>[]): { n: number; e: number } {
  return { n: sums[0]?.[''] ?? 0, e: sums[1]?.[''] ?? 0 };
}

function measureRatio(metric: MetricPlan, judged: Arm, gathered: Gathered): Measured {
  const { n, e } = ratioOf(gathered[judged]);
  const few = tooFew(metric, judged, n);
  if (few !== undefined) return { input: { kind: 'no-data' }, requests: n, events: e, note: few };
  if (e > n) {
    const note = `inconsistent counts: ${numberText(e)} errors of ${numberText(n)} requests`;
    return { input: { kind: 'no-data' }, requests: n, events: e, note };
  }
  const beside = judged === 'canary' ? ratioOf(gathered.stable) : undefined;
  const stableValue = beside && beside.n > 0 && beside.e <= beside.n ? beside.e / beside.n : null;
  return { input: { kind: 'value', value: e / n }, requests: n, events: e, stableValue };
}

function measureQuantile(metric: MetricPlan, quantile: number, judged: Arm, gathered: Gathered): Measured {
  const buckets = gathered[judged][0] ?? {};
  const n = buckets['+Inf'] ?? 0;
  const few = tooFew(metric, judged, n);
  if (few !== undefined) return { input: { kind: 'no-data' }, requests: n, note: few };
  const found = bucketQuantile(quantile, buckets);
  if (!found) return { input: { kind: 'no-data' }, requests: n, note: 'the histogram has no finite bucket' };
  const beside = judged === 'canary' ? bucketQuantile(quantile, gathered.stable[0] ?? {}) : undefined;
  return {
    input: { kind: 'value', value: found.value, atLeast: found.aboveHighest },
    requests: n,
    stableValue: beside?.value ?? null,
  };
}

function measureSlow(metric: MetricPlan, le: string | undefined, judged: Arm, gathered: Gathered): Measured {
  if (le === undefined) return { input: { kind: 'no-data' }, note: 'no bound is known from which a request is slow' };
  const slowOf = (arm: Arm) => {
    const { '+Inf': n = 0, [le]: fast } = gathered[arm][0] ?? {};
    return { n, e: fast === undefined ? undefined : Math.max(0, n - fast) };
  };
  const { n, e } = slowOf(judged);
  const few = tooFew(metric, judged, n);
  if (few !== undefined) return { input: { kind: 'no-data' }, requests: n, note: few };
  if (e === undefined) return { input: { kind: 'no-data' }, requests: n, note: `the histogram has no bucket ${le}` };
  const beside = judged === 'canary' ? slowOf('stable') : undefined;
  const stableValue = beside?.e !== undefined && beside.n > 0 ? beside.e / beside.n : null;
  return { input: { kind: 'value', value: e / n }, requests: n, events: e, stableValue };
}

function tooFew(metric: MetricPlan, judged: Arm, n: number): string | undefined {
  const who = judged === 'canary' ? 'canary requests' : 'requests';
  if (n <= 0) return `no ${who}`;
  return n < metric.judge.minRequests
    ? `${numberText(n)} of at least ${numberText(metric.judge.minRequests)} ${who}`
    : undefined;
}

function measureGauge(query: Extract<MetricQuery, { kind: 'value' }>, judged: Arm, reading: MetricReading): Measured {
  const means = { stable: meanOf(query, reading.stable), canary: meanOf(query, reading.canary) };
  for (const arm of query.relativeToStable ? ARMS : [judged]) {
    const { several, values } = means[arm];
    if (several !== undefined) return { input: { kind: 'values', values }, note: several };
  }
  const value = means[judged].mean;
  const stable = means.stable.mean;
  if (value === undefined || Number.isNaN(value)) {
    return {
      input: { kind: 'no-data' },
      note: `${selectorText(query.gauge)}: ${value === undefined ? 'no series' : 'NaN'}`,
    };
  }
  const stableValue = stable !== undefined && Number.isFinite(stable) ? stable : null;
  if (!query.relativeToStable)
    return { input: { kind: 'value', value }, stableValue: judged === 'canary' ? stableValue : null };
  if (judged === 'stable') return { input: { kind: 'no-data' }, note: 'no stable arm to compare with' };
  if (stableValue === null || stableValue === 0) {
    const found = stable === undefined ? 'no series' : numberText(stable);
    return {
      input: { kind: 'no-data' },
      note: `stable ${selectorText(query.gauge)}: ${found}, nothing to compare with`,
    };
  }
  return { input: { kind: 'value', value: value / stableValue } };
}

interface GaugeMean {
  /** Mean over instances of what is not NaN; NaN when all are; undefined when there is no series. */
  readonly mean: number | undefined;
  readonly values: readonly number[];
  /** Said when one instance has several series. */
  readonly several?: string;
}

function meanOf(query: Extract<MetricQuery, { kind: 'value' }>, arm: ArmReading | undefined): GaugeMean {
  const values: number[] = [];
  for (const one of arm?.answered ?? []) {
    const series = one.selectors[0]?.series ?? [];
    if (series.length > 1) {
      const several = `${selectorText(query.gauge)} has ${series.length} series in ${one.instance}, expected one: add labels`;
      return { mean: undefined, values: series.map((each) => each.value), several };
    }
    for (const each of series) values.push(each.value);
  }
  const numbers = values.filter((value) => !Number.isNaN(value));
  if (values.length === 0) return { mean: undefined, values };
  if (numbers.length === 0) return { mean: Number.NaN, values };
  return { mean: numbers.reduce((sum, value) => sum + value, 0) / numbers.length, values };
}
