/** One arm as Prometheus tells it. */
import { durationText } from '../../../core/analysis/format.ts';
import type { ArmReading, InstanceReading } from '../../../core/analysis/reading.ts';
import type { SeriesSelector } from '../../../core/model/analysis.ts';
import type { PrometheusSource } from '../../../core/model/prometheus.ts';
import type { ArmPod } from './arm-pods.ts';
import type { ArmScope } from './arm-scope.ts';
import type { PrometheusApi } from './http-api.ts';
import {
  absenceText,
  lastMs,
  type OwnedSeries,
  querySeries,
  type Queried,
  readingOf,
  WHOLE_SERVER,
} from './queried.ts';

export interface ArmQuestion {
  readonly api: PrometheusApi;
  readonly source: PrometheusSource;
  readonly selectors: readonly SeriesSelector[];
  readonly scope: ArmScope;
  /** The Pods of the arm where the cluster was asked. */
  readonly pods: readonly ArmPod[] | undefined;
  /** The time that everything is asked for. */
  readonly atMs: number;
  readonly everyMs: number | undefined;
}

/** @throws CodedError as a query does */
export async function readArm(question: ArmQuestion, signal?: AbortSignal): Promise<ArmReading> {
  const { api, source, selectors, scope, atMs } = question;
  const at = { atMs, windowMs: source.server.staleAfterMs };
  const queried = await Promise.all(selectors.map((selector) => querySeries(api, source, selector, scope, at, signal)));
  return readingFrom(question, stillThere(queried));
}

/**
 * Without the series that are gone from their page: all samples of one scrape have one time, so a series that stands
 * behind the others of its target was not in the last one (a process that restarted has not counted it yet). Where the
 * samples carry times of their own, most are behind the newest, and nothing is concluded.
 */
function stillThere(queried: readonly Queried[]): readonly Queried[] {
  const times = new Map<string, number[]>();
  for (const each of queried.flatMap(({ series }) => series)) {
    const target = targetOf(each);
    const known = times.get(target);
    if (known) known.push(lastMs(each));
    else times.set(target, [lastMs(each)]);
  }
  const scrapedMs = new Map<string, number>();
  for (const [target, last] of times) {
    const newest = last.reduce((left, right) => Math.max(left, right), 0);
    if (2 * last.filter((time) => time === newest).length >= last.length) scrapedMs.set(target, newest);
  }
  return queried.map((each) => ({
    ...each,
    series: each.series.filter((one) => lastMs(one) >= (scrapedMs.get(targetOf(one)) ?? 0)),
  }));
}

function targetOf({ instance, labels }: OwnedSeries): string {
  return JSON.stringify([instance, labels.job, labels.instance]);
}

function readingFrom({ source, scope, pods, atMs, everyMs }: ArmQuestion, queried: readonly Queried[]): ArmReading {
  const names = [...new Set(queried.flatMap(({ series }) => series.map(({ instance }) => instance)))];
  const created = new Map(pods?.map((pod) => [`pod ${pod.name}`, pod.createdAtMs]));
  const answered = names.map(
    (instance): InstanceReading => ({
      instance,
      createdAtMs: created.get(instance) ?? null,
      selectors: queried.map(({ series, isKnown }) => ({
        known: isKnown,
        series: series.filter((each) => each.instance === instance).map(readingOf),
      })),
    }),
  );
  const byPods = source.arms.by === 'pods' && !names.includes(WHOLE_SERVER);
  const listed = byPods && pods ? pods.map(({ name }) => `pod ${name}`) : null;
  const missing = queried.find((each) => each.missing !== undefined)?.missing;
  const absence = missing === undefined ? absenceText(source) : `cannot be asked: {{${missing}}} has no value now`;
  const silent =
    byPods && pods
      ? pods
          .filter(({ name, isServing }) => isServing && !names.includes(`pod ${name}`))
          .map(({ name }) => `pod ${name}`)
      : [];
  const without = names.length > 0 || silent.length > 0 ? silent : [wholeServer(scope)];
  const note = ageNote(queried, atMs, everyMs);
  return { listed, answered, failed: [], without, absence, ...(note === undefined ? {} : { note }) };
}

function wholeServer({ arm, matchers }: ArmScope): string {
  return `${WHOLE_SERVER}, asked for ${arm}${matchers.length === 0 ? '' : ` {${matchers.join(',')}}`.slice(0, 120)},`;
}

/** Data older than a look bring nothing new to it, which is no sign of silence. A text does not tell its age. */
function ageNote(queried: readonly Queried[], atMs: number, everyMs: number | undefined): string | undefined {
  const newest = queried.flatMap(({ series }) => series.map(lastMs)).reduce((left, right) => Math.max(left, right), 0);
  if (everyMs === undefined || newest === 0 || atMs - newest <= everyMs) return undefined;
  return `last scraped ${durationText(atMs - newest)} before`;
}
