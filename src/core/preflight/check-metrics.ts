import type { MetricPlan } from '../model/analysis.ts';
import { durationText } from '../analysis/format.ts';
import type { DeployPlan } from '../model/plan.ts';
import { replicasOf } from '../rollout/workload.ts';
import type { PreflightFacts } from './facts.ts';
import { checkSeen, failed, type Finding, notChecked, passed, worstOf } from './finding.ts';
import type { MetricFact, ProbedSeries } from './metrics-fact.ts';

/** Metrics that a server is asked for before the deployment: those of Prometheus. */
export function probedMetrics(plan: DeployPlan): readonly MetricPlan[] {
  return plan.analysis.metrics.filter((metric) => metric.source.from === 'prometheus');
}

/**
 * Prometheus answers, knows the series of the stable arm, and scrapes them often enough for the judge. A metric in
 * dry run is told and never refuses.
 */
export function checkMetrics(facts: PreflightFacts, plan: DeployPlan): Finding {
  const metrics = probedMetrics(plan);
  if (metrics.length === 0) return passed('no metric is read from Prometheus');
  if (facts.deployment.seen === 'present' && replicasOf(facts.deployment.object) === 0) {
    return passed('no version serves yet: there is nothing to measure');
  }
  const findings = metrics.map((metric) => ({ metric, finding: checkMetric(metric, facts.metrics, plan) }));
  const deciding = findings.filter(({ metric }) => !metric.dryRun).map(({ finding }) => finding);
  const told = findings.flatMap(({ metric, finding }) => {
    if (finding.result === 'pass') return finding.reason === '' ? [] : [finding.reason];
    return metric.dryRun ? [`${finding.reason} (dry run)`] : [];
  });
  const count = `${metrics.length} ${metrics.length === 1 ? 'metric' : 'metrics'}`;
  return worstOf(deciding, [`Prometheus has ${count} of the stable version`, ...told].join('; '));
}

function checkMetric(metric: MetricPlan, facts: readonly MetricFact[] | undefined, plan: DeployPlan): Finding {
  const name = `metric ${metric.name}`;
  const fact = facts?.find((each) => each.name === metric.name);
  if (!fact) return notChecked(`${name}: was not looked at`);
  return checkSeen(name, fact.found, (found) => {
    if ('wrong' in found) return failed(`${name}: ${found.wrong}`);
    const findings = found.series.map((series) => checkSeries(name, series, metric, plan));
    return worstOf(findings, findings.map(({ reason }) => reason).find((reason) => reason !== '') ?? '');
  });
}

function checkSeries(name: string, probed: ProbedSeries, metric: MetricPlan, plan: DeployPlan): Finding {
  const { selector, series, isZero, absent, scrapeEveryMs, needsCanary } = probed;
  if (needsCanary === true) return passed(`${name}: ${selector} can be asked once there is a canary`);
  if (series === 0) {
    const found = absent ?? 'none';
    return isZero ? passed('') : failed(`${name}: expected series ${selector} of the stable version, found ${found}`);
  }
  if (scrapeEveryMs === null) return passed('');
  const { lookMs } = plan.intervals;
  // A sample without new data is no data.
  const longest = metric.judge.intervalMs;
  const every = `is scraped every ${durationText(scrapeEveryMs)}`;
  if (scrapeEveryMs > longest) {
    return failed(
      `${name}: ${selector} ${every}, the judge needs new data every ${durationText(longest)}: what lies between is no data`,
    );
  }
  return passed(scrapeEveryMs > lookMs ? `${name}: ${every}, less often than it is looked at` : '');
}
