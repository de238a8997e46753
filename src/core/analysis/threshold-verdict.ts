/** From samples to a verdict with a reason a person can act on. */
import { PHASES } from '../model/analysis.ts';
import type {
  Arm,
  MetricPhase,
  MetricPlan,
  MetricVerdict,
  Sample,
  SampleOutcome,
  StepVerdict,
} from '../model/analysis.ts';
import { boundsText, breachText, countText, numberText, valueText } from './format.ts';
import { assessMetricPhase, assessSample, countSamples, isCounted } from './threshold.ts';
import type { MetricCounters } from './threshold.ts';

export interface JudgeSetting {
  /** The arm whose values are judged: the canary, or in a bake the stable arm, where the new version serves. */
  readonly judged: Arm;
  /** The watch ends before its time. */
  readonly terminating: boolean;
}

/** False for a dry run, and for a comparison with stable where no stable arm stands beside the new version. */
export function isDeciding(metric: MetricPlan, judged: Arm): boolean {
  if (metric.dryRun) return false;
  // A slow ratio without bounds is judged by comparison only.
  if (metric.sequential && !metric.judge.pass && !metric.judge.fail) return false;
  return judged === 'canary' || !(metric.query.kind === 'value' && metric.query.relativeToStable);
}

/**
 * Outcome of a recorded sample, taken again from its value, so that another limit can be tried on an old release.
 * A pass or an inconclusive without a value is no-data, whatever was recorded.
 */
export function outcomeOf(metric: MetricPlan, sample: Sample): SampleOutcome {
  const { value, outcome } = sample;
  if (value === null) return outcome === 'pass' || outcome === 'inconclusive' ? 'no-data' : outcome;
  if (!isCounted(outcome)) return outcome;
  const again = assessSample(metric.judge, { kind: 'value', value });
  return again === 'ambiguous' ? 'error' : again;
}

export function assessMetric(metric: MetricPlan, samples: readonly Sample[], setting: JudgeSetting): MetricVerdict {
  const outcomes = samples.map((sample) => ({ ...sample, outcome: outcomeOf(metric, sample) }));
  const counters = countSamples(metric.judge, outcomes);
  const phase = assessMetricPhase(metric.judge, counters, setting.terminating);
  const shown = shownSample(outcomes, phase);
  return {
    name: metric.name,
    phase,
    dryRun: !isDeciding(metric, setting.judged),
    value: shown?.value ?? null,
    ...(shown ? { shown: sampleText(metric, shown) } : {}),
    ...(shown && shown.stableValue !== null ? { stable: valueText(shown.stableValue, metric.unit) } : {}),
    limit: boundsText(metric.judge, metric.unit),
    counts: {
      samples: counters.counted,
      failures: counters.failures,
      inconclusive: counters.inconclusive,
      errors: counters.errors,
      noData: counters.noData,
    },
    requests: shown?.requests ?? null,
    reason: reasonOf(metric, phase, counters, outcomes, shown, setting.judged),
  };
}

/** Worst of the metrics that decide, in the order of PHASES; never a pass when none decides. */
export function assessRun(metrics: readonly MetricVerdict[]): StepVerdict {
  const deciding = metrics.filter((metric) => !metric.dryRun);
  for (const phase of PHASES) {
    const first = deciding.find((metric) => metric.phase === phase);
    if (first) return { phase, reason: runReason(phase, first, deciding), metrics };
  }
  return { phase: 'incomplete', reason: 'no metric decides: there is none, or all are dry runs', metrics };
}

function runReason(phase: MetricPhase, first: MetricVerdict, deciding: readonly MetricVerdict[]): string {
  const same = deciding.filter((metric) => metric.phase === phase);
  if (phase === 'passed') return same.map((metric) => metric.reason).join('; ');
  const others = same.filter((metric) => metric !== first).map((metric) => metric.name);
  return others.length === 0 ? first.reason : `${first.reason}; also ${others.join(', ')}`;
}

