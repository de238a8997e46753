import { hasCode, type KubeClient } from '../cluster/kube/kube-client.ts';
import { timestamp } from '../cluster/kube/objects.ts';
import {
  CONTROLLER_NAME,
  type Condition,
  GATEWAYS,
  type Gateway,
  HTTP_ROUTES,
  type HttpRoute,
  type ParentStatus,
} from './gateway-objects.ts';
import type { RouteState } from './routing-table.ts';

/** Writes what was applied into the route's status; parents of other controllers stay. Throws KubeError. */
export async function writeRouteStatus(
  client: KubeClient,
  route: HttpRoute,
  state: RouteState | undefined,
): Promise<void> {
  const current = route.status?.parents ?? [];
  const own = current.filter((parent) => parent.controllerName === CONTROLLER_NAME);
  const wanted = (state?.parents ?? []).map((parent) => ({
    ...parent,
    conditions: withTransitionTimes(parent.conditions, own.find((known) => isSameParent(known, parent))?.conditions),
  }));
  if (isSame(own, wanted)) return;
  const others = current.filter((parent) => parent.controllerName !== CONTROLLER_NAME);
  await patchStatus(client, HTTP_ROUTES, route, { parents: [...others, ...wanted] });
}

/** Says that the Gateway is served, where, and for how many routes. Throws KubeError. */
export async function writeGatewayStatus(
  client: KubeClient,
  gateway: Gateway,
  address: string,
  attachedRoutes: number,
): Promise<void> {
  const { status } = gateway;
  const generation = gateway.metadata?.generation ?? 0;
  const condition = (type: string, reason: string, message: string): Condition => {
    return { type, status: 'True', reason, message, observedGeneration: generation };
  };
  const wanted = {
    addresses: [{ type: 'IPAddress', value: address }],
    conditions: withTransitionTimes(
      [
        condition('Accepted', 'Accepted', 'the sandbox router serves this gateway'),
        condition('Programmed', 'Programmed', 'every listener is served on the port of the sandbox router'),
      ],
      status?.conditions,
    ),
    listeners: (gateway.spec?.listeners ?? []).map(({ name }) => ({
      name,
      attachedRoutes,
      supportedKinds: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' }],
      conditions: withTransitionTimes(
        [
          condition('Accepted', 'Accepted', ''),
          condition('Programmed', 'Programmed', ''),
          condition('ResolvedRefs', 'ResolvedRefs', ''),
        ],
        status?.listeners?.find((listener) => listener.name === name)?.conditions,
      ),
    })),
  };
  const { addresses, conditions, listeners } = status ?? {};
  if (!isSame({ addresses, conditions, listeners }, wanted)) await patchStatus(client, GATEWAYS, gateway, wanted);
}

async function patchStatus(
  client: KubeClient,
  resource: typeof HTTP_ROUTES | typeof GATEWAYS,
  object: HttpRoute | Gateway,
  status: unknown,
): Promise<void> {
  const { namespace, name, resourceVersion } = object.metadata ?? {};
  try {
    const at = { resource, namespace, name, subresource: 'status' };
    await client.mergePatch(at, { metadata: { resourceVersion }, status });
  } catch (error) {
    // Deleted meanwhile: nothing to say any more.
    if (!hasCode(error, 404)) throw error;
  }
}

/** A condition keeps the time of its last change of status; a new or changed one gets now. */
function withTransitionTimes(conditions: readonly Condition[], known: readonly Condition[] = []): Condition[] {
  return conditions.map((condition) => {
    const before = known.find(({ type, status }) => type === condition.type && status === condition.status);
    return { ...condition, lastTransitionTime: before?.lastTransitionTime ?? timestamp(Date.now()) };
  });
}

function isSameParent(a: ParentStatus, b: ParentStatus): boolean {
  return isSame(a.parentRef, b.parentRef);
}

/** Equal as JSON, whatever the order of keys; an empty list equals an absent one, servers drop those. */
function isSame(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) => {
      if (Array.isArray(inner)) return inner.length === 0 ? undefined : inner;
      if (typeof inner !== 'object' || inner === null) return inner === '' ? undefined : inner;
      return Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1)));
    }) ?? ''
  );
}
