/** HTTPRoute as Mainstay reads and writes it: the backendRefs of one rule, and there only our two Services. */
import type { BackendWeight } from '../model/operation.ts';

export interface BackendRef {
  readonly kind?: string;
  readonly name: string;
  readonly port?: number;
  readonly weight?: number;
}

export interface HttpRoute {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly rules?: readonly ({ readonly backendRefs?: readonly BackendRef[] } & Readonly<Record<string, unknown>>)[];
  } & Readonly<Record<string, unknown>>;
  readonly status?: {
    readonly parents?: readonly {
      readonly conditions?: readonly {
        readonly type: string;
        readonly status: string;
        readonly reason?: string;
        readonly message?: string;
        readonly observedGeneration?: number;
      }[];
    }[];
  };
}

/** Indexes of all rules that send to the Service. */
export function rulesTo(route: HttpRoute, service: string): readonly number[] {
  const rules = route.spec.rules ?? [];
  return rules.flatMap((rule, index) => (rule.backendRefs?.some((ref) => ref.name === service) ? [index] : []));
}

/** Index of the one rule that sends to the Service; -1 when none, -2 when several do. */
export function findRule(route: HttpRoute, service: string): number {
  return onlyRule(rulesTo(route, service));
}

/** The one of a list of indexes; -1 of none, -2 of several. */
export function onlyRule(found: readonly number[]): number {
  return found.length === 1 ? (found[0] ?? -1) : found.length === 0 ? -1 : -2;
}

/** Backends of a rule with their weights; the API's default weight is 1. */
export function readBackends(route: HttpRoute, rule: number): readonly BackendWeight[] {
  const refs = route.spec.rules?.[rule]?.backendRefs ?? [];
  return refs.map((ref) => ({ service: ref.name, port: ref.port ?? 0, weight: ref.weight ?? 1 }));
}

/** The route with exactly these backends in one rule. A backend that stood there keeps its other fields (filters). */
export function withBackends(route: HttpRoute, rule: number, backends: readonly BackendWeight[]): HttpRoute {
  const rules = (route.spec.rules ?? []).map((each, index) => {
    if (index !== rule) return each;
    const before = each.backendRefs ?? [];
    const backendRefs = backends.map(({ service, port, weight }) => {
      const known = before.find((ref) => ref.name === service);
      // A port that someone else set is theirs as little as the weight.
      return known
        ? { ...known, ...(port > 0 && { port }), weight }
        : { kind: 'Service', name: service, ...(port > 0 && { port }), weight };
    });
    return { ...each, backendRefs };
  });
  return { ...route, spec: { ...route.spec, rules } };
}

export function sameBackends(a: readonly BackendWeight[], b: readonly BackendWeight[]): boolean {
  return a.length === b.length && a.every((each) => b.some((other) => isSameBackend(each, other)));
}

function isSameBackend(a: BackendWeight, b: BackendWeight): boolean {
  return a.service === b.service && a.port === b.port && a.weight === b.weight;
}

/** As `formatBackends`, with the port of a backend that has another one than it should: `crm-api:9999 90`. */
export function formatOddPorts(backends: readonly BackendWeight[], port: number): string {
  return formatBackends(
    backends.map((each) => (each.port === port ? each : { ...each, service: `${each.service}:${each.port}` })),
  );
}

/** `crm-api 90, crm-api-canary-1732190000 10` */
export function formatBackends(backends: readonly BackendWeight[]): string {
  return backends.length === 0 ? 'no backend' : backends.map((each) => `${each.service} ${each.weight}`).join(', ');
}

/** Share of each backend in per cent, as the data plane tells it: weights need not sum to 100. */
export function sharePercent(
  backends: readonly BackendWeight[],
): readonly { readonly service: string; readonly percent: number }[] {
  const sum = backends.reduce((total, each) => total + each.weight, 0);
  return backends.map((each) => ({ service: each.service, percent: sum === 0 ? 0 : (100 * each.weight) / sum }));
}

/** The two backends of a canary at a weight. */
export function splitBackends(
  stable: BackendWeight,
  canaryService: string,
  weightPercent: number,
): readonly BackendWeight[] {
  return [
    { service: stable.service, port: stable.port, weight: 100 - weightPercent },
    { service: canaryService, port: stable.port, weight: weightPercent },
  ];
}

/** Undefined when the gateway has accepted this very generation of the route; else why not. */
export function whyNotAccepted(route: HttpRoute): string | undefined {
  const parents = route.status?.parents ?? [];
  if (parents.length === 0) return 'no gateway has taken the route up yet';
  const generation = route.metadata.generation ?? 0;
  for (const parent of parents) {
    const accepted = parent.conditions?.find((each) => each.type === 'Accepted');
    if (accepted === undefined) return 'the gateway has not said whether it accepts the route';
    if ((accepted.observedGeneration ?? 0) < generation)
      return `the gateway has seen generation ${accepted.observedGeneration ?? 0}, the route is at ${generation}`;
    if (accepted.status !== 'True')
      return `the gateway does not accept the route: ${accepted.reason ?? ''} ${accepted.message ?? ''}`.trim();
    const refs = parent.conditions?.find((each) => each.type === 'ResolvedRefs');
    if (refs?.status === 'False')
      return `the gateway cannot resolve a backend: ${refs.reason ?? ''} ${refs.message ?? ''}`.trim();
  }
  return undefined;
}
