/**
 * Istio's VirtualService as Mainstay reads and writes it: the destinations of one http route, and there only the stable
 * one and the canary's. A destination is named by host *and* subset, so that no other subset is taken for ours.
 */
import type { BackendWeight } from '../model/operation.ts';
import type { VirtualServicePlan } from '../model/plan.ts';
import { canarySubset } from './destination-rule.ts';
import { serviceOfHost } from './istio-host.ts';
import { leftoverTerm } from './leftovers.ts';

export interface HttpDestination {
  readonly destination?: {
    readonly host?: string;
    readonly subset?: string;
    readonly port?: { readonly number?: number };
  };
  readonly weight?: number;
}

export interface VirtualService {
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
    readonly http?: readonly ({ readonly name?: string; readonly route?: readonly HttpDestination[] } & Readonly<
      Record<string, unknown>
    >)[];
  } & Readonly<Record<string, unknown>>;
  readonly status?: {
    /** int64: a text on the wire of a real server. */
    readonly observedGeneration?: number | string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
      readonly observedGeneration?: number | string;
    }[];
    readonly validationMessages?: readonly { readonly level?: string; readonly type?: { readonly code?: string } }[];
  };
}

/**
 * The name a destination has as a backend: the Service when its subset is the one we expect there, else with the subset.
 *
 * Stable Service `crm-api`, stable subset `stable`: host crm-api subset stable -> `crm-api`; host crm-api without subset
 * -> `crm-api/(no subset)`; host crm-api-canary-7 subset canary-7 -> `crm-api-canary-7`; host other subset v2 -> `other/v2`.
 */
export function nameOfDestination(
  { destination }: HttpDestination,
  traffic: VirtualServicePlan,
  namespace: string,
): string {
  const service = serviceOfHost(destination?.host ?? '', namespace);
  const wanted = subsetOf(service, traffic);
  const found = destination?.subset === '' ? undefined : destination?.subset;
  return found === wanted ? service : `${service}/${found ?? '(no subset)'}`;
}

function subsetOf(service: string, { stableService, destinationRule }: VirtualServicePlan): string | undefined {
  if (service === stableService) return destinationRule?.stableSubset;
  const term = leftoverTerm(stableService, service);
  return term === undefined ? undefined : canarySubset(term);
}

/** Indexes of the http routes that send to the stable destination, of those with the wanted name where one is wanted. */
export function httpsTo(object: VirtualService, traffic: VirtualServicePlan): readonly number[] {
  const namespace = object.metadata.namespace ?? 'default';
  return (object.spec.http ?? []).flatMap(({ name, route }, index) => {
    if (traffic.httpRoute !== undefined && name !== traffic.httpRoute) return [];
    return route?.some((each) => nameOfDestination(each, traffic, namespace) === traffic.stableService) ? [index] : [];
  });
}

/** Destinations of an http route with their weights. One that stands alone needs none; among several, none written is 0. */
export function readDestinations(
  object: VirtualService,
  http: number,
  traffic: VirtualServicePlan,
): readonly BackendWeight[] {
  const routes = object.spec.http?.[http]?.route ?? [];
  return routes.map((each) => {
    const service = nameOfDestination(each, traffic, object.metadata.namespace ?? 'default');
    const port = each.destination?.port?.number ?? 0;
    if (each.weight === undefined && routes.length === 1) return { service, port, weight: 100, unwritten: true };
    return { service, port, weight: each.weight ?? 0 };
  });
}

/** The object with exactly these destinations in one http route. One that stood there keeps its other fields (headers). */
export function withDestinations(
  object: VirtualService,
  http: number,
  backends: readonly BackendWeight[],
  traffic: VirtualServicePlan,
): VirtualService {
  const namespace = object.metadata.namespace ?? 'default';
  const routes = (object.spec.http ?? []).map((each, index) => {
    if (index !== http) return each;
    const before = each.route ?? [];
    const nameOf = (one: HttpDestination): string => nameOfDestination(one, traffic, namespace);
    const stableHost =
      before.find((one) => nameOf(one) === traffic.stableService)?.destination?.host ?? traffic.stableService;
    const route = backends.map((backend) => {
      const known = before.find((one) => nameOf(one) === backend.service);
      const { weight: _weight, ...rest } = known ?? { destination: made(backend.service, stableHost, traffic) };
      // A port that someone else set is theirs as little as the weight.
      const destination = {
        ...rest.destination,
        ...(backend.port > 0 && { port: { ...rest.destination?.port, number: backend.port } }),
      };
      const isAlone = backends.length === 1 && backend.unwritten === true;
      return { ...rest, destination, ...(!isAlone && { weight: backend.weight }) };
    });
    return { ...each, route };
  });
  return { ...object, spec: { ...object.spec, http: routes } };
}

/** Written as the team writes the stable host: short, or with the same namespace and domain behind it. */
function made(
  service: string,
  stableHost: string,
  traffic: VirtualServicePlan,
): NonNullable<HttpDestination['destination']> {
  const subset = subsetOf(service, traffic);
  const host = `${service}${stableHost.slice(traffic.stableService.length)}`;
  return { host, ...(subset !== undefined && { subset }) };
}

/** What istiod says of this very generation, where it writes a status at all (it does not by default). */
export type Reconciliation = { readonly told: false } | { readonly told: true; readonly problem?: string };

export function reconciliationOf({ metadata, status }: VirtualService): Reconciliation {
  const reconciled = status?.conditions?.find((each) => each.type === 'Reconciled');
  const seen = reconciled?.observedGeneration ?? status?.observedGeneration;
  if (reconciled === undefined && seen === undefined) return { told: false };
  const generation = metadata.generation ?? 0;
  if (seen !== undefined && Number(seen) < generation) {
    return { told: true, problem: `istiod has seen generation ${seen}, the VirtualService is at ${generation}` };
  }
  const wrong = status?.validationMessages?.find((each) => each.level === 'ERROR');
  if (wrong) return { told: true, problem: `istiod refuses the VirtualService: ${wrong.type?.code ?? 'an error'}` };
  if (reconciled !== undefined && reconciled.status !== 'True') {
    const why = `${reconciled.reason ?? ''} ${reconciled.message ?? ''}`.trim();
    return { told: true, problem: `the proxies have not all taken it up: ${why || 'Reconciled is not True'}` };
  }
  return { told: true };
}
