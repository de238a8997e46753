/** A verdict in one line. The whole reason stands in `--json` and in the history. */
import type { MetricVerdict, StepVerdict } from '../model/analysis.ts';

/**
 * While no sample failed: what each deciding metric showed last, `error-ratio 0.41 %, latency-p99 0.087 s`. Otherwise the
 * reason, which names the metric that decided, its value, its limit and the counts.
 */
export function verdictInShort({ phase, reason, metrics }: StepVerdict): string {
  const isWell = phase === 'passed' || (phase === 'running' && metrics.every(({ counts }) => counts.failures === 0));
  if (!isWell) return reason;
  return metricsInShort(metrics) ?? reason;
}

/** Undefined where a metric has no value to show: then only its reason tells the truth. */
export function metricsInShort(metrics: readonly MetricVerdict[]): string | undefined {
  const deciding = metrics.filter(({ dryRun }) => !dryRun);
  if (deciding.length === 0 || deciding.some(({ shown }) => shown === undefined)) return undefined;
  return deciding.map(({ name, shown }) => `${name} ${shown}`).join(', ');
}
