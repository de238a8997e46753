import { keyOf } from '../cluster/kube/objects.ts';
import { type BackendSources, type Resolution, resolveBackend } from './backends.ts';
import { type AcceptedRoute, acceptRoute } from './accept-route.ts';
import type { Gateway, HttpRoute, ParentStatus } from './gateway-objects.ts';
import { compareRules, matchesHostname, matchesPath, type RankedRule } from './route-match.ts';
import { WeightedChoice, weightPercents } from './weighted-choice.ts';

/** A backendRef as it is applied. */
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

/** What the data plane does: immutable, replaced whole, so a request sees one state from its beginning to its end. */
export interface RoutingTable {
  /** In the order in which they are tried. */
  readonly rules: readonly AppliedRule[];
  /** Every route that names one of our Gateways, also a refused one. */
  readonly routes: readonly RouteState[];
  /** Number of accepted routes by Gateway key. */
  readonly attachedRoutes: ReadonlyMap<string, number>;
}

export interface TableSources extends BackendSources {
  routes(): readonly HttpRoute[];
  gateway(key: string): Gateway | undefined;
}

export const EMPTY_TABLE: RoutingTable = { rules: [], routes: [], attachedRoutes: new Map() };

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
  return { rules: rules.sort(compareRules), routes, attachedRoutes };
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
    // One choice for all hostnames and paths of the rule: the split is a property of the rule.
    const shared = { routeKey: `${route.namespace}/${route.name}`, backends, index: ruleIndex };
    const choice = choices.get(choiceKey(shared)) ?? new WeightedChoice(weights);
    for (const hostname of route.hostnames) {
      for (const path of rule.paths) {
        const { namespace, name, generation, createdAt } = route;
        applied.push({ ...shared, hostname, path, createdAt, namespace, route: name, generation, choice });
      }
    }
  }
  return applied;
}

function choiceKey(rule: Pick<AppliedRule, 'routeKey' | 'index' | 'backends'>): string {
  const weights = rule.backends.map(({ name, weightPercent }) => `${name}=${weightPercent}`);
  return [rule.routeKey, rule.index, ...weights].join(' ');
}
