import type { SeriesSelector } from '../../core/model/analysis.ts';
import type { SelectorReading, SeriesReading } from '../../core/analysis/reading.ts';
import { CodedError } from '../../errors/coded-error.ts';
import type { Exposition } from './exposition.ts';

type LabelTest = (value: string) => boolean;

/**
 * The series of a page that a selector picks; labels compare exactly, or as an anchored regular expression after `~`;
 * an absent label is empty. `scope` are further exact labels (a router's backend).
 *
 * @throws CodedError InvalidInput when an expression cannot be compiled, or for a PromQL text
 */
export function selectSeries(
  page: Exposition,
  selector: SeriesSelector,
  scope: Readonly<Record<string, string>> = {},
): SelectorReading {
  if ('promql' in selector) {
    throw new CodedError(
      'InvalidInput',
      `${selector.promql}: expected the name of a metric, PromQL needs a Prometheus`,
    );
  }
  const tests = Object.entries(selector.labels).map(
    ([key, wanted]) => [key, testOf(selector.name, key, wanted)] as const,
  );
  const keys = new Set([...Object.keys(selector.labels), ...Object.keys(scope)]);
  const absent = new Set(keys);
  const series: SeriesReading[] = [];
  let named = 0;
  for (const sample of page.samples) {
    if (sample.name !== selector.name) continue;
    named += 1;
    for (const key of absent) if (Object.hasOwn(sample.labels, key)) absent.delete(key);
    const fits =
      Object.entries(scope).every(([key, wanted]) => sample.labels[key] === wanted) &&
      tests.every(([key, test]) => test(sample.labels[key] ?? ''));
    if (!fits) continue;
    const { le } = sample.labels;
    series.push({ id: seriesId(sample.labels), value: sample.value, ...(le === undefined ? {} : { le }) });
  }
  // A label that no series carries is a wrong selector, not a count of zero.
  const known = named > 0 ? absent.size === 0 : page.declared.has(selector.name);
  return { known: known || series.length > 0, series };
}

const COMPILED = new Map<string, RegExp>();

function testOf(metric: string, key: string, wanted: string): LabelTest {
  if (!wanted.startsWith('~')) return (value) => value === wanted;
  let pattern = COMPILED.get(wanted);
  if (!pattern) {
    try {
      pattern = new RegExp(`^(?:${wanted.slice(1)})$`);
    } catch (error) {
      const what = `${metric}{${key}=~"${wanted.slice(1)}"}`;
      throw new CodedError('InvalidInput', `${what}: expected a regular expression`, { cause: error });
    }
    // Patterns come from the catalogue: few, but a worker lives long.
    if (COMPILED.size > 1_000) COMPILED.clear();
    COMPILED.set(wanted, pattern);
  }
  const compiled = pattern;
  return (value) => compiled.test(value);
}

/** Short identity of a label set without its bucket bound; 53 bits are enough to tell the series of one process apart. */
export function seriesId(labels: Readonly<Record<string, string>>): string {
  const keys = Object.keys(labels).filter((key) => key !== 'le');
  const text = keys
    .sort()
    .map((key) => `${key}\u0000${labels[key]}`)
    .join('\u0001');
  return hash53(text).toString(36);
}

/** Two independent 32-bit multiplicative hashes, mixed into one number of 53 bits. */
function hash53(text: string): number {
  let high = 0x9e3779b1;
  let low = 0x85ebca77;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low + code, 0xc2b2ae3d) ^ (low >>> 15);
  }
  high ^= high >>> 16;
  low ^= low >>> 13;
  return (high >>> 11) * 4_294_967_296 + (low >>> 0);
}
