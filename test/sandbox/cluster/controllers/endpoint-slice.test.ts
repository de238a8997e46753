import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planEndpointSlices } from '../../../../src/sandbox/cluster/controllers/endpoint-slice-plan.ts';
import { type Pod, RESOURCES, type Service } from '../../../../src/sandbox/cluster/kube/objects.ts';
import { deploymentNamed, NAMESPACE, startTestCluster, type TestCluster } from '../cluster-fixture.ts';
import { eventually } from '../eventually.ts';
import { type FakeNode, startFakeNode } from './fake-node.ts';

let cluster: TestCluster;
let node: FakeNode;

beforeAll(async () => {
  cluster = await startTestCluster();
  node = await startFakeNode(cluster.kubeConfig);
  cluster.onClose(() => node.close());
});
afterAll(() => cluster?.close());

function serviceNamed(name: string, spec: object = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: NAMESPACE },
    spec: { selector: { app: name }, ports: [{ name: 'web', port: 80, targetPort: 'http' }], ...spec },
  };
}

describe('EndpointSlice controller', () => {
  it('lists the Pods of a Service with their readiness, and follows it', async () => {
    let isReady = false;
    node.readyAfterMs = () => (isReady ? 0 : undefined);
    const service = await cluster.create(RESOURCES.services, serviceNamed('web'));
    await eventually(async () => expect((await cluster.slices('web'))[0]?.endpoints ?? []).toEqual([]));
    await cluster.create(RESOURCES.deployments, deploymentNamed('web', { replicas: 2 }));
    await eventually(async () => expect(await cluster.pods({ app: 'web' })).toHaveLength(2));
    isReady = true;
    for (const pod of await cluster.pods({ app: 'web' })) {
      const at = { resource: RESOURCES.pods, namespace: NAMESPACE, name: pod.metadata?.name };
      await cluster.client.mergePatch(at, { metadata: { annotations: { nudge: '1' } } });
    }
    const slice = await eventually(async () => {
      const slices = await cluster.slices('web');
      expect(slices).toHaveLength(1);
      expect(slices[0]?.endpoints.map(({ conditions }) => conditions?.ready)).toEqual([true, true]);
      return slices[0];
    });
    expect(slice?.ports).toEqual([{ name: 'web', port: 8080, protocol: 'TCP' }]);
    expect(slice?.metadata?.ownerReferences).toMatchObject([
      { kind: 'Service', name: 'web', uid: service.metadata?.uid },
    ]);
    const [pod] = await cluster.pods({ app: 'web' });
    const endpoint = slice?.endpoints.find(({ targetRef }) => targetRef?.name === pod?.metadata?.name);
    expect(endpoint).toMatchObject({
      addresses: [pod?.status?.podIP],
      nodeName: 'fake',
      targetRef: { kind: 'Pod', namespace: NAMESPACE, uid: pod?.metadata?.uid },
    });
    await cluster.client.mergePatch(
      { resource: RESOURCES.deployments, namespace: NAMESPACE, name: 'web' },
      { spec: { replicas: 0 } },
    );
    await eventually(async () => expect((await cluster.slices('web'))[0]?.endpoints ?? []).toEqual([]));
  });

  it('moves to other slices when the ports change, and is never without one', async () => {
    node.readyAfterMs = () => 0;
    await cluster.create(RESOURCES.services, serviceNamed('moving'));
    await cluster.create(RESOURCES.deployments, deploymentNamed('moving', { replicas: 1 }));
    await eventually(async () => expect((await cluster.slices('moving'))[0]?.endpoints).toHaveLength(1));
    const at = { resource: RESOURCES.services, namespace: NAMESPACE, name: 'moving' };
    await cluster.client.mergePatch(at, { spec: { ports: [{ name: 'web', port: 80, targetPort: 9090 }] } });
    const offered: number[] = [];
    await eventually(async () => {
      const slices = await cluster.slices('moving');
      offered.push(slices.reduce((sum, { endpoints }) => sum + (endpoints ?? []).length, 0));
      expect(slices.map(({ ports }) => ports?.[0]?.port)).toEqual([9090]);
    });
    expect(Math.min(...offered)).toBeGreaterThan(0);
  });
});

describe('planEndpointSlices', () => {
  const service = serviceNamed('plan');
  const pod = (
    name: string,
    shape: { port?: number; deleting?: boolean; ready?: boolean; phase?: string; ip?: string },
  ): Pod => ({
    metadata: {
      name,
      namespace: NAMESPACE,
      uid: name,
      ...(shape.deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { containers: [{ name: 'app', ports: [{ name: 'http', containerPort: shape.port ?? 8080 }] }] },
    status: {
      phase: shape.phase ?? 'Running',
      podIP: shape.ip ?? '10.244.0.1',
      conditions: [{ type: 'Ready', status: shape.ready === false ? 'False' : 'True' }],
    },
  });

  it.each([
    { when: 'ready', shape: {}, conditions: { ready: true, serving: true, terminating: false } },
    { when: 'not ready', shape: { ready: false }, conditions: { ready: false, serving: false, terminating: false } },
    {
      when: 'being deleted',
      shape: { deleting: true },
      conditions: { ready: false, serving: true, terminating: true },
    },
  ])('tells a Pod that is $when', ({ shape, conditions }) => {
    expect(planEndpointSlices(service, [pod('a', shape)])[0]?.endpoints[0]?.conditions).toEqual(conditions);
  });

  it.each([
    { when: 'it has finished', shape: { phase: 'Succeeded' } },
    { when: 'it has no address yet', shape: { ip: '' } },
  ])('leaves out a Pod when $when', ({ shape }) => {
    expect(planEndpointSlices(service, [pod('a', shape)]).flatMap(({ endpoints }) => endpoints)).toEqual([]);
  });

  it('groups Pods by what a named port means to them', () => {
    const slices = planEndpointSlices(service, [pod('a', {}), pod('b', { port: 9090 }), pod('c', {})]);
    const groups = slices.map(({ ports, endpoints }) => [
      ports?.[0]?.port,
      endpoints.map(({ targetRef }) => targetRef?.name),
    ]);
    expect(groups).toEqual([
      [8080, ['a', 'c']],
      [9090, ['b']],
    ]);
    expect(new Set(slices.map(({ metadata }) => metadata?.name)).size).toBe(2);
  });

  it('splits many Pods over slices of a hundred', () => {
    const pods = Array.from({ length: 230 }, (_, index) => pod(`p-${index}`, {}));
    expect(planEndpointSlices(service, pods).map(({ endpoints }) => endpoints.length)).toEqual([100, 100, 30]);
  });
});
