import { type Cluster, kindByPlural } from './cluster.ts';
import { lastSeen } from './kinds/event.ts';

/** A real server keeps Events for an hour; without an end a crash-looping pod would fill the memory. */
const EVENT_LIFE_MS = 3_600_000;
const SWEEP_EVERY_MS = 60_000;

/** Removes the Events that were last seen more than an hour ago. */
export function expireEvents(cluster: Cluster, nowMs: number): void {
  const kind = kindByPlural(cluster, '', 'v1', 'events');
  if (!kind) return;
  for (const event of cluster.store.list(kind)) {
    const seenMs = Date.parse(lastSeen(event) ?? '');
    if (nowMs - seenMs > EVENT_LIFE_MS) cluster.store.remove(kind, event);
  }
}

/** Sweeps every minute; answers the function that stops it. */
export function startEventExpiry(cluster: Cluster): () => void {
  const timer = setInterval(() => expireEvents(cluster, Date.now()), SWEEP_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
