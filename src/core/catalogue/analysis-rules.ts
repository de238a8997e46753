/** Rules of the analysis: bounds, counts, and how samples fit into the steps. Paths are relative to `analysis`. */
import type { Bound } from '../model/analysis.ts';
import { boundExpected, describeBound, type MetricUnit, parseBound } from '../model/bound.ts';
import { defaultUnit, type MetricEntry, type SamplingEntry, type StepEntry } from '../model/catalogue.ts';
import { whyNotSequential } from '../analysis/sequential/sequential-refusal.ts';
import { formatDuration } from '../model/duration.ts';
import type { PathSegment } from '../model/problem.ts';
import { judgeOf, sequentialOptionsOf, thresholdOf } from './judge.ts';
import type { BrokenRule } from './rules.ts';
import { resolveSampling, shortestStep } from './sampling.ts';

/** What the rules over all metrics look at. */
export interface NamedMetric {
  readonly name: string;
  readonly dryRun: boolean;
  /** Compared with stable, so it says nothing in the bake, where no canary is left. */
  readonly isRelative: boolean;
}

/** Rules over all metrics: one name once, at least one that decides, and one that decides in the bake too. */
export function brokenMetricListRules(metrics: readonly NamedMetric[]): BrokenRule[] {
  const broken: BrokenRule[] = [];
  for (const [index, metric] of metrics.entries()) {
    const first = metrics.findIndex((other) => other.name === metric.name);
    if (first < index) {
      broken.push({
        path: ['metrics', index, 'name'],
        expected: `a name of its own; metrics[${first}] has this one`,
        found: JSON.stringify(metric.name),
      });
    }
  }
  const deciding = metrics.filter((metric) => !metric.dryRun);
  if (deciding.length > 0 && deciding.every((metric) => metric.isRelative)) {
    broken.push({
      path: ['metrics'],
      expected: 'a deciding metric that is not relativeToStable: in the bake there is nothing to compare with',
      found: 'only metrics relative to stable',
    });
  }
  if (metrics.length > 0 && deciding.length === 0) {
    broken.push({
      path: ['metrics'],
      expected: 'at least one metric that decides (without dryRun)',
      found: 'only dry-run metrics, which never decide',
    });
  }
  return broken;
}

/** Rules of a metric's judge; `index` is the metric's place in the list. */
export function brokenJudgeRules(
  metric: Pick<MetricEntry, 'judge' | 'query'>,
  index: number,
  shared: SamplingEntry,
  steps: readonly StepEntry[],
): BrokenRule[] {
  const written = judgeOf(metric);
  if (written === undefined) {
    const expected = 'a judge: only an error ratio has one by default (sequential)';
    return [{ path: ['metrics', index, 'judge'], expected, found: 'nothing' }];
  }
  const judge = thresholdOf(metric);
  const path = [...judgePath(metric, index)];
  const broken = brokenSamplingRules(judge, shared, steps, path);
  if (written.kind === 'sequential') return [...broken, ...brokenSequentialRules(metric, index)];
  if (judge.pass !== undefined || judge.fail !== undefined) return broken;
  return [{ path, expected: 'at least one bound, pass or fail', found: 'neither' }, ...broken];
}

/** Where the threshold of a metric stands: in its judge, or under a comparison. */
function judgePath({ judge }: Pick<MetricEntry, 'judge'>, index: number): PathSegment[] {
  const path = ['metrics', index, 'judge'];
  return judge?.kind === 'sequential' && judge.threshold !== undefined ? [...path, 'threshold'] : path;
}

function brokenSequentialRules(metric: Pick<MetricEntry, 'judge' | 'query'>, index: number): BrokenRule[] {
  const path = ['metrics', index, 'judge'];
  const { kind } = metric.query;
  if (kind !== 'errorRatio' && kind !== 'slowRatio') {
    return [
      {
        path: [...path, 'kind'],
        expected: 'threshold: only errorRatio and slowRatio are compared',
        found: '"sequential"',
      },
    ];
  }
  const options = sequentialOptionsOf(metric, { metrics: [] });
  if (!options) return [];
  return whyNotSequential(options).map((problem) => {
    const [key = '', ...rest] = problem.split(' must ');
    const [expected = '', found = ''] = rest.join(' must ').split(', is ');
    return { path: [...path, key.split('.')[0] ?? key], expected, found };
  });
}

