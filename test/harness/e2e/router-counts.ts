/** The router's own counters for the route of one namespace. */
import { expect } from 'vitest';

export interface Counted {
  readonly requests: number;
  /** Answered 5xx. */
  readonly failed: number;
  /** By code, for a message when something failed. */
  readonly codes: Readonly<Record<string, number>>;
}

/** By backend: `crm-api`, `crm-api-canary-<term>`. */
export type BackendCounts = Readonly<Record<string, Counted>>;

export async function readRouterCounts(adminUrl: string, namespace: string): Promise<BackendCounts> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const counts: Record<string, Counted> = {};
  for (const [, labels = '', value = '0'] of text.matchAll(/^router_requests_total\{([^}]*)\} (\S+)/gm)) {
    const label = (name: string): string => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    if (label('namespace') !== namespace) continue;
    counts[label('backend')] = sum(counts[label('backend')] ?? NONE, { [label('code')]: Number(value) });
  }
  return counts;
}

/** What was counted between two readings. */
export function since(before: BackendCounts, now: BackendCounts): BackendCounts {
  const added = Object.entries(now).map(([backend, { codes }]) => {
    const was = before[backend]?.codes ?? {};
    const more = Object.entries(codes).map(([code, count]) => [code, count - (was[code] ?? 0)] as const);
    return [backend, sum(NONE, Object.fromEntries(more.filter(([, count]) => count > 0)))] as const;
  });
  return Object.fromEntries(added);
}

/** All canaries together. */
export function ofCanaries(counts: BackendCounts): Counted {
  const canaries = Object.entries(counts).filter(([backend]) => backend.includes('-canary-'));
  return canaries.reduce((all, [, { codes }]) => sum(all, codes), NONE);
}

/** No request of any backend was answered 5xx. */
export function expectNoneFailed(counts: BackendCounts): void {
  const failed = Object.entries(counts).filter(([, each]) => each.failed > 0);
  expect(failed).toEqual([]);
}

const NONE: Counted = { requests: 0, failed: 0, codes: {} };

function sum(to: Counted, added: Readonly<Record<string, number>>): Counted {
  const codes = { ...to.codes };
  let { requests, failed } = to;
  for (const [code, count] of Object.entries(added)) {
    codes[code] = (codes[code] ?? 0) + count;
    requests += count;
    if (code.startsWith('5')) failed += count;
  }
  return { requests, failed, codes };
}
