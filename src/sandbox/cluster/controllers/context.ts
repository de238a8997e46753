import { isDeepStrictEqual } from 'node:util';
import type { RecordEvent } from '../kube/event-recorder.ts';
import { hasCode, type KubeClient } from '../kube/kube-client.ts';
import type { Deployment, EndpointSlice, Job, Pod, ReplicaSet, Service } from '../kube/objects.ts';
import type { WatchCache } from '../kube/watch-cache.ts';

/** What the controllers share: one client and one copy of every resource. */
export interface ControllerContext {
  readonly client: KubeClient;
  readonly deployments: WatchCache<Deployment>;
  readonly replicaSets: WatchCache<ReplicaSet>;
  readonly pods: WatchCache<Pod>;
  readonly services: WatchCache<Service>;
  readonly endpointSlices: WatchCache<EndpointSlice>;
  readonly jobs: WatchCache<Job>;
  readonly recordEvent: RecordEvent;
  /** Told of every failed attempt but lost races, which are ordinary. */
  readonly reportProblem: (what: string, problem: Error) => void;
}

/** A running controller. */
export interface Controller {
  /** Looks at everything again, for the case that an event was missed. */
  resync(): void;
  close(): Promise<void>;
}

/** True for an error that only says that somebody else was faster: the next look sees what they wrote. */
export function isLostRace(error: unknown): boolean {
  return hasCode(error, 409) || hasCode(error, 404);
}

/** True when writing `after` over `before` would change something; keys that are undefined do not count. */
export function isChange(before: unknown, after: unknown): boolean {
  return !isDeepStrictEqual(asJson(before), asJson(after));
}

function asJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
