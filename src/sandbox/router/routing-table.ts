import { keyOf } from '../cluster/kube/objects.ts';
import { type AcceptedRoute, acceptRoute } from './accept-route.ts';
import { type AcceptedVirtualService, acceptVirtualService } from './accept-virtual-service.ts';
import { type BackendSources, type Resolution, resolveBackend, resolveDestination } from './backends.ts';
import type { Gateway, HttpRoute, ParentStatus } from './gateway-objects.ts';
import { type Destination, serviceOfHost, type VirtualService, type WeightedDestination } from './istio-objects.ts';
import { compareRules, matchesHostname, matchesPath, type PathMatch, type RankedRule } from './route-match.ts';
import { WeightedChoice, weightPercents } from './weighted-choice.ts';

/** A backendRef or destination as it is applied. */
export interface Backend {
  readonly name: string;
  readonly weightPercent: number;
  readonly resolution: Resolution;
}

/** One rule for one hostname and path. */
export interface AppliedRule extends RankedRule {
  readonly namespace: string;
  readonly route: string;
  readonly generation: number;
  readonly backends: readonly Backend[];
  readonly choice: WeightedChoice;
}

export interface RouteState {
  readonly key: string;
  readonly generation: number;
  readonly parents: readonly ParentStatus[];
}

/** A VirtualService of ours, also a refused one. Nothing tells it but /routes: istiod writes no status by default. */
export interface VirtualServiceState {
  readonly key: string;
  readonly generation: number;
  readonly refused?: string;
}

/** What the data plane does: immutable, replaced whole, so a request sees one state from its beginning to its end. */
export interface RoutingTable {
  /** In the order in which they are tried. */
  readonly rules: readonly AppliedRule[];
  /** Every route that names one of our Gateways, also a refused one. */
  readonly routes: readonly RouteState[];
  readonly virtualServices: readonly VirtualServiceState[];
  /** Number of accepted routes by Gateway key. */
  readonly attachedRoutes: ReadonlyMap<string, number>;
}

export interface TableSources extends BackendSources {
  routes(): readonly HttpRoute[];
  gateway(key: string): Gateway | undefined;
  virtualServices(): readonly VirtualService[];
}

export const EMPTY_TABLE: RoutingTable = { rules: [], routes: [], virtualServices: [], attachedRoutes: new Map() };

/**
 * Builds the table. Rules whose weights did not change keep the choice of the previous table: a pod that comes or goes
 * must not disturb the split.
 */
export function buildTable(sources: TableSources, previous: RoutingTable = EMPTY_TABLE): RoutingTable {
  const choices = new Map(previous.rules.map((rule) => [choiceKey(rule), rule.choice]));
  const rules: AppliedRule[] = [];
  const routes: RouteState[] = [];
  const attachedRoutes = new Map<string, number>();
  for (const route of sources.routes()) {
    const accepted = acceptRoute(route, sources);
    if (!accepted) continue;
    routes.push({ key: keyOf(route), generation: accepted.generation, parents: accepted.parents });
    for (const gateway of accepted.gateways) attachedRoutes.set(gateway, (attachedRoutes.get(gateway) ?? 0) + 1);
    rules.push(...rulesOf(accepted, sources, choices));
  }
  const virtualServices: VirtualServiceState[] = [];
  for (const object of sources.virtualServices()) {
    const accepted = acceptVirtualService(object);
    if (!accepted) continue;
    const { generation, refused } = accepted;
    virtualServices.push({ key: keyOf(object), generation, ...(refused !== undefined && { refused }) });
    rules.push(...rulesOfVirtualService(accepted, sources, choices));
  }
  return { rules: rules.sort(compareRules), routes, virtualServices, attachedRoutes };
}

/** The rule that serves a request, undefined when no route covers it. */
export function findRule(table: RoutingTable, host: string, path: string): AppliedRule | undefined {
  return table.rules.find((rule) => matchesHostname(rule.hostname, host) && matchesPath(rule.path, path));
}

function rulesOf(route: AcceptedRoute, sources: TableSources, choices: Map<string, WeightedChoice>): AppliedRule[] {
  const applied: AppliedRule[] = [];
  for (const [ruleIndex, rule] of route.rules.entries()) {
    const refs = rule.backendRefs ?? [];
    const weights = refs.map((ref) => ref.weight ?? 1);
    const percents = weightPercents(weights);
    const backends = refs.map((ref, index) => ({
      name: ref.name,
      weightPercent: percents[index] ?? 0,
      resolution: resolveBackend(ref, route.namespace, sources),
    }));
    const shared = { routeKey: `${route.namespace}/${route.name}`, backends, index: ruleIndex };
    applied.push(...spread(route, rule.paths, weights, shared, choices));
  }
  return applied;
}

function rulesOfVirtualService(
  route: AcceptedVirtualService,
  sources: TableSources,
  choices: Map<string, WeightedChoice>,
): AppliedRule[] {
  return route.http.flatMap((http, index) => {
    const destinations = http.route ?? [];
    // One that stands alone gets everything, whatever its weight; among several, none written is 0.
    const weights = destinations.map(({ weight }) => (destinations.length === 1 ? 1 : (weight ?? 0)));
    const percents = weightPercents(weights);
    const backends = destinations.map(({ destination = {} }, position) => ({
      name: nameOfDestination(destination, destinations, route.namespace),
      weightPercent: percents[position] ?? 0,
      resolution: resolveDestination(destination, route.namespace, sources),
    }));
    const routeKey = `VirtualService ${route.namespace}/${route.name}`;
    return spread(route, http.paths, weights, { routeKey, backends, index, isListed: true }, choices);
  });
}

/** The Service; with its subset where several destinations of the rule have that host. */
function nameOfDestination(destination: Destination, all: readonly WeightedDestination[], namespace: string): string {
  const serviceOf = ({ host = '' }: Destination): string => serviceOfHost(host, namespace) ?? host;
  const name = serviceOf(destination);
  const isShared = all.filter((each) => serviceOf(each.destination ?? {}) === name).length > 1;
  return isShared ? `${name}/${destination.subset ?? ''}` : name;
}

/** A rule for each hostname and path, with one choice for all of them: the split is a property of the rule. */
function spread(
  route: Pick<AcceptedRoute, 'namespace' | 'name' | 'generation' | 'createdAt' | 'hostnames'>,
  paths: readonly PathMatch[],
  weights: readonly number[],
  shared: Pick<AppliedRule, 'routeKey' | 'backends' | 'index' | 'isListed'>,
  choices: Map<string, WeightedChoice>,
): AppliedRule[] {
  const choice = choices.get(choiceKey(shared)) ?? new WeightedChoice(weights);
  const { namespace, name, generation, createdAt } = route;
  return route.hostnames.flatMap((hostname) =>
    paths.map((path) => ({ ...shared, hostname, path, createdAt, namespace, route: name, generation, choice })),
  );
}

function choiceKey(rule: Pick<AppliedRule, 'routeKey' | 'index' | 'backends'>): string {
  const weights = rule.backends.map(({ name, weightPercent }) => `${name}=${weightPercent}`);
  return [rule.routeKey, rule.index, ...weights].join(' ');
}
