/** One selector of one arm, asked and put into the order of processes and series. */
import { durationText } from '../../../core/analysis/format.ts';
import { selectorText } from '../../../core/analysis/reading.ts';
import type { SeriesReading } from '../../../core/analysis/reading.ts';
import type { NamedSeries, SeriesSelector } from '../../../core/model/analysis.ts';
import { instanceLabel, type Labels, type PrometheusSource, type PromqlText } from '../../../core/model/prometheus.ts';
import { CodedError } from '../../../errors/coded-error.ts';
import { seriesId } from '../select-series.ts';
import type { AnsweredSeries, Point } from './answer.ts';
import { type ArmScope, renderSeries, renderText } from './arm-scope.ts';
import type { PrometheusApi } from './http-api.ts';
import { existenceOf, promqlDuration, selectorOf } from './matchers.ts';

/** A series of one process: `id` is the same on every look, also after a scrape job or a port was renamed. */
export interface OwnedSeries {
  readonly instance: string;
  readonly id: string;
  readonly le?: string;
  readonly labels: Labels;
  /** Oldest first, at least one. */
  readonly points: readonly Point[];
}

export interface Queried {
  readonly series: readonly OwnedSeries[];
  /** True when absence means zero. */
  readonly isKnown: boolean;
  /** Why nothing could be asked: a text speaks of a canary that is not there. */
  readonly missing?: string;
}

/** Labels that Prometheus gives to a target, or that tell one server from another: they do not tell series apart. */
export const TARGET_LABELS: readonly string[] = [
  '__name__',
  'job',
  'instance',
  'endpoint',
  'prometheus',
  'prometheus_replica',
];

/** The one instance of texts that give a value, and of series without an instance label. */
export const WHOLE_SERVER = 'Prometheus';

/**
 * Series with their samples of the last `windowMs`, raw: their own times tell how old they are, which the value of an
 * instant query does not.
 *
 * @throws CodedError as a query does; AmbiguousMetric for a counter that is there twice, or for several values of a text
 */
export async function querySeries(
  api: PrometheusApi,
  source: PrometheusSource,
  selector: SeriesSelector,
  scope: ArmScope,
  at: { readonly atMs: number; readonly windowMs: number },
  signal?: AbortSignal,
): Promise<Queried> {
  if ('promql' in selector) return queryText(api, source, selector, scope, at.atMs, signal);
  const window = promqlDuration(at.windowMs);
  const named = renderSeries(selector, scope);
  const answer = await api.query(`${selectorOf(named, scope.matchers)}[${window}]`, at.atMs, ['matrix'], signal);
  const series = withoutDoubles(
    answer.series.filter(({ points }) => points.length > 0).map((each) => ownedBy(each, source, TARGET_LABELS)),
    selector,
  );
  return { series, isKnown: series.length > 0 || (await exists(api, named, scope, at, signal)) };
}

async function queryText(
  api: PrometheusApi,
  source: PrometheusSource,
  selector: PromqlText,
  scope: ArmScope,
  atMs: number,
  signal?: AbortSignal,
): Promise<Queried> {
  const text = renderText(selector, scope);
  if ('missing' in text) return { series: [], isKnown: false, missing: text.missing };
  const isValue = selector.gives === 'value';
  const answer = await api.query(text.text, atMs, isValue ? ['vector', 'scalar'] : ['vector'], signal);
  if (isValue) return oneValue(answer.series, text.text, scope);
  return { series: countersOf(answer.series, source, text.text), isKnown: answer.series.length > 0 };
}

function oneValue(series: readonly AnsweredSeries[], text: string, { arm }: ArmScope): Queried {
  if (series.length > 1) {
    const shown = series.slice(0, 2).map(({ labels }) => labelsText(labels));
    throw new CodedError(
      'AmbiguousMetric',
      `${text}: expected one series for ${arm}, found ${series.length}: ${shown.join(', ')}${series.length > 2 ? ', ...' : ''}`,
    );
  }
  const owned = series.map(({ labels, points }) => ({ instance: WHOLE_SERVER, id: '', labels, points }));
  return { series: owned, isKnown: owned.length > 0 };
}

/** The series of a text that gives counters, process by process: the sum over processes falls when one of them ends. */
export function countersOf(
  series: readonly AnsweredSeries[],
  source: PrometheusSource,
  text: string,
): readonly OwnedSeries[] {
  const label = instanceLabel(source.arms);
  const bare = series.find(({ labels }) => labels[label] === undefined);
  if (bare) {
    throw new CodedError(
      'InvalidInput',
      `${text}: expected counters with label ${label}, such as sum by (${label}) (...), found ${labelsText(bare.labels)}`,
    );
  }
  return series.map((each) => ownedBy(each, source, ['__name__']));
}

/** `dropped`: labels that are no part of a series' identity. */
export function ownedBy(
  { labels, points }: AnsweredSeries,
  { arms }: PrometheusSource,
  dropped: readonly string[],
): OwnedSeries {
  const own = instanceLabel(arms);
  const name = labels[own];
  const rest = Object.entries(labels).filter(([key]) => key !== own && !dropped.includes(key));
  const { le } = labels;
  return {
    instance: name === undefined ? WHOLE_SERVER : arms.by === 'pods' ? `pod ${name}` : name,
    id: seriesId(Object.fromEntries(rest)),
    labels,
    points,
    ...(le === undefined ? {} : { le }),
  };
}

/**
 * One process, one series: where its target labels changed, the later series goes on. Two that run side by side are
 * two scrape jobs of one process, or two servers; counted together they would double every request.
 */
export function withoutDoubles(series: readonly OwnedSeries[], selector: SeriesSelector): readonly OwnedSeries[] {
  const kept = new Map<string, OwnedSeries>();
  for (const each of [...series].sort((left, right) => firstMs(left) - firstMs(right))) {
    const key = JSON.stringify([each.instance, each.id, each.le ?? null]);
    const other = kept.get(key);
    if (other && firstMs(each) <= lastMs(other)) {
      const both = `${labelsText(other.labels)} and ${labelsText(each.labels)}`;
      const text = `${selectorText(selector)}: ${each.instance} has it twice, ${both}: add a label that picks one`;
      throw new CodedError('AmbiguousMetric', text);
    }
    kept.set(key, each);
  }
  return [...kept.values()];
}

async function exists(
  api: PrometheusApi,
  named: NamedSeries,
  scope: ArmScope,
  { atMs, windowMs }: { readonly atMs: number; readonly windowMs: number },
  signal?: AbortSignal,
): Promise<boolean> {
  const query = existenceOf(named, scope.matchers, promqlDuration(windowMs));
  if (query === undefined) return false;
  const { series } = await api.query(query, atMs, ['vector'], signal);
  return (series[0]?.points[0]?.value ?? 0) > 0;
}

/** As the judge reads it: the newest value. */
export function readingOf({ id, le, points }: OwnedSeries): SeriesReading {
  return { id, value: points.at(-1)?.value ?? Number.NaN, ...(le === undefined ? {} : { le }) };
}

export function firstMs({ points }: OwnedSeries): number {
  return points[0]?.atMs ?? 0;
}

export function lastMs({ points }: OwnedSeries): number {
  return points.at(-1)?.atMs ?? 0;
}

/** Said of a process whose samples are older than `staleAfterMs`. */
export function absenceText(source: PrometheusSource): string {
  return `has no sample in Prometheus of the last ${durationText(source.server.staleAfterMs)}`;
}

function labelsText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return `{${parts.join(',')}}`.slice(0, 200);
}
