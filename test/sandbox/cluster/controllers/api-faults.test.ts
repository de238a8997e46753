import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer } from '../../../../src/sandbox/cluster/api/server.ts';
import { createKubeClient } from '../../../../src/sandbox/cluster/kube/kube-client.ts';
import { type ConfigMap, RESOURCES } from '../../../../src/sandbox/cluster/kube/objects.ts';
import { startWatchCache } from '../../../../src/sandbox/cluster/kube/watch-cache.ts';
import { deploymentNamed, kubeConfigFor, NAMESPACE, startTestCluster, type TestCluster } from '../cluster-fixture.ts';
import { eventually } from '../eventually.ts';
import { startFakeNode } from './fake-node.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster();
  const node = await startFakeNode(cluster.kubeConfig);
  cluster.onClose(() => node.close());
});
afterAll(() => cluster?.close());

const AGENT = 'mainstay-sandbox';

describe('controllers under a failing API', () => {
  it('complete a rollout within its bounds though many requests fail, are refused, or lose their reply', async () => {
    const { faults } = cluster.api;
    const at = { resource: RESOURCES.deployments, namespace: NAMESPACE, name: 'rough' };
    const deployment = deploymentNamed('rough', {
      replicas: 4,
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
    });
    await cluster.create(RESOURCES.deployments, deployment);
    const complete = (image: string) =>
      eventually(async () => {
        const pods = await cluster.pods({ app: 'rough' });
        expect(pods.map(({ spec }) => spec?.containers[0]?.image)).toEqual([image, image, image, image]);
        const { status, metadata } = await cluster.deployment('rough');
        const counts = {
          replicas: 4,
          updatedReplicas: 4,
          availableReplicas: 4,
          observedGeneration: metadata?.generation,
        };
        expect(status).toMatchObject(counts);
      }, 20_000);
    await complete('any:1');
    const counts: number[] = [];
    const look = async (): Promise<void> => {
      const pods = await cluster.pods({ app: 'rough' });
      counts.push(pods.filter(({ metadata }) => !metadata?.deletionTimestamp).length);
    };
    const timer = setInterval(() => void look().catch(() => undefined), 10);
    try {
      // Reads of the test itself carry the same user agent: only writes fail.
      for (const verb of ['create', 'update', 'patch', 'delete']) {
        faults.add({ verb, userAgent: AGENT, status: 500, probability: 0.15 });
        faults.add({ verb, userAgent: AGENT, status: 429, probability: 0.1 });
        faults.add({ verb, userAgent: AGENT, dropReply: true, probability: 0.15 });
      }
      const containers = deployment.spec?.template.spec?.containers.map((one) => ({ ...one, image: 'any:2' }));
      await eventually(() => cluster.client.mergePatch(at, { spec: { template: { spec: { containers } } } }));
      await complete('any:2');
    } finally {
      clearInterval(timer);
      faults.clear();
    }
    expect(counts.length).toBeGreaterThan(5);
    expect(Math.max(...counts)).toBeLessThanOrEqual(5);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(3);
    expect(await cluster.replicaSets('rough')).toHaveLength(2);
  });

  it('go on after all watches ended', async () => {
    cluster.api.endWatches();
    await cluster.create(RESOURCES.deployments, deploymentNamed('after', { replicas: 1 }));
    await eventually(async () => expect((await cluster.deployment('after')).status?.availableReplicas).toBe(1));
  });
});

describe('a watch cache', () => {
  it('lists again when its version is gone, and tells what happened in between', async () => {
    const api = await startApiServer({ watchWindow: 3, namespaces: [NAMESPACE] });
    const kubeConfig = kubeConfigFor(api.url);
    const client = createKubeClient(kubeConfig);
    const at = { resource: RESOURCES.configMaps, namespace: NAMESPACE };
    const put = (name: string) =>
      client.create(at, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: NAMESPACE } });
    await put('kept');
    await put('doomed');
    const cache = startWatchCache<ConfigMap>(kubeConfig, client, RESOURCES.configMaps);
    try {
      await cache.synced;
      const seen: string[] = [];
      cache.onChange(({ before, after }) => {
        seen.push(`${before ? 'had' : 'new'} ${(after ?? before)?.metadata?.name} ${after ? 'stays' : 'goes'}`);
      });
      const cut = api.faults.add({ verb: 'watch', status: 500 });
      api.endWatches();
      await client.remove({ ...at, name: 'doomed' });
      for (let index = 0; index < 10; index += 1) await put(`more-${index}`);
      api.faults.remove(cut);
      await eventually(() => expect(cache.list(NAMESPACE)).toHaveLength(11));
      expect(cache.get(`${NAMESPACE}/doomed`)).toBeUndefined();
      expect(seen).toContain('had doomed goes');
      expect(seen.filter((what) => what.includes('kept'))).toEqual([]);
      await put('last');
      await eventually(() => expect(cache.get(`${NAMESPACE}/last`)).toBeDefined());
    } finally {
      cache.close();
      client.close();
      await api.close();
    }
  });
});
