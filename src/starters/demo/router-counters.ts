/** The router's own counters: how many requests each backend really got, and how many it failed. */

export interface BackendCount {
  readonly requests: number;
  /** Answered 5xx. */
  readonly failed: number;
}

/** Requests by backend (the name of its Service) since the router began. */
export type RouterCounts = Readonly<Record<string, BackendCount>>;

/** Reads `router_requests_total{backend,code}` of the example's route. Throws when the router does not answer. */
export async function readRouterCounts(adminUrl: string): Promise<RouterCounts> {
  const response = await fetch(`${adminUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`router metrics ${adminUrl}/metrics: expected 200, found ${response.status}`);
  return countsIn(await response.text());
}

/** The counters in a text exposition. */
export function countsIn(text: string): RouterCounts {
  const counts: Record<string, BackendCount> = {};
  for (const [, labels = '', value = '0'] of text.matchAll(/^router_requests_total\{([^}]*)\} (\S+)/gm)) {
    const backend = labelIn(labels, 'backend');
    const before = counts[backend] ?? { requests: 0, failed: 0 };
    const added = Number(value);
    const failed = labelIn(labels, 'code').startsWith('5') ? added : 0;
    counts[backend] = { requests: before.requests + added, failed: before.failed + failed };
  }
  return counts;
}

function labelIn(labels: string, name: string): string {
  return new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
}

/** What was counted between two readings: requests of canaries, and all requests. */
export function countedBetween(before: RouterCounts, after: RouterCounts): { canary: BackendCount; all: BackendCount } {
  let canary: BackendCount = { requests: 0, failed: 0 };
  let all: BackendCount = { requests: 0, failed: 0 };
  for (const [backend, { requests, failed }] of Object.entries(after)) {
    const was = before[backend] ?? { requests: 0, failed: 0 };
    const added = { requests: requests - was.requests, failed: failed - was.failed };
    all = sum(all, added);
    if (backend.includes('-canary-')) canary = sum(canary, added);
  }
  return { canary, all };
}

function sum(one: BackendCount, other: BackendCount): BackendCount {
  return { requests: one.requests + other.requests, failed: one.failed + other.failed };
}
