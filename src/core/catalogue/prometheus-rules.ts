/** Rules of metrics that are read from Prometheus. Paths are relative to `analysis`, those of the server to itself. */
import type {
  MetricEntry,
  PrometheusEntry,
  PrometheusSourceEntry,
  QueryEntry,
  SelectorEntry,
} from '../model/catalogue.ts';
import { oneOfText } from '../model/did-you-mean.ts';
import type { PathSegment } from '../model/problem.ts';
import { namesArm, TEMPLATE_VARIABLES, variablesIn } from '../model/promql-template.ts';
import type { BrokenRule } from './rules.ts';

/** A plan stands in histories: what lets somebody in is a reference, never a text. */
const SECRET_HEADER = /^(authorization|proxy-authorization|cookie)$|token|secret|password|api-?key/i;

export function brokenServerRules({ headers, auth }: PrometheusEntry): BrokenRule[] {
  const broken: BrokenRule[] = Object.keys(headers ?? {})
    .filter((name) => SECRET_HEADER.test(name))
    .map((name) => ({
      path: ['headers', name],
      expected: 'no secret: what lets the worker in stands in auth, as a reference',
      found: `header ${name}`,
    }));
  const [key, reference] = auth?.kind === 'basic' ? ['password', auth.password] : ['token', auth?.token];
  if (reference?.startsWith('aws-sm:') === true) {
    const found = 'aws-sm:, which is not yet supported';
    broken.push({ path: ['auth', key], expected: 'env:, file: or k8s:', found });
  }
  return broken;
}

/** Selectors and texts of one metric, and how its source tells the arms apart. */
export function brokenQueryRules(metric: MetricEntry, index: number): BrokenRule[] {
  const path = ['metrics', index];
  const { source } = metric;
  const selectors = selectorsIn(metric.query).flatMap(({ key, selector }) =>
    brokenSelector(selector, [...path, 'query', key], metric),
  );
  return [...selectors, ...(source.from === 'prometheus' ? brokenSource(source, [...path, 'source']) : [])];
}

/** Keys of a query that hold a selector. */
const SELECTOR_KEYS = ['total', 'errors', 'histogram', 'gauge'] as const;

/** What a query selects, by key. */
function selectorsIn(query: QueryEntry): readonly { readonly key: string; readonly selector: SelectorEntry }[] {
  const entries: Readonly<Partial<Record<string, unknown>>> = { ...query };
  return SELECTOR_KEYS.flatMap((key) => {
    const selector = entries[key];
    return selector === undefined ? [] : [{ key, selector: selector as SelectorEntry }];
  });
}

function brokenSelector(
  { name, labels, promql }: SelectorEntry,
  path: readonly PathSegment[],
  { source, query }: MetricEntry,
): BrokenRule[] {
  const isServer = source.from === 'prometheus';
  if (promql === undefined) {
    if (name !== undefined) return brokenLabels(labels ?? {}, [...path, 'labels'], isServer);
    return [{ path, expected: isServer ? 'name, or promql' : 'name, the name of a metric', found: 'neither' }];
  }
  if (!isServer)
    return [{ path: [...path, 'promql'], expected: 'name: PromQL needs from: prometheus', found: 'promql' }];
  const broken = brokenTemplate(promql, [...path, 'promql']);
  if (name !== undefined || labels !== undefined) {
    const found = `${name === undefined ? 'labels' : 'name'} beside it`;
    broken.push({ path, expected: 'promql alone: name and labels stand in its text', found });
  }
  const isCounter = query.kind !== 'value';
  const tellsArms =
    namesArm(promql) || (!isCounter && variablesIn(promql).some((each) => /^(stable|canary)/.test(each)));
  if (!tellsArms) {
    const example = isCounter ? 'such as {{{arm.selector}}}' : 'such as {{{arm.selector}}} or {{canaryService}}';
    broken.push({
      path: [...path, 'promql'],
      expected: `a text that tells the arms apart by a variable, ${example}`,
      found: 'none',
    });
  }
  return broken;
}

function brokenSource({ arms, labels }: PrometheusSourceEntry, path: readonly PathSegment[]): BrokenRule[] {
  const broken = brokenLabels(labels ?? {}, [...path, 'labels'], true);
  if (arms?.by === 'backend' && Object.keys(labels ?? {}).length === 0) {
    broken.push({
      path: [...path, 'labels'],
      expected: 'labels that tell the namespace or the route: Services of one name are in several',
      found: 'none',
    });
  }
  if (arms?.by !== 'labels') return broken;
  for (const arm of ['stable', 'canary'] as const) {
    broken.push(...brokenLabels(arms[arm], [...path, 'arms', arm], true));
  }
  const isSame = JSON.stringify(arms.stable) === JSON.stringify(arms.canary);
  if (isSame || Object.keys(arms.stable).length === 0 || Object.keys(arms.canary).length === 0) {
    broken.push({
      path: [...path, 'arms'],
      expected: 'labels of stable and of canary that pick other series',
      found: isSame ? 'the same labels' : 'none for one of them, which picks every series',
    });
  }
  return broken;
}

function brokenLabels(
  labels: Readonly<Record<string, string>>,
  path: readonly PathSegment[],
  isServer: boolean,
): BrokenRule[] {
  return Object.entries(labels).flatMap(([name, value]) => {
    if (!value.includes('{{')) return [];
    const at = [...path, name];
    if (!isServer) return [{ path: at, expected: 'no variables: they are for from: prometheus', found: value }];
    const own = variablesIn(value).includes('arm.selector');
    const circle = { path: at, expected: 'another variable: arm.selector is made of these labels', found: value };
    return own ? [circle] : brokenTemplate(value, at);
  });
}

function brokenTemplate(text: string, path: readonly PathSegment[]): BrokenRule[] {
  const unknown = variablesIn(text).filter((name) => !TEMPLATE_VARIABLES.includes(name));
  const broken = unknown.map((name) => ({
    path,
    expected: `a variable, ${oneOfText(name, TEMPLATE_VARIABLES)}`,
    found: `{{${name}}}`,
  }));
  const rest = text.replaceAll(/\{\{\s*[A-Za-z.]+\s*\}\}/g, '');
  if (rest.includes('{{')) {
    broken.push({ path, expected: 'variables as {{name}}, such as {{{arm.selector}}}', found: JSON.stringify(text) });
  }
  return broken;
}
