/** Label matchers and selectors as PromQL writes them. */
import type { NamedSeries } from '../../../core/model/analysis.ts';
import type { Labels } from '../../../core/model/prometheus.ts';

/** `code=~"5.."`; a value is exact, or an anchored regular expression after `~`. */
export function matchersOf(labels: Labels): readonly string[] {
  return Object.entries(labels).map(([name, value]) =>
    value.startsWith('~') ? `${name}=~${quoted(value.slice(1))}` : `${name}=${quoted(value)}`,
  );
}

/** `http_requests_total{pod=~"a|b",code=~"5.."}` */
export function selectorOf(series: NamedSeries, matchers: readonly string[]): string {
  const all = [...matchers, ...matchersOf(series.labels)];
  return all.length === 0 ? series.name : `${series.name}{${all.join(',')}}`;
}

/**
 * Counts the series that have every label of the selector, whatever its value: where there are some, a selector
 * without series means zero; where there are none, it is wrong. Undefined for a selector without labels.
 */
export function existenceOf(series: NamedSeries, matchers: readonly string[], window: string): string | undefined {
  const keys = Object.keys(series.labels);
  if (keys.length === 0) return undefined;
  const all = [...matchers, ...keys.map((key) => `${key}!=""`)];
  return `count(last_over_time(${series.name}{${all.join(',')}}[${window}]))`;
}

/** A duration as PromQL takes it: `120s`, `1500ms`. */
export function promqlDuration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${Math.round(ms)}ms`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
