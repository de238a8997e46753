/** Kinds that are copied, in the order in which they are applied: what others need comes first. */
import type { ResourceKind } from '../model/cluster-backup.ts';

function kind(name: string, group: string, version: string, plural: string, namespaced = true): ResourceKind {
  return { kind: name, group, version, plural, namespaced };
}

export const BACKED_UP_KINDS: readonly ResourceKind[] = [
  kind('Namespace', '', 'v1', 'namespaces', false),
  kind('ResourceQuota', '', 'v1', 'resourcequotas'),
  kind('LimitRange', '', 'v1', 'limitranges'),
  kind('ServiceAccount', '', 'v1', 'serviceaccounts'),
  kind('Role', 'rbac.authorization.k8s.io', 'v1', 'roles'),
  kind('RoleBinding', 'rbac.authorization.k8s.io', 'v1', 'rolebindings'),
  kind('NetworkPolicy', 'networking.k8s.io', 'v1', 'networkpolicies'),
  kind('ConfigMap', '', 'v1', 'configmaps'),
  kind('Secret', '', 'v1', 'secrets'),
  kind('PersistentVolumeClaim', '', 'v1', 'persistentvolumeclaims'),
  kind('Service', '', 'v1', 'services'),
  kind('Deployment', 'apps', 'v1', 'deployments'),
  kind('StatefulSet', 'apps', 'v1', 'statefulsets'),
  kind('DaemonSet', 'apps', 'v1', 'daemonsets'),
  kind('CronJob', 'batch', 'v1', 'cronjobs'),
  kind('PodDisruptionBudget', 'policy', 'v1', 'poddisruptionbudgets'),
  kind('HorizontalPodAutoscaler', 'autoscaling', 'v2', 'horizontalpodautoscalers'),
  kind('Gateway', 'gateway.networking.k8s.io', 'v1', 'gateways'),
  kind('HTTPRoute', 'gateway.networking.k8s.io', 'v1', 'httproutes'),
  kind('Ingress', 'networking.k8s.io', 'v1', 'ingresses'),
  kind('VirtualService', 'networking.istio.io', 'v1', 'virtualservices'),
  kind('DestinationRule', 'networking.istio.io', 'v1', 'destinationrules'),
];

export const BACKED_UP_KIND_NAMES: readonly string[] = BACKED_UP_KINDS.map((each) => each.kind);

/** `apps/v1`, `v1` */
export function apiVersionOf({ group, version }: ResourceKind): string {
  return group === '' ? version : `${group}/${version}`;
}
