/**
 * `${VARIABLE}` in the catalogue: addresses differ from machine to machine, everything else does not. A variable is
 * replaced in the fields below and nowhere else, by the environment of the process that reads the file. What it holds
 * stands in workflow histories afterwards, so it must not be a secret.
 */
import type { LocatedProblem } from '../contracts/problems.ts';
import { isMapping } from '../core/catalogue/merge.ts';
import type { PathSegment } from '../core/model/problem.ts';

/** Fields in which variables are replaced; `*` is any name or index. The `services` ones hold in overrides too. */
export const ADDRESS_FIELDS = [
  'environments.*.cluster.kubeconfig',
  'environments.*.prometheus.url',
  'services.*.build.repository',
  'services.*.build.directory',
  'services.*.migrations.directory',
  'services.*.traffic.weightMetric.url',
  'services.*.analysis.metrics.*.source.url',
  'services.*.analysis.prometheus.url',
] as const;

const VARIABLE = /\$\{([^}]*)\}/g;
const PATTERNS = ADDRESS_FIELDS.flatMap((field) =>
  field.startsWith('services.*') ? [field, field.replace('services.*', 'services.*.environments.*')] : [field],
).map((field) => field.split('.'));

export interface Interpolated {
  readonly value: unknown;
  /** One per `${...}` that names no variable. */
  readonly problems: readonly LocatedProblem[];
  /** Names of variables that are not set, sorted. Their fields are left as written: `resolvePlan` refuses to use them. */
  readonly unset: readonly string[];
}

/**
 * A copy with the variables replaced. An unset variable is no problem of the file: a worker for production need not
 * know the addresses of the sandbox.
 */
export function replaceVariables(
  raw: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): Interpolated {
  const problems: LocatedProblem[] = [];
  const unset = new Set<string>();

  function replaceIn(text: string, path: readonly PathSegment[]): string {
    return text.replaceAll(VARIABLE, (written, name: string) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        problems.push({ path, expected: 'the name of an environment variable in ${...}', found: written });
        return written;
      }
      const value = environment[name] ?? '';
      if (value === '') unset.add(name);
      return value === '' ? written : value;
    });
  }

  function walk(value: unknown, path: readonly PathSegment[]): unknown {
    if (typeof value === 'string') return isAddressField(path) ? replaceIn(value, path) : value;
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (!isMapping(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]));
  }

  return { value: walk(raw, []), problems, unset: [...unset].sort() };
}

function isAddressField(path: readonly PathSegment[]): boolean {
  return PATTERNS.some(
    (pattern) =>
      pattern.length === path.length && pattern.every((segment, index) => segment === '*' || segment === path[index]),
  );
}
