import type { AnalysisPlan, ThresholdPlan } from '../model/analysis.ts';

/** Every reason why a threshold cannot be used, each with what was expected and found; empty when it can. */
export function whyNotThreshold(plan: ThresholdPlan): readonly string[] {
  const problems: string[] = [];
  const expect = (ok: boolean, problem: string) => {
    if (!ok) problems.push(problem);
  };
  const sum = plan.failureLimit + plan.consecutiveSuccessLimit;
  expect(plan.pass !== undefined || plan.fail !== undefined, 'a threshold needs a pass bound, a fail bound, or both');
  for (const [name, bound] of [['pass', plan.pass] as const, ['fail', plan.fail] as const]) {
    expect(bound === undefined || Number.isFinite(bound.limit), `${name} limit must be a finite number`);
  }
  expect(Number.isInteger(plan.count) && plan.count >= 1, `count must be a whole number from 1, is ${plan.count}`);
  expect(
    Number.isInteger(plan.failureLimit) && plan.failureLimit >= -1,
    `failureLimit must be a whole number from -1 (off), is ${plan.failureLimit}`,
  );
  for (const name of [
    'inconclusiveLimit',
    'consecutiveErrorLimit',
    'consecutiveSuccessLimit',
    'minRequests',
  ] as const) {
    expect(Number.isInteger(plan[name]) && plan[name] >= 0, `${name} must be a whole number from 0, is ${plan[name]}`);
  }
  for (const name of ['intervalMs', 'warmUpMs'] as const) {
    expect(Number.isFinite(plan[name]) && plan[name] >= 0, `${name} must be a duration from 0, is ${plan[name]}`);
  }
  expect(
    plan.failureLimit !== -1 || plan.consecutiveSuccessLimit > 0,
    'failureLimit -1 (off) needs a consecutiveSuccessLimit, else nothing could fail',
  );
  expect(
    !(plan.failureLimit >= 0) || plan.count >= sum,
    `count (${plan.count}) must be >= failureLimit + consecutiveSuccessLimit (${plan.failureLimit} + ${plan.consecutiveSuccessLimit})`,
  );
  expect(plan.count <= 1 || plan.intervalMs > 0, `interval is required when count (${plan.count}) is above 1`);
  return problems;
}

/** The same for a whole analysis, each problem led by the metric's name. */
export function whyNotAnalysis(analysis: AnalysisPlan): readonly string[] {
  const problems: string[] = [];
  const names = analysis.metrics.map((metric) => metric.name);
  for (const name of new Set(names.filter((one, index) => names.indexOf(one) !== index))) {
    problems.push(`metric "${name}" is named twice: names must differ`);
  }
  for (const metric of analysis.metrics) {
    for (const problem of whyNotThreshold(metric.judge)) problems.push(`metric "${metric.name}": ${problem}`);
    const { query } = metric;
    if (query.kind === 'quantile' && !(query.quantile > 0 && query.quantile < 1)) {
      problems.push(`metric "${metric.name}": quantile must lie between 0 and 1, is ${query.quantile}`);
    }
  }
  const deciding = analysis.metrics.filter((metric) => !metric.dryRun);
  if (deciding.length === 0) problems.push('at least one metric must decide: all are dry runs, or there is none');
  else if (deciding.every((metric) => metric.query.kind === 'value' && metric.query.relativeToStable)) {
    problems.push(
      'at least one deciding metric must not be relative to stable: in the bake there is nothing to compare',
    );
  }
  return problems;
}
