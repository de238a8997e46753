/** Asks the metrics server for what a plan will want to know of the stable version. */
import type { MetricsProvider } from '../../clients/metrics/port.ts';
import { selectorsOf } from '../../core/analysis/reading.ts';
import type { ArmTarget, Seen } from '../../core/model/observe.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { probedMetrics } from '../../core/preflight/check-metrics.ts';
import type { MetricFact, ProbedSeries } from '../../core/preflight/metrics-fact.ts';
import { isCoded } from '../../errors/coded-error.ts';

type Probed = { readonly series: readonly ProbedSeries[] } | { readonly wrong: string };
type Look = (what: string, read: (signal: AbortSignal) => Promise<Seen<Probed>>) => Promise<Seen<Probed>>;

/** One fact a metric, in the order of the plan; `look` bounds each question and makes what fails `unknown`. */
export async function probeMetrics(
  provider: MetricsProvider,
  plan: DeployPlan,
  stable: ArmTarget,
  look: Look,
): Promise<readonly MetricFact[]> {
  const { cluster, namespace } = plan.workload;
  return Promise.all(
    probedMetrics(plan).map(async ({ name, source, query }): Promise<MetricFact> => {
      const request = { source, cluster, namespace, arms: { stable }, selectors: selectorsOf(query) };
      const found = await look(`metric ${name}`, async (signal): Promise<Seen<Probed>> => {
        try {
          const series = await provider.probe?.(request, signal);
          return series
            ? { seen: 'present', series }
            : { seen: 'unknown', problem: `metric ${name}: nobody can be asked` };
        } catch (error) {
          // A query that is wrong now is wrong during the deployment too: a failure, not a doubt.
          const isWrong = isCoded(error, 'InvalidInput') || isCoded(error, 'AmbiguousMetric');
          if (isWrong) return { seen: 'present', wrong: error.message };
          throw error;
        }
      });
      return { name, found };
    }),
  );
}
