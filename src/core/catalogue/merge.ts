/** How an environment's override is laid over a service. The rule stands in model/catalogue.ts. */
import type { ServiceEntry, ServiceOverride } from '../model/catalogue.ts';
import type { PathSegment } from '../model/problem.ts';

/** Parts that are merged key by key; every other part is replaced whole. */
export const MERGED_PARTS = [
  'workload',
  'strategy',
  'analysis',
  'preflight',
  'deadlines',
  'intervals',
  'approvals',
] as const;

/** The service as one environment sees it. */
export function serviceIn(service: ServiceEntry, environment: string): ServiceEntry {
  const overrides = service.environments ?? {};
  const override: ServiceOverride = Object.hasOwn(overrides, environment) ? (overrides[environment] ?? {}) : {};
  const merged: Record<string, unknown> = { ...service, ...definedOnly(override) };
  for (const part of MERGED_PARTS) merged[part] = mergeKeys(service[part], override[part]);
  return merged as unknown as ServiceEntry;
}

/** Mappings key by key, the override wins; lists and plain values are replaced. Undefined stands for "not written". */
export function mergeKeys(base: unknown, override: unknown): unknown {
  if (override === undefined) return base;
  if (!isMapping(base) || !isMapping(override)) return override;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(override)) merged[key] = mergeKeys(base[key], value);
  return merged;
}

/** True when the value at this path of the merged part comes from the override. */
export function comesFromOverride(override: unknown, path: readonly PathSegment[]): boolean {
  let value = override;
  for (const segment of path) {
    if (!isMapping(value)) return value !== undefined;
    if (!Object.hasOwn(value, segment)) return false;
    value = value[segment];
  }
  return value !== undefined;
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function definedOnly(override: ServiceOverride): Record<string, unknown> {
  return Object.fromEntries(Object.entries(override).filter(([, value]) => value !== undefined));
}
