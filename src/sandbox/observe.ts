import type { SandboxAws } from './aws/start-aws.ts';
import type { ApiServer } from './cluster/api/server.ts';
import { KINDS } from './cluster/api/kinds/index.ts';
import type { Pod } from './cluster/kube/objects.ts';
import type { SandboxFaults } from './faults/sandbox-faults.ts';
import type { Load } from './load/load.ts';
import type { Registry } from './registry/server.ts';
import type { Router } from './router/server.ts';
import type { RunningStatus, SandboxPod } from './status.ts';

/** The parts that are asked. */
export interface ObservedParts {
  readonly kubeconfigPath: string;
  readonly api: ApiServer;
  readonly registry: Registry;
  readonly router: Router;
  readonly load: Load;
  readonly faults: SandboxFaults;
  readonly prometheusUrl?: string;
  readonly databaseUrl?: string;
  readonly aws?: SandboxAws;
  readonly awsRegion?: string;
}

/** Every pod. Read from the store itself: faults of the API must not hide them. */
export function listPods(api: ApiServer): readonly Pod[] {
  const kind = KINDS.find((candidate) => candidate.kind === 'Pod');
  return kind ? api.store.list(kind) : [];
}

/** What runs now. */
export async function observeSandbox(parts: ObservedParts): Promise<RunningStatus> {
  const { kubeconfigPath, api, registry, router, load, faults, prometheusUrl, databaseUrl } = parts;
  const { aws, awsRegion } = parts;
  return {
    kubeconfig: kubeconfigPath,
    api: api.url,
    registry: registry.host,
    router: router.url,
    routerAdmin: router.adminUrl,
    ...(prometheusUrl === undefined ? {} : { prometheus: prometheusUrl }),
    ...(databaseUrl === undefined ? {} : { database: databaseUrl }),
    ...(aws && awsRegion ? { aws: { url: aws.url, region: awsRegion, clockFactor: aws.clockFactor } } : {}),
    pods: await Promise.all(listPods(api).map((pod) => describe(pod, registry))),
    load: load.statistics(),
    faults: faults.list(),
  };
}

async function describe(pod: Pod, registry: Registry): Promise<SandboxPod> {
  const statuses = pod.status?.containerStatuses ?? [];
  return {
    namespace: pod.metadata?.namespace ?? '',
    name: pod.metadata?.name ?? '',
    version: await versionOf(pod.spec?.containers[0]?.image ?? '', registry),
    phase: pod.metadata?.deletionTimestamp ? 'Terminating' : (pod.status?.phase ?? 'Pending'),
    isReady: (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True'),
    restarts: statuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
  };
}

async function versionOf(image: string, registry: Registry): Promise<string> {
  const [name = '', digest] = image.split('@');
  if (digest === undefined) return name.split(':').at(-1) ?? image;
  const repository = name.startsWith(`${registry.host}/`) ? name.slice(registry.host.length + 1) : undefined;
  if (!repository) return digest.slice(0, 19);
  const tags = await registry.tags(repository);
  return [...tags].find(([, tagged]) => tagged === digest)?.[0] ?? digest.slice(0, 19);
}
