/** How one rule is recognised. */
export interface PathMatch {
  /** `TextPrefix` is Istio's prefix: `/orders` covers `/ordersheet` too. */
  readonly type: 'Exact' | 'PathPrefix' | 'TextPrefix';
  readonly value: string;
}

/** What decides the order in which rules are tried; the first that matches serves the request. */
export interface RankedRule {
  /** Exact (`crm.example.com`) or wildcard (`*.example.com`); empty matches every host. */
  readonly hostname: string;
  readonly path: PathMatch;
  /** RFC 3339; an older route wins. */
  readonly createdAt: string;
  /** `namespace/name`, then the rule's place in the route. */
  readonly routeKey: string;
  readonly index: number;
  /** A route whose rules are tried as they are listed, whatever they match (a VirtualService). */
  readonly isListed?: boolean;
}

/** True when the Host header (port allowed) is covered. A wildcard covers one or more labels, not the bare domain. */
export function matchesHostname(hostname: string, host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (hostname === '') return true;
  if (hostname.startsWith('*.')) return name.endsWith(hostname.slice(1)) && name.length > hostname.length - 1;
  return name === hostname.toLowerCase();
}

/** A path prefix matches whole path elements: `/orders` covers `/orders` and `/orders/7`, not `/ordersheet`. */
export function matchesPath(match: PathMatch, path: string): boolean {
  if (match.type === 'Exact') return path === match.value;
  if (match.type === 'TextPrefix') return path.startsWith(match.value);
  const prefix = match.value.replace(/\/+$/, '');
  return path === prefix || path.startsWith(`${prefix}/`);
}

/**
 * Order of the Gateway API: the more specific hostname, then an exact path, then the longer prefix, then the older
 * route, then the route's name, then the place of the rule. Of listed rules only hostname, route and place count; they
 * come before those of the Gateway API.
 */
export function compareRules(a: RankedRule, b: RankedRule): number {
  const isListed = a.isListed === true && b.isListed === true;
  return (
    hostnameRank(b.hostname) - hostnameRank(a.hostname) ||
    Number(b.isListed === true) - Number(a.isListed === true) ||
    (isListed ? 0 : Number(b.path.type === 'Exact') - Number(a.path.type === 'Exact')) ||
    (isListed ? 0 : b.path.value.length - a.path.value.length) ||
    compareText(a.createdAt, b.createdAt) ||
    compareText(a.routeKey, b.routeKey) ||
    a.index - b.index
  );
}

function hostnameRank(hostname: string): number {
  if (hostname === '') return 0;
  return hostname.startsWith('*.') ? hostname.length : 1_000 + hostname.length;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
