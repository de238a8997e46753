/** What the preflight saw. Observations only; each part may be unknown by itself, with the reason. */
import type { MigrationsFact } from '../model/migration.ts';
import type { Seen } from '../model/observe.ts';
import type { ServiceObservation } from '../model/operation.ts';
import { MARKS } from '../model/names.ts';
import type { TrafficPlan } from '../model/plan.ts';
import type { DestinationRule } from '../rollout/destination-rule.ts';
import type { HttpRoute } from '../rollout/route.ts';
import type { RoutingObject } from '../rollout/routing.ts';
import type { VirtualService } from '../rollout/virtual-service.ts';
import type { Deployment, Service } from '../rollout/workload.ts';
import type { MetricFact } from './metrics-fact.ts';
import type { AskedRight } from './required-rights.ts';

export interface PreflightFacts {
  readonly observedAtMs: number;
  /** Of the image, or, before it is built, of the registry it will be pushed to. */
  readonly image:
    | { readonly of: 'image'; readonly image: string; readonly found: Seen<object> }
    | { readonly of: 'registry'; readonly repository: string; readonly found: Seen<object> };
  /** Names of keys, never values. */
  readonly config: readonly {
    readonly kind: 'ConfigMap' | 'Secret';
    readonly name: string;
    readonly found: Seen<{ readonly keys: readonly string[] }>;
  }[];
  readonly rights: readonly (AskedRight & { readonly found: Seen<{ readonly allowed: boolean }> })[];
  /** Cut down to what the checks read: no environment, no volumes (S11). */
  readonly deployment: Seen<{ readonly object: Deployment }>;
  readonly service: Seen<{ readonly object: Service }>;
  /** HTTPRoute, VirtualService, or, with pod ratio, the stable Service. */
  readonly route: Seen<{ readonly object: RoutingObject }>;
  /** With Istio: hosts, and names of their subsets. */
  readonly destinationRules?: Seen<{ readonly objects: readonly DestinationRule[] }>;
  /** With pod ratio: the pods that the stable Service would select without its track. */
  readonly pods?: Seen<{ readonly pods: readonly { readonly name: string; readonly track: string | null }[] }>;
  /** Per cent of the stable Service as the data plane tells it; null when it has no such series. */
  readonly weightMetric?: Seen<{ readonly stablePercent: number | null }>;
  /** Of the directory and the database; left out when the service has no migrations. */
  readonly migrations?: Seen<MigrationsFact>;
  /** What serves, and the highest term on the objects; not read again before ownership is asked for. */
  readonly standing?: Seen<ServiceObservation>;
  /** Of the metrics that a server is asked for. */
  readonly metrics?: readonly MetricFact[];
}

/** A Deployment without everything that the checks do not read. */
export function trimDeployment(deployment: Deployment): Deployment {
  const { metadata, spec, status } = deployment;
  const { observedGeneration, replicas, updatedReplicas, readyReplicas, availableReplicas, conditions } = status ?? {};
  return {
    apiVersion: deployment.apiVersion,
    kind: deployment.kind,
    metadata: trimMeta(metadata),
    spec: {
      ...given({ replicas: spec.replicas, paused: spec.paused, revisionHistoryLimit: spec.revisionHistoryLimit }),
      selector: { ...given({ matchLabels: spec.selector.matchLabels }) },
      template: {
        metadata: { labels: spec.template.metadata?.labels ?? {} },
        spec: { containers: spec.template.spec.containers.map(({ name, image }) => ({ name, ...given({ image }) })) },
      },
    },
    ...(status && {
      status: given({
        observedGeneration,
        replicas,
        updatedReplicas,
        readyReplicas,
        availableReplicas,
        conditions: conditions?.map(({ type, status: state, reason, message }) => ({
          type,
          status: state,
          ...given({ reason, message }),
        })),
      }),
    }),
  };
}

export function trimService(service: Service): Service {
  const { selector, ports } = service.spec;
  const note = service.metadata.annotations?.[MARKS.podRatio];
  const annotations = note === undefined ? undefined : { [MARKS.podRatio]: note };
  return {
    apiVersion: service.apiVersion,
    kind: service.kind,
    metadata: { ...trimMeta(service.metadata), ...given({ annotations }) },
    spec: given({ selector, ports: ports?.map(({ port }) => ({ port })) }),
  };
}

/** Whatever routes, as its kind is trimmed. */
export function trimRouting(traffic: TrafficPlan, object: RoutingObject): RoutingObject {
  switch (traffic.kind) {
    case 'httpRoute':
      return trimRoute(object as HttpRoute);
    case 'istioVirtualService':
      return trimVirtualService(object as VirtualService);
    case 'podRatio':
      return trimService(object);
  }
}

function trimVirtualService({ apiVersion, kind, metadata, spec, status }: VirtualService): VirtualService {
  const http = spec.http?.map(({ name, route }) =>
    given({ name, route: route?.map(({ destination, weight }) => given({ destination, weight })) }),
  );
  const { observedGeneration, conditions, validationMessages } = status ?? {};
  return {
    apiVersion,
    kind,
    metadata: trimMeta(metadata),
    spec: given({ http }),
    ...(status && { status: given({ observedGeneration, conditions, validationMessages }) }),
  };
}

export function trimDestinationRule({ apiVersion, kind, metadata, spec }: DestinationRule): DestinationRule {
  const subsets = spec.subsets?.map(({ name }) => ({ name }));
  return { apiVersion, kind, metadata: trimMeta(metadata), spec: given({ host: spec.host, subsets }) };
}

export function trimRoute(route: HttpRoute): HttpRoute {
  const rules = route.spec.rules?.map(({ backendRefs }) => ({
    ...given({
      backendRefs: backendRefs?.map(({ kind, name, port, weight }) => ({ name, ...given({ kind, port, weight }) })),
    }),
  }));
  const parents = route.status?.parents?.map(({ conditions }) => ({ ...given({ conditions }) }));
  return {
    apiVersion: route.apiVersion,
    kind: route.kind,
    metadata: trimMeta(route.metadata),
    spec: given({ rules }),
    ...(route.status && { status: given({ parents }) }),
  };
}

interface NamedMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly generation?: number;
}

function trimMeta({ name, namespace, generation }: NamedMeta): NamedMeta {
  return { name, ...given({ namespace, generation }) };
}

/** The fields that are there. */
function given<T extends object>(fields: T): { [Key in keyof T]?: NonNullable<T[Key]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)) as {
    [Key in keyof T]?: NonNullable<T[Key]>;
  };
}
