/**
 * Watches the cluster while deployments run, and looks at nothing else: what stood on the guarded objects, and when. The
 * promises it can judge from there: S2 (no late writer), S3 (no step without its time), S9 (done once).
 */
import type { KubeConfig } from '@kubernetes/client-node';
import { startWatchCache } from '../../src/sandbox/cluster/kube/watch-cache.ts';
import { type Deployment, type KubeObject, RESOURCES } from '../../src/sandbox/cluster/kube/objects.ts';
import type { KubeClient } from '../../src/sandbox/cluster/kube/kube-client.ts';
import { HTTP_ROUTES, type HttpRoute } from '../../src/sandbox/router/gateway-objects.ts';

interface Sight {
  readonly atMs: number;
  /** `Deployment crm-api` */
  readonly object: string;
  readonly stamp: string | undefined;
  /** Of a route: percent that goes to a canary. */
  readonly canaryPercent?: number;
}

export interface ClusterObserver {
  /** Everything seen in a namespace from now on. */
  since(namespace: string): Sighted;
  close(): Promise<void>;
}

export class Sighted {
  readonly sights: Sight[] = [];
  readonly #stop: () => void;

  constructor(stop: () => void) {
    this.#stop = stop;
  }

  end(): void {
    this.#stop();
  }

  /** S2: on no object a lower pair follows a higher one. */
  lateWrites(): readonly string[] {
    const last = new Map<string, string>();
    const late: string[] = [];
    for (const { object, stamp } of this.sights) {
      if (stamp === undefined) continue;
      const before = last.get(object);
      if (before !== undefined && isLower(stamp, before)) late.push(`${object}: ${stamp} was written over ${before}`);
      last.set(object, stamp);
    }
    return late;
  }

  /** How often anything wrote its stamp on an object after a moment. */
  writesAfter(object: string, atMs: number): number {
    const stamps = this.sights
      .filter((sight) => sight.object === object && sight.atMs > atMs)
      .map(({ stamp }) => stamp);
    return new Set(stamps.filter((stamp) => stamp !== undefined)).size;
  }

  /** Longest time in milliseconds that a canary had this share of the traffic, in one piece. */
  stoodAt(percent: number): number {
    const route = this.sights.filter((sight) => sight.canaryPercent !== undefined);
    let [longest, sinceMs] = [0, undefined as number | undefined];
    for (const { atMs, canaryPercent } of route) {
      if (canaryPercent === percent) sinceMs ??= atMs;
      else if (sinceMs !== undefined) {
        longest = Math.max(longest, atMs - sinceMs);
        sinceMs = undefined;
      }
    }
    return longest;
  }
}

export async function startObserver(kubeConfig: KubeConfig, client: KubeClient): Promise<ClusterObserver> {
  const open = new Map<string, Set<Sighted>>();
  const note = (object: KubeObject, sight: Sight): void => {
    for (const each of open.get(object.metadata?.namespace ?? '') ?? []) each.sights.push(sight);
  };
  const deployments = startWatchCache<Deployment>(kubeConfig, client, RESOURCES.deployments);
  const routes = startWatchCache<HttpRoute>(kubeConfig, client, HTTP_ROUTES);
  deployments.onChange(({ after }) => after && note(after, sightOf(after)));
  routes.onChange(({ after }) => after && note(after, { ...sightOf(after), canaryPercent: percentOfCanaries(after) }));
  await Promise.all([deployments.synced, routes.synced]);
  return {
    since: (namespace) => {
      const all = open.get(namespace) ?? new Set();
      open.set(namespace, all);
      const sighted = new Sighted(() => all.delete(sighted));
      all.add(sighted);
      return sighted;
    },
    close: async () => {
      deployments.close();
      routes.close();
    },
  };
}

function sightOf(object: KubeObject): Sight {
  const annotations = Object.entries(object.metadata?.annotations ?? {});
  const stamp = annotations.find(([key]) => key.startsWith('mainstay.dev/fence'))?.[1];
  return { atMs: Date.now(), object: `${object.kind} ${object.metadata?.name}`, stamp };
}

function percentOfCanaries(route: HttpRoute): number {
  const refs = route.spec?.rules?.flatMap((rule) => rule.backendRefs ?? []) ?? [];
  const sum = refs.reduce((all, { weight = 1 }) => all + weight, 0);
  const canary = refs.filter(({ name }) => name.includes('-canary-'));
  return sum === 0 ? 0 : Math.round((100 * canary.reduce((all, { weight = 1 }) => all + weight, 0)) / sum);
}

/** `<term>/<change>` */
function isLower(stamp: string, than: string): boolean {
  const [term = 0, change = 0] = stamp.split('/').map(Number);
  const [otherTerm = 0, otherChange = 0] = than.split('/').map(Number);
  return term < otherTerm || (term === otherTerm && change < otherChange);
}
