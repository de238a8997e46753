import { controllerOf, type EndpointSlice, keyOf, type Pod, RESOURCES, splitKey } from '../kube/objects.ts';
import { matchesLabels } from '../kube/selectors.ts';
import { createWorkQueue } from '../kube/work-queue.ts';
import { type Controller, type ControllerContext, isChange, isLostRace } from './context.ts';
import {
  hasManagedEndpoints,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  planEndpointSlices,
  SERVICE_NAME_LABEL,
} from './endpoint-slice-plan.ts';

/** Writes which Pods serve each Service with a selector, and which of them are ready. */
export function startEndpointSliceController(context: ControllerContext): Controller {
  const { client, services, pods, endpointSlices } = context;
  const queue = createWorkQueue({
    handle: sync,
    onError: (key, error, attempt) => {
      if (!isLostRace(error) || attempt > 5) context.reportProblem(`EndpointSlices of Service ${key}`, error);
    },
  });

  services.onChange(({ before, after }) => {
    const service = after ?? before;
    if (service) queue.add(keyOf(service));
  });
  pods.onChange(({ before, after }) => {
    for (const pod of [before, after]) if (pod) noticePod(pod);
  });
  endpointSlices.onChange(({ before, after }) => {
    const slice = after ?? before;
    const name = slice?.metadata?.labels?.[SERVICE_NAME_LABEL];
    if (name) queue.add(`${slice.metadata?.namespace}/${name}`);
  });

  function noticePod(pod: Pod): void {
    for (const service of services.list(pod.metadata?.namespace)) {
      if (!hasManagedEndpoints(service)) continue;
      if (matchesLabels(service.spec?.selector ?? {}, pod.metadata?.labels)) queue.add(keyOf(service));
    }
  }

  async function sync(key: string): Promise<void> {
    const service = services.get(key);
    // The slices of a Service that is gone fall to the garbage collector.
    if (!service || service.metadata?.deletionTimestamp || !hasManagedEndpoints(service)) return;
    const { namespace, name } = splitKey(key);
    const selector = service.spec?.selector ?? {};
    const members = pods.list(namespace).filter((pod) => matchesLabels(selector, pod.metadata?.labels));
    const wanted = planEndpointSlices(service, members);
    const existing = endpointSlices.list(namespace).filter((slice) => {
      const labels = slice.metadata?.labels;
      return labels?.[SERVICE_NAME_LABEL] === name && labels[MANAGED_BY_LABEL] === MANAGED_BY;
    });
    for (const slice of wanted) await write(slice, existing);
    // Only now: a client must never see a Service without slices because its ports changed.
    const names = new Set(wanted.map((slice) => slice.metadata?.name));
    for (const slice of existing) if (!names.has(slice.metadata?.name)) await remove(slice);
  }

  async function write(slice: EndpointSlice, existing: readonly EndpointSlice[]): Promise<void> {
    const { namespace, name } = slice.metadata ?? {};
    const at = { resource: RESOURCES.endpointSlices, namespace };
    const current = existing.find((other) => other.metadata?.name === name);
    if (!current) {
      await client.create(at, slice);
      return;
    }
    // Left over from a Service of the same name: it goes with its owner, then a new one can be made.
    if (controllerOf(current)?.uid !== controllerOf(slice)?.uid) {
      await remove(current);
      await client.create(at, slice);
      return;
    }
    const labels = slice.metadata?.labels ?? {};
    const next = {
      ...current,
      metadata: { ...current.metadata, labels },
      endpoints: slice.endpoints,
      ports: slice.ports ?? [],
    };
    const isSame =
      !isChange(current.endpoints ?? [], slice.endpoints) &&
      !isChange(current.ports ?? [], slice.ports ?? []) &&
      !isChange(current.metadata?.labels, labels);
    if (!isSame) await client.replace({ ...at, name }, next);
  }

  async function remove(slice: EndpointSlice): Promise<void> {
    const { namespace, name, uid } = slice.metadata ?? {};
    try {
      await client.remove({ resource: RESOURCES.endpointSlices, namespace, name }, { uid });
    } catch (error) {
      if (!isLostRace(error)) throw error;
    }
  }

  return {
    resync: () => {
      for (const service of services.list()) queue.add(keyOf(service));
    },
    close: () => queue.close(),
  };
}
