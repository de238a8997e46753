/** Where a service's traffic is split: the part of its plan that a person needs when nothing else of it works. */
import { serviceIn } from '../catalogue/merge.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { TrafficPlan, WorkloadPlan } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import { own, trafficPlan, unknownName } from './resolve-plan.ts';

export interface ServiceTarget {
  readonly service: string;
  readonly environment: string;
  readonly workload: WorkloadPlan;
  readonly traffic: TrafficPlan;
}

export type ResolvedTarget =
  /** `notes`: what is left out because a variable is not set here. */
  { readonly target: ServiceTarget; readonly notes: readonly string[] } | { readonly problems: readonly Problem[] };

/** Needs neither image repository nor metrics; an address of the data plane that is not set here is left out, and told. */
export function resolveTarget(
  catalogue: Catalogue,
  { service, environment }: { readonly service: string; readonly environment: string },
): ResolvedTarget {
  const written = own(catalogue.services, service);
  const place = own(catalogue.environments, environment);
  if (!written || !place) {
    return {
      problems: [
        ...unknownName('service', service, catalogue.services),
        ...unknownName('environment', environment, catalogue.environments),
      ],
    };
  }
  const { workload, traffic: entry } = serviceIn(written, environment);
  const kubeconfig = place.cluster.kubeconfig;
  const missing = unsetIn(kubeconfig);
  if (missing !== undefined) {
    const expected = `environment variable ${missing} set, to the path of the kubeconfig`;
    return { problems: [{ path: `environments.${environment}.cluster.kubeconfig`, expected, found: 'not set' }] };
  }
  const traffic = trafficPlan(entry);
  const unset = unsetIn(traffic.weightMetric?.url);
  return {
    target: {
      service,
      environment,
      workload: { cluster: place.cluster, namespace: place.namespace, ...workload },
      traffic: unset === undefined ? traffic : withoutWeightMetric(traffic),
    },
    notes:
      unset === undefined
        ? []
        : [`${unset} is not set here: what the data plane applies is not read, only what the routing object says`],
  };
}

function unsetIn(written: string | undefined): string | undefined {
  return /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/.exec(written ?? '')?.[1];
}

function withoutWeightMetric(traffic: TrafficPlan): TrafficPlan {
  const { weightMetric: _unset, ...rest } = traffic;
  return rest;
}
