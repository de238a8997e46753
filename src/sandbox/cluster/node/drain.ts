import { setTimeout as delay } from 'node:timers/promises';
import type { EndpointSlice, Pod } from '../kube/objects.ts';
import type { WatchCache } from '../kube/watch-cache.ts';

/** A Pod that stays in an endpoint list (a Service that publishes unready addresses) is not waited for longer. */
const LONGEST_MS = 1000;
/** Time for routers that saw the same change to let go of the Pod. */
const SETTLE_MS = 100;

/**
 * Waits until no EndpointSlice offers the Pod any more, so that its process is asked to end only after routers could
 * stop sending. Real nodes race here, which is why services there sleep before they end.
 */
export async function drained(slices: WatchCache<EndpointSlice>, pod: Pod): Promise<void> {
  const uid = pod.metadata?.uid;
  const isListed = slices.list(pod.metadata?.namespace).some((slice) => offers(slice, uid));
  if (!isListed) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(finish, LONGEST_MS);
    const stop = slices.onChange(({ after }) => {
      if (!after || !offers(after, uid)) check();
    });
    function check(): void {
      if (!slices.list(pod.metadata?.namespace).some((slice) => offers(slice, uid))) finish();
    }
    function finish(): void {
      clearTimeout(timer);
      stop();
      resolve();
    }
    check();
  });
  await delay(SETTLE_MS);
}

function offers(slice: EndpointSlice, uid: string | undefined): boolean {
  // A real server answers with null where there are none.
  const endpoints: readonly EndpointSlice['endpoints'][number][] | null = slice.endpoints;
  return (endpoints ?? []).some(({ targetRef, conditions }) => targetRef?.uid === uid && conditions?.ready !== false);
}
