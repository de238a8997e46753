import { podAddress } from '../../../../src/clients/kubernetes/pod-address.ts';
import type { ContainerStatus, Pod } from '../../../../src/sandbox/cluster/kube/objects.ts';
import { NAMESPACE, type TestCluster } from '../cluster-fixture.ts';
import { eventually } from '../eventually.ts';

export interface PodShape {
  readonly image: string;
  readonly env?: object;
  readonly container?: object;
  readonly spec?: object;
  readonly labels?: Record<string, string>;
}

export const READINESS = { httpGet: { path: '/readyz', port: 8080 }, periodSeconds: 1 };

export function podNamed(name: string, { image, env = {}, container = {}, spec = {}, labels = {} }: PodShape): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE, labels: { app: name, ...labels } },
    spec: {
      ...spec,
      containers: [
        {
          name: 'app',
          image,
          ports: [{ containerPort: 8080, name: 'http' }],
          env: Object.entries(env).map(([key, value]) => ({ name: key, value: String(value) })),
          readinessProbe: READINESS,
          ...container,
        },
      ],
    },
  };
}

export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** The Pod when it is ready. */
export function readyPod(cluster: TestCluster, name: string, timeoutMs?: number): Promise<Pod> {
  return eventually(async () => {
    const pod = await cluster.pod(name);
    if (!isReady(pod)) throw new Error(`pod ${name} is not ready: ${JSON.stringify(pod.status, undefined, 1)}`);
    return pod;
  }, timeoutMs);
}

/** The Pod when its first container fulfils the check, which throws until then. */
export function podWhere(cluster: TestCluster, name: string, check: (status: ContainerStatus) => void): Promise<Pod> {
  return eventually(async () => {
    const pod = await cluster.pod(name);
    const status = pod.status?.containerStatuses?.[0];
    if (!status) throw new Error(`pod ${name} has no container status`);
    check(status);
    return pod;
  });
}

export async function get(pod: Pod, path: string): Promise<Response> {
  const { host, port } = podAddress(pod, 8080);
  return fetch(`http://${host}:${port}${path}`);
}
