/** What the preflight saw. Observations only; each part may be unknown by itself, with the reason. */
import type { Seen } from '../model/observe.ts';
import type { HttpRoute } from '../rollout/route.ts';
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
  readonly route: Seen<{ readonly object: HttpRoute }>;
  /** Per cent of the stable Service as the data plane tells it; null when it has no such series. */
  readonly weightMetric?: Seen<{ readonly stablePercent: number | null }>;
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
  return {
    apiVersion: service.apiVersion,
    kind: service.kind,
    metadata: trimMeta(service.metadata),
    spec: given({ selector, ports: ports?.map(({ port }) => ({ port })) }),
  };
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
