import { keyOf } from '../cluster/kube/objects.ts';
import { resolveBackend } from './backends.ts';
import type { Condition, Gateway, HttpRoute, Listener, ParentRef, ParentStatus, RouteRule } from './gateway-objects.ts';
import { CONTROLLER_NAME, GATEWAY_CLASS } from './gateway-objects.ts';
import { matchesHostname, type PathMatch } from './route-match.ts';
import type { TableSources } from './routing-table.ts';

/** A route that names one of our Gateways, with what may be served of it (nothing when it was refused). */
export interface AcceptedRoute {
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  readonly createdAt: string;
  readonly hostnames: readonly string[];
  readonly rules: readonly (RouteRule & { readonly paths: readonly PathMatch[] })[];
  /** Keys of the Gateways that accepted it. */
  readonly gateways: readonly string[];
  /** The status to write, without transition times. */
  readonly parents: readonly ParentStatus[];
}

type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

/** Undefined when no parent is ours: then the route is none of our business, and gets no status from us. */
export function acceptRoute(route: HttpRoute, sources: TableSources): AcceptedRoute | undefined {
  const namespace = route.metadata?.namespace ?? '';
  const generation = route.metadata?.generation ?? 0;
  const rules = route.spec?.rules ?? [];
  const unsupported = whyUnsupported(rules);
  const hostnames = new Set<string>();
  const gateways: string[] = [];
  const parents: ParentStatus[] = [];
  for (const parentRef of route.spec?.parentRefs ?? []) {
    const gateway = sources.gateway(`${parentRef.namespace ?? namespace}/${parentRef.name}`);
    if (!gateway || gateway.spec?.gatewayClassName !== GATEWAY_CLASS) continue;
    const attachment = attach(parentRef, gateway, namespace, route.spec?.hostnames ?? []);
    const accepted: Verdict =
      attachment.verdict.status === 'True' && unsupported
        ? { status: 'False', reason: 'UnsupportedValue', message: unsupported }
        : attachment.verdict;
    if (accepted.status === 'True') {
      for (const hostname of attachment.hostnames) hostnames.add(hostname);
      gateways.push(keyOf(gateway));
    }
    const conditions = [
      { type: 'Accepted', ...accepted, observedGeneration: generation },
      { type: 'ResolvedRefs', ...resolvedRefs(rules, namespace, sources), observedGeneration: generation },
    ];
    parents.push({ parentRef, controllerName: CONTROLLER_NAME, conditions });
  }
  if (parents.length === 0) return undefined;
  return {
    namespace,
    name: route.metadata?.name ?? '',
    generation,
    createdAt: route.metadata?.creationTimestamp ?? '',
    hostnames: [...hostnames],
    rules: rules.map((rule) => ({ ...rule, paths: pathsOf(rule) })),
    gateways,
    parents,
  };
}

function attach(ref: ParentRef, gateway: Gateway, namespace: string, wanted: readonly string[]) {
  const isSame = gateway.metadata?.namespace === namespace;
  const named = (gateway.spec?.listeners ?? []).filter(
    (listener) => ref.sectionName === undefined || listener.name === ref.sectionName,
  );
  const refuse = (reason: string, message: string): { verdict: Verdict; hostnames: string[] } => ({
    verdict: { status: 'False', reason, message },
    hostnames: [],
  });
  if (named.length === 0) return refuse('NoMatchingParent', `gateway ${keyOf(gateway)} has no such listener`);
  const open = named.filter(({ allowedRoutes }) => isSame || allowedRoutes?.namespaces?.from === 'All');
  if (open.length === 0) {
    return refuse('NotAllowedByListeners', `gateway ${keyOf(gateway)} takes no routes of namespace ${namespace}`);
  }
  const hostnames = open.flatMap((listener) => commonHostnames(listener, wanted));
  if (hostnames.length === 0) {
    return refuse('NoMatchingListenerHostname', `no listener of gateway ${keyOf(gateway)} covers ${wanted.join(', ')}`);
  }
  return { verdict: { status: 'True' as const, reason: 'Accepted', message: 'the route is applied' }, hostnames };
}

/** The hostnames served through a listener; the empty one stands for all. */
function commonHostnames(listener: Listener, wanted: readonly string[]): string[] {
  const own = listener.hostname ?? '';
  if (wanted.length === 0) return [own];
  return wanted.filter((hostname) => own === '' || own === hostname || matchesHostname(own, hostname));
}

function resolvedRefs(rules: readonly RouteRule[], namespace: string, sources: TableSources): Verdict {
  for (const ref of rules.flatMap((rule) => rule.backendRefs ?? [])) {
    const resolution = resolveBackend(ref, namespace, sources);
    if (resolution.kind === 'unresolved') {
      return { status: 'False', reason: resolution.reason, message: resolution.message };
    }
  }
  return { status: 'True', reason: 'ResolvedRefs', message: 'every backend exists' };
}

/** A route that asks for what this router cannot do is refused whole: serving half of it would be a lie. */
function whyUnsupported(rules: readonly RouteRule[]): string | undefined {
  for (const [index, rule] of rules.entries()) {
    const at = `rules[${index}]`;
    if (rule.filters?.length || rule.backendRefs?.some((ref) => ref.filters?.length)) {
      return `${at}: filters are not supported`;
    }
    for (const match of rule.matches ?? []) {
      if (match.headers?.length || match.queryParams?.length || match.method) {
        return `${at}: only path matches are supported, found one by header, query or method`;
      }
      const type = match.path?.type ?? 'PathPrefix';
      if (type !== 'PathPrefix' && type !== 'Exact') return `${at}: path type ${type} is not supported`;
    }
  }
  return undefined;
}

function pathsOf(rule: RouteRule): PathMatch[] {
  const matches = rule.matches?.length ? rule.matches : [{}];
  return matches.map(({ path }) => ({
    type: path?.type === 'Exact' ? 'Exact' : 'PathPrefix',
    value: path?.value ?? '/',
  }));
}