/** Bounds that cannot be read in the metric's unit, or that contradict each other. */
export function brokenBoundRules(metric: MetricEntry, index: number): BrokenRule[] {
  const judge = thresholdOf(metric);
  const path = judgePath(metric, index);
  const unit = metric.unit ?? defaultUnit(metric.query);
  const broken: BrokenRule[] = [];
  if (metric.query.kind === 'quantile' && unit === '%') {
    broken.push({ path: ['metrics', index, 'unit'], expected: 's, ms or no unit for a quantile', found: '"%"' });
  }
  const pass = judge.pass === undefined ? undefined : parseBound(judge.pass, unit);
  const fail = judge.fail === undefined ? undefined : parseBound(judge.fail, unit);
  for (const [key, written, bound] of [
    ['pass', judge.pass, pass],
    ['fail', judge.fail, fail],
  ] as const) {
    if (written !== undefined && bound === undefined) {
      broken.push({ path: [...path, key], expected: boundExpected(unit), found: JSON.stringify(written) });
    }
  }
  const overlap = pass && fail ? whyNotApart(pass, fail, unit) : undefined;
  if (overlap !== undefined) broken.push({ path: [...path, 'fail'], ...overlap });
  return broken;
}

/** A router is described by the metric itself or by `traffic.weightMetric`. */
export function brokenSourceRules(metric: MetricEntry, index: number, hasWeightMetric: boolean): BrokenRule[] {
  const { source } = metric;
  if (source.from !== 'router' || hasWeightMetric) return [];
  return (['url', 'backendLabel'] as const)
    .filter((key) => source[key] === undefined)
    .map((key) => ({
      path: ['metrics', index, 'source', key],
      expected: `${key}, or a traffic.weightMetric to take it from`,
      found: 'nothing',
    }));
}

/** A value must never pass and fail at once, and two bounds that look the same way leave values that do neither for ever. */
function whyNotApart(pass: Bound, fail: Bound, unit: MetricUnit): Omit<BrokenRule, 'path'> | undefined {
  const passesBelow = pass.op.startsWith('<');
  if (passesBelow === fail.op.startsWith('<')) {
    return {
      expected: `a bound of the other direction than pass (${describeBound(pass, unit)})`,
      found: describeBound(fail, unit),
    };
  }
  const gap = passesBelow ? fail.limit - pass.limit : pass.limit - fail.limit;
  const touches = gap === 0 && pass.op.endsWith('=') && fail.op.endsWith('=');
  if (gap > 0 || (gap === 0 && !touches)) return undefined;
  return {
    expected: `a bound that shares no value with pass (${describeBound(pass, unit)})`,
    found: describeBound(fail, unit),
  };
}

function brokenSamplingRules(
  judge: SamplingEntry,
  shared: SamplingEntry,
  steps: readonly StepEntry[],
  writtenAt: readonly PathSegment[],
): BrokenRule[] {
  const shortest = shortestStep(steps);
  if (shortest === undefined) return [];
  const sampling = resolveSampling(judge, shared, shortest.ms);
  /** Where a value was written: the judge, the whole analysis, or nowhere (then the judge is named). */
  const origin = (key: keyof SamplingEntry): PathSegment[] => {
    if (judge[key] !== undefined) return [...writtenAt, key];
    return shared[key] === undefined ? [...writtenAt] : [key];
  };
  const { intervalMs, warmUpMs, count, failureLimit, consecutiveSuccessLimit } = sampling;
  const stepText = `${formatDuration(shortest.ms)}, the duration of the shortest step (steps[${shortest.index}])`;
  const broken: BrokenRule[] = [];
  if (intervalMs > shortest.ms) {
    broken.push({
      path: origin('interval'),
      expected: `an interval of at most ${stepText}`,
      found: formatDuration(intervalMs),
    });
  } else if (warmUpMs + count * intervalMs > shortest.ms) {
    const countWritten = judge.count !== undefined || shared.count !== undefined;
    const samples = `${count} ${count === 1 ? 'sample' : 'samples'} every ${formatDuration(intervalMs)}`;
    const warmUp = warmUpMs > 0 ? ` after a warm-up of ${formatDuration(warmUpMs)}` : '';
    broken.push({
      path: origin(countWritten ? 'count' : 'warmUp'),
      expected: `count x interval${warmUp ? ' + warmUp' : ''} of at most ${stepText}`,
      found: `${samples}${warmUp}, ${formatDuration(warmUpMs + count * intervalMs)}`,
    });
  }
  if (failureLimit === -1 && consecutiveSuccessLimit === 0) {
    broken.push({
      path: origin('failureLimit'),
      expected: '0 or more, or a consecutiveSuccessLimit of at least 1 beside -1 (off)',
      found: '-1 without consecutiveSuccessLimit: such a judge never decides',
    });
  }
  const needed = Math.max(0, failureLimit) + consecutiveSuccessLimit;
  if (count < needed) {
    broken.push({
      path: origin('count'),
      expected: `a count of at least failureLimit + consecutiveSuccessLimit (${Math.max(0, failureLimit)} + ${consecutiveSuccessLimit} = ${needed})`,
      found: `${count}`,
    });
  }
  return broken;
}
