/**
 * Istio's DestinationRule: the team's is read, the canary's is made. The canary has a host of its own, so its rule is its
 * own too, with the term in its name and the team's traffic policy in it: both arms are treated alike.
 */
import { MARKS } from '../model/names.ts';
import { serviceOfHost } from './istio-host.ts';
import { type CanaryNaming, createdMeta } from './workload.ts';

interface Subset {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly trafficPolicy?: unknown;
}

export interface DestinationRule {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly {
      readonly apiVersion: string;
      readonly kind: string;
      readonly name: string;
      readonly uid: string;
    }[];
  };
  readonly spec: {
    readonly host?: string;
    readonly subsets?: readonly Subset[];
    readonly trafficPolicy?: unknown;
    readonly exportTo?: unknown;
    readonly workloadSelector?: unknown;
  };
}

/** `canary-7`: the subset is named as its pods' track. */
export function canarySubset(term: number): string {
  return `canary-${term}`;
}

/** The Service whose traffic a rule governs. */
export function ruledService(rule: DestinationRule): string {
  return serviceOfHost(rule.spec.host ?? '', rule.metadata.namespace ?? 'default');
}

/**
 * The canary's rule: its host, one subset by its track, and what the team's rule says of stable traffic. Owned by the
 * canary Deployment, so that it goes with it even when nobody is left to delete it.
 */
export function makeCanaryRule(
  naming: CanaryNaming,
  host: string,
  want: {
    readonly namespace: string;
    readonly annotations: Record<string, string>;
    readonly owner: { readonly name: string; readonly uid: string };
    readonly team?: DestinationRule | undefined;
    readonly stableSubset?: string | undefined;
  },
): DestinationRule {
  const spec: DestinationRule['spec'] = want.team?.spec ?? {};
  const policy = spec.subsets?.find(({ name }) => name === want.stableSubset)?.trafficPolicy;
  const { trafficPolicy, exportTo, workloadSelector } = spec;
  const subset = {
    name: canarySubset(naming.term),
    labels: { [MARKS.track]: `canary-${naming.term}` },
    ...(policy !== undefined && { trafficPolicy: policy }),
  };
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', ...want.owner };
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { ...createdMeta(naming, host, want.namespace, want.annotations), ownerReferences: [owner] },
    spec: {
      host,
      subsets: [subset],
      ...(trafficPolicy !== undefined && { trafficPolicy }),
      ...(exportTo !== undefined && { exportTo }),
      ...(workloadSelector !== undefined && { workloadSelector }),
    },
  };
}
