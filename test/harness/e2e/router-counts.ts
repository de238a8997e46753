/** The router's own counters for the route of one namespace. */

export interface Counted {
  readonly requests: number;
  /** Answered 5xx. */
  readonly failed: number;
}

/** By backend: `crm-api`, `crm-api-canary-<term>`. */
export type BackendCounts = Readonly<Record<string, Counted>>;

export async function readRouterCounts(adminUrl: string, namespace: string): Promise<BackendCounts> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const counts: Record<string, Counted> = {};
  for (const [, labels = '', value = '0'] of text.matchAll(/^router_requests_total\{([^}]*)\} (\S+)/gm)) {
    const label = (name: string): string => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    if (label('namespace') !== namespace) continue;
    const before = counts[label('backend')] ?? { requests: 0, failed: 0 };
    const added = Number(value);
    const failed = label('code').startsWith('5') ? added : 0;
    counts[label('backend')] = { requests: before.requests + added, failed: before.failed + failed };
  }
  return counts;
}

/** What was counted between two readings. */
export function since(before: BackendCounts, now: BackendCounts): BackendCounts {
  const added = Object.entries(now).map(([backend, { requests, failed }]) => {
    const was = before[backend] ?? { requests: 0, failed: 0 };
    return [backend, { requests: requests - was.requests, failed: failed - was.failed }] as const;
  });
  return Object.fromEntries(added);
}

/** All canaries together. */
export function ofCanaries(counts: BackendCounts): Counted {
  let sum: Counted = { requests: 0, failed: 0 };
  for (const [backend, { requests, failed }] of Object.entries(counts)) {
    if (backend.includes('-canary-')) sum = { requests: sum.requests + requests, failed: sum.failed + failed };
  }
  return sum;
}
