import { child, fallback, isObject, type JsonObject, listAt, textAt } from '../json.ts';

const NODE_TROUBLES = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** What the admission plug-ins that every cluster has add to a new Pod: its priority, and 5 minutes for a node in trouble. */
export function admitPodSpec(spec: JsonObject): void {
  fallback(spec, 'priority', 0);
  fallback(spec, 'preemptionPolicy', 'PreemptLowerPriority');
  const given = listAt(spec, 'tolerations');
  const isTolerated = (key: string): boolean =>
    given.some(
      (toleration) =>
        (textAt(toleration, 'key') === key || !textAt(toleration, 'key')) &&
        (toleration.effect === 'NoExecute' || !toleration.effect),
    );
  const added = NODE_TROUBLES.filter((key) => !isTolerated(key)).map((key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  }));
  if (added.length > 0) spec.tolerations = [...given, ...added];
}

/** A limit without a request is a request too; in a Pod, not yet in a template. */
export function defaultRequests(spec: JsonObject): void {
  for (const container of [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')]) {
    if (!isObject(container.resources) || !isObject(container.resources.limits)) continue;
    const requests = child(container.resources, 'requests');
    for (const [name, limit] of Object.entries(container.resources.limits)) fallback(requests, name, limit ?? null);
  }
}
