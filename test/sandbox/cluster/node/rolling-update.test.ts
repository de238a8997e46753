import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EndpointSlice, type Pod, RESOURCES } from '../../../../src/sandbox/cluster/kube/objects.ts';
import { startWatchCache, type WatchCache } from '../../../../src/sandbox/cluster/kube/watch-cache.ts';
import { deploymentNamed, NAMESPACE, startTestCluster, type TestCluster } from '../cluster-fixture.ts';
import { eventually } from '../eventually.ts';
import { get, READINESS } from './node-fixture.ts';
import { pushTinyImage } from './tiny-image.ts';

let cluster: TestCluster;
let pods: WatchCache<Pod>;
let slices: WatchCache<EndpointSlice>;

beforeAll(async () => {
  cluster = await startTestCluster();
  await cluster.startAgent({ probePeriodScale: 0.1 });
  pods = startWatchCache(cluster.kubeConfig, cluster.client, RESOURCES.pods);
  slices = startWatchCache(cluster.kubeConfig, cluster.client, RESOURCES.endpointSlices);
  cluster.onClose(() => {
    pods.close();
    slices.close();
  });
});
afterAll(() => cluster?.close());

/** Calls a ready endpoint of the Service over and over, as a router would, and counts the answers. */
function startSampler(service: string) {
  const answers = new Map<string, number>();
  const failures: string[] = [];
  let isRunning = true;
  const count = (what: string) => answers.set(what, (answers.get(what) ?? 0) + 1);
  async function sample(): Promise<void> {
    for (let round = 0; isRunning; round += 1) {
      const ready = slices
        .list(NAMESPACE)
        .filter(({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === service)
        .flatMap(({ endpoints }) => endpoints ?? [])
        .filter(({ conditions }) => conditions?.ready);
      const target = ready[round % Math.max(ready.length, 1)]?.targetRef?.name;
      const pod = pods.get(`${NAMESPACE}/${target}`);
      if (!pod) failures.push(`no ready endpoint (${target ?? 'none listed'})`);
      else {
        await get(pod, '/')
          .then(async (reply) => (reply.ok ? count(await reply.text()) : failures.push(`${target}: ${reply.status}`)))
          .catch((error: unknown) =>
            failures.push(`${target}: ${String(error instanceof Error ? (error.cause ?? error) : error)}`),
          );
      }
      await delay(3);
    }
  }
  const done = Promise.all([sample(), sample()]);
  return {
    answers,
    failures,
    stop: async () => {
      isRunning = false;
      await done;
    },
  };
}

describe('a rolling update of processes', () => {
  it('loses no request', async () => {
    const [v1, v2] = [
      await pushTinyImage(cluster.registry.host, 'v1'),
      await pushTinyImage(cluster.registry.host, 'v2'),
    ];
    await cluster.create(RESOURCES.services, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'shop', namespace: NAMESPACE },
      spec: { selector: { app: 'shop' }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    const container = { readinessProbe: READINESS, env: [{ name: 'READY_AFTER_MS', value: '150' }] };
    const deployment = deploymentNamed('shop', { replicas: 3, image: v1.reference, container });
    await cluster.create(RESOURCES.deployments, deployment);
    const complete = (image: string) =>
      eventually(async () => {
        const { metadata, status, spec } = await cluster.deployment('shop');
        expect(spec?.template.spec?.containers[0]?.image).toBe(image);
        const counts = {
          replicas: 3,
          updatedReplicas: 3,
          availableReplicas: 3,
          observedGeneration: metadata?.generation,
        };
        expect(status).toMatchObject(counts);
      }, 25_000);
    await complete(v1.reference);
    await eventually(() =>
      expect(slices.list(NAMESPACE)[0]?.endpoints.filter(({ conditions }) => conditions?.ready)).toHaveLength(3),
    );
    const sampler = startSampler('shop');
    try {
      await eventually(() => expect(sampler.answers.get('v1') ?? 0).toBeGreaterThan(20));
      const containers = deployment.spec?.template.spec?.containers.map((one) => ({ ...one, image: v2.reference }));
      const at = { resource: RESOURCES.deployments, namespace: NAMESPACE, name: 'shop' };
      await cluster.client.mergePatch(at, { spec: { template: { spec: { containers } } } });
      await complete(v2.reference);
      const before = sampler.answers.get('v1');
      await eventually(async () => expect(await cluster.pods({ app: 'shop' })).toHaveLength(3), 15_000);
      const seen = sampler.answers.get('v2') ?? 0;
      await eventually(() => expect(sampler.answers.get('v2') ?? 0).toBeGreaterThan(seen + 20));
      expect(before).toBeGreaterThan(20);
    } finally {
      await sampler.stop();
    }
    expect(sampler.failures).toEqual([]);
    const left = (await cluster.pods({ app: 'shop' })).map(({ status }) => status?.containerStatuses?.[0]?.imageID);
    expect(new Set(left)).toEqual(new Set([v2.reference]));
  });
});
