/** What a tally and its verdict mean for the deployment. */
import { assessMetric } from '../analysis/threshold-verdict.ts';
import { hasBounds } from '../analysis/stand-in.ts';
import type { StepVerdict } from '../model/analysis.ts';
import type { StepTally } from '../model/operation.ts';
import type { DeployPlan } from '../model/plan.ts';
import type { Ending } from './ending.ts';

function minutes(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${Math.round(ms / 1000)} s`;
}

/** Undefined when the next change may be made. A verdict against the canary counts however the watch ended. */
export function endingOfWatch(tally: StepTally, verdict: StepVerdict, plan: DeployPlan): Ending | undefined {
  switch (verdict.phase) {
    case 'failed':
      return { outcome: 'rolledBack', reasonCode: 'AnalysisFailed', reason: verdict.reason };
    case 'error':
      return { outcome: 'rolledBack', reasonCode: 'AnalysisError', reason: verdict.reason };
    case 'inconclusive':
      return { outcome: 'rolledBack', reasonCode: 'AnalysisInconclusive', reason: verdict.reason };
    case 'no-data':
    case 'running':
    case 'incomplete':
    case 'passed':
      break;
  }
  switch (tally.ended) {
    case 'noDataDeadline': {
      const reason = `no usable data for ${minutes(plan.deadlines.noDataMs)}, taking the safe side: ${verdict.reason}`;
      return { outcome: 'rolledBack', reasonCode: 'NoData', reason };
    }
    case 'foreignChange': {
      const what = tally.foreign.map(
        (each) => `${each.object} ${each.field}: expected ${each.expected}, found ${each.observed}`,
      );
      const reason = `someone else's change stood for ${minutes(plan.deadlines.foreignChangeMs)}: ${what.join('; ')}`;
      return { outcome: 'rolledBack', reasonCode: 'ForeignChange', reason };
    }
    case 'timeOver':
      // The loop ends by time only when every deciding metric passed; anything else here is a tally that contradicts itself.
      if (verdict.phase === 'passed') return undefined;
      return {
        outcome: 'rolledBack',
        reasonCode: 'AnalysisError',
        reason: `the tally does not bear out a pass: ${verdict.reason}`,
      };
    case 'verdict':
      return {
        outcome: 'rolledBack',
        reasonCode: 'AnalysisError',
        reason: `the tally does not bear out its verdict: ${verdict.reason}`,
      };
    case 'lowTraffic':
      return endingOfLowTraffic(tally, plan);
    case 'cancelled':
      return undefined;
  }
}

/** The gate before 100 % stayed shut until its deadline. Undefined also where a person is asked next. */
function endingOfLowTraffic(tally: StepTally, plan: DeployPlan): Ending | undefined {
  const why = tally.holding ?? 'the data cannot decide';
  switch (plan.analysis.onLowTraffic ?? 'approval') {
    case 'approval':
      return undefined;
    case 'rollback':
      return { outcome: 'rolledBack', reasonCode: 'LowTraffic', reason: `low traffic, taking the safe side: ${why}` };
    case 'threshold': {
      const verdicts = plan.analysis.metrics
        .filter((metric) => metric.sequential && !metric.dryRun && hasBounds(metric))
        .map((metric) =>
          assessMetric(metric, tally.samples[metric.name] ?? [], { judged: 'canary', terminating: false }),
        );
      const against = verdicts.find(({ phase }) => phase !== 'passed');
      if (!against && verdicts.length > 0) return undefined;
      const said = against ? against.reason : 'no threshold can decide instead';
      return { outcome: 'rolledBack', reasonCode: 'LowTraffic', reason: `low traffic: ${why}; threshold: ${said}` };
    }
  }
}
