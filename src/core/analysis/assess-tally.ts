import { PHASES } from '../model/analysis.ts';
import type { MetricPhase, StepVerdict } from '../model/analysis.ts';
import type { StepTally } from '../model/operation.ts';
import type { DeployPlan } from '../model/plan.ts';
import { comparing } from './evidence.ts';
import { assessCompared } from './sequential-verdict.ts';
import type { ReleaseRecords } from './sequential/record.ts';
import { standIn } from './stand-in.ts';
import { foreignText } from './standing.ts';
import { assessMetric, assessRun } from './threshold-verdict.ts';

/**
 * Verdict of a step, recomputed from its tally. A watch that ended before its time is never passed for what is not
 * complete; one that ended for missing data or for someone else's change says so, unless the data say something worse.
 */
export function assessTally(plan: DeployPlan, tally: StepTally, records?: ReleaseRecords): StepVerdict {
  const terminating = tally.ended !== 'verdict' && tally.ended !== 'noDataDeadline';
  const judged = tally.judged ?? (tally.mode === 'bake' ? 'stable' : 'canary');
  const input = { mode: tally.mode ?? 'step', step: tally.step, weightPercent: tally.weightPercent ?? 0, records };
  const verdicts = plan.analysis.metrics.map((metric) => {
    const found = comparing(metric, input);
    const evidence = tally.evidence?.[metric.name];
    if (found && evidence) return assessCompared(metric, found, evidence, { input, terminating });
    return standIn(assessMetric(metric, tally.samples[metric.name] ?? [], { judged, terminating }), metric, records);
  });
  const run = assessRun(verdicts);
  if (tally.ended === 'noDataDeadline') {
    return atLeast(run, 'no-data', run.phase === 'no-data' ? run.reason : (tally.holding ?? run.reason));
  }
  if (tally.ended === 'foreignChange')
    return atLeast(run, 'incomplete', `foreign change: ${foreignText(tally.foreign)}`);
  return run;
}

/** The verdict, or the given phase with its reason where that is as bad or worse. */
function atLeast(run: StepVerdict, phase: MetricPhase, reason: string): StepVerdict {
  return PHASES.indexOf(run.phase) < PHASES.indexOf(phase) ? run : { ...run, phase, reason };
}
