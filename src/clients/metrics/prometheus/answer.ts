/** The reply of `/api/v1/query` and `/api/v1/query_range`, checked before anything is concluded from it. */
import { CodedError } from '../../../errors/coded-error.ts';
import { QUERY_TROUBLES, type QueryTrouble } from '../../../errors/classify-prometheus.ts';
import type { Labels } from '../../../core/model/prometheus.ts';

export interface Point {
  readonly atMs: number;
  /** May be NaN or infinite. */
  readonly value: number;
}

export interface AnsweredSeries {
  readonly labels: Labels;
  /** Oldest first; one for an instant vector. */
  readonly points: readonly Point[];
}

export type ResultType = 'vector' | 'matrix' | 'scalar';

export interface Answer {
  readonly type: ResultType;
  readonly series: readonly AnsweredSeries[];
}

/**
 * The result of a successful reply. What Prometheus calls infos is about how a query is written and changes nothing; a
 * warning says that data may be missing, so it is no answer.
 *
 * @throws CodedError by `QUERY_TROUBLES`: no Prometheus reply, not whole, wrong result type, native histogram
 */
export function parseAnswer(body: string, where: string, allowed: readonly ResultType[]): Answer {
  const reply = parsed(body, where);
  if (reply.status !== 'success') throw troubled('no Prometheus reply', where, 'the reply has no status success');
  const warnings = reply.warnings ?? [];
  if (!Array.isArray(warnings)) throw troubled('no Prometheus reply', where, 'its warnings are no list');
  if (warnings.length > 0) {
    const more = warnings.length > 1 ? ` (and ${warnings.length - 1} more)` : '';
    throw troubled('not whole', where, `it warns: ${String(warnings[0]).slice(0, 200)}${more}`);
  }
  const { data } = reply;
  if (!isObject(data)) throw troubled('no Prometheus reply', where, 'the reply has no data');
  const type = data.resultType;
  if (typeof type !== 'string') throw troubled('no Prometheus reply', where, 'the reply has no result type');
  if (!isOneOf(type, allowed)) {
    throw troubled('wrong result type', where, `expected ${allowed.join(' or ')}, got ${type.slice(0, 40)}`);
  }
  if (type === 'scalar') return { type, series: [{ labels: {}, points: [pointOf(data.result, where)] }] };
  if (!Array.isArray(data.result)) throw troubled('no Prometheus reply', where, 'its result is no list');
  return { type, series: data.result.map((each: unknown) => seriesOf(each, type, where)) };
}

/** An error that names its trouble first; `where` names the server and the query. */
export function troubled(trouble: QueryTrouble, where: string, text: string): CodedError {
  return new CodedError(QUERY_TROUBLES[trouble], `${where}: ${trouble}: ${text}`, { details: { trouble } });
}

function parsed(body: string, where: string): Readonly<Record<string, unknown>> {
  let reply: unknown;
  try {
    reply = JSON.parse(body);
  } catch {
    throw troubled('no Prometheus reply', where, `expected JSON, got ${startOf(body)}`);
  }
  if (!isObject(reply)) throw troubled('no Prometheus reply', where, `expected a JSON object, got ${startOf(body)}`);
  return reply;
}

function startOf(body: string): string {
  const start = body.trim().slice(0, 40).replaceAll(/\s+/g, ' ');
  return start === '' ? 'nothing' : `"${start}"`;
}

function seriesOf(raw: unknown, type: 'vector' | 'matrix', where: string): AnsweredSeries {
  if (!isObject(raw) || !isObject(raw.metric)) throw troubled('no Prometheus reply', where, 'a series has no labels');
  if ('histogram' in raw || 'histograms' in raw) {
    throw troubled('native histogram', where, 'only numbers are read: ask for a quantile, or for classic buckets');
  }
  const labels: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw.metric)) labels[name] = String(value);
  if (type === 'vector') return { labels, points: [pointOf(raw.value, where)] };
  if (!Array.isArray(raw.values)) throw troubled('no Prometheus reply', where, 'a series has no values');
  return { labels, points: raw.values.map((each: unknown) => pointOf(each, where)) };
}

/** `[seconds, "value"]` */
function pointOf(raw: unknown, where: string): Point {
  if (Array.isArray(raw) && raw.length === 2 && typeof raw[0] === 'number' && typeof raw[1] === 'string') {
    const value = valueOf(raw[1]);
    if (value !== undefined) return { atMs: Math.round(raw[0] * 1000), value };
  }
  throw troubled('no Prometheus reply', where, `expected [time, "value"], got ${JSON.stringify(raw)?.slice(0, 40)}`);
}

function valueOf(text: string): number | undefined {
  if (text === 'NaN') return Number.NaN;
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  const value = Number(text);
  return text.trim() === '' || Number.isNaN(value) ? undefined : value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOneOf<Value extends string>(value: string, allowed: readonly Value[]): value is Value {
  return (allowed as readonly string[]).includes(value);
}