/** The sample that explains the phase: the last failing one of a failure, else the last with a value. */
function shownSample(samples: readonly Sample[], phase: MetricPhase): Sample | undefined {
  const wanted = phase === 'failed' ? 'fail' : phase === 'inconclusive' ? 'inconclusive' : undefined;
  const explaining = wanted && samples.findLast((sample) => sample.outcome === wanted);
  return explaining ?? samples.findLast((sample) => isCounted(sample.outcome));
}

function reasonOf(
  metric: MetricPlan,
  phase: MetricPhase,
  counters: MetricCounters,
  samples: readonly Sample[],
  shown: Sample | undefined,
  judged: Arm,
): string {
  const { judge, name, unit } = metric;
  const last = samples.at(-1);
  const seen = `${name} ${seenText(metric, shown, judged)}`;
  const failures = `${countText(counters.failures, 'failure')}, ${allowedText(judge.failureLimit)}`;
  switch (phase) {
    case 'failed': {
      const breach =
        shown?.outcome === 'fail' ? ` ${breachText(judge, unit, shown.value ?? Number.POSITIVE_INFINITY)}` : '';
      if (judge.failureLimit >= 0) return `${seen}${breach}: ${failures}`;
      return `${seen}: ${counters.consecutiveSuccesses} of ${judge.consecutiveSuccessLimit} successes in a row after ${countText(counters.counted, 'sample')}`;
    }
    case 'error':
      return `${name}: ${countText(counters.consecutiveErrors, 'error')} in a row, at most ${judge.consecutiveErrorLimit} allowed: ${last?.note ?? 'cause not told'}`;
    case 'inconclusive':
      if (counters.inconclusive > judge.inconclusiveLimit) {
        return `${seen} is between the bounds (${boundsText(judge, unit)}): ${countText(counters.inconclusive, 'inconclusive sample')}, at most ${judge.inconclusiveLimit} allowed`;
      }
      return `${seen}: ${countText(counters.counted, 'sample')} brought neither more than ${judge.failureLimit} failures nor ${judge.consecutiveSuccessLimit} successes in a row`;
    case 'no-data':
      return `${name}: no data: ${last?.note ?? 'no sample'}`;
    case 'running':
    case 'incomplete': {
      const progress = `${counters.counted} of ${countText(judge.count, 'sample')}`;
      if (last?.outcome === 'error')
        return `${name}: error: ${last.note ?? 'cause not told'}; ${progress}, ${failures}`;
      if (!shown)
        return `${name}: ${last ? `no data: ${last.note ?? 'no sample'}` : 'no sample yet'}, ${boundsText(judge, unit)}`;
      return `${seen}, ${boundsText(judge, unit)}: ${progress}, ${failures}`;
    }
    case 'passed':
      return `${seen}, ${boundsText(judge, unit)}: ${countText(counters.counted, 'sample')}, ${failures}`;
  }
}

function allowedText(limit: number): string {
  return limit < 0 ? 'no limit' : `at most ${limit} allowed`;
}

function sampleText({ unit }: MetricPlan, { value, note }: Sample): string {
  return value === null ? (note ?? 'infinite') : valueText(value, unit);
}

/** `8.10 % (26 of 321 canary requests)`, with the stable arm where it was seen. */
function seenText(metric: MetricPlan, sample: Sample | undefined, judged: Arm): string {
  if (!sample) return 'not measured';
  const value = sampleText(metric, sample);
  const who = judged === 'canary' ? 'canary requests' : 'requests';
  const behind: string[] = [];
  if (sample.requests !== null && sample.events !== null) {
    behind.push(`${numberText(sample.events)} of ${numberText(sample.requests)} ${who}`);
  } else if (sample.requests !== null) behind.push(`${numberText(sample.requests)} ${who}`);
  if (sample.stableValue !== null) behind.push(`stable ${valueText(sample.stableValue, metric.unit)}`);
  return behind.length === 0 ? value : `${value} (${behind.join(', ')})`;
}
