import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKubeClient, type KubeClient } from '../../src/sandbox/cluster/kube/kube-client.ts';
import {
  type Deployment,
  type EndpointSlice,
  type Pod,
  type ReplicaSet,
  RESOURCES,
} from '../../src/sandbox/cluster/kube/objects.ts';
import { GATEWAYS, HTTP_ROUTES, type HttpRoute } from '../../src/sandbox/router/gateway-objects.ts';
import { requireTool } from '../harness/tools.ts';
import { deploymentNamed, NAMESPACE } from '../sandbox/cluster/cluster-fixture.ts';
import { eventually } from '../sandbox/cluster/eventually.ts';
import { READINESS } from '../sandbox/cluster/node/node-fixture.ts';
import { pushTinyImage, type TinyImage } from '../sandbox/cluster/node/tiny-image.ts';
import { gateway, service } from './differential/objects.ts';
import { isControlPlaneMissing, useControlPlane } from './harness/control-plane.ts';
import { type RealCluster, startParts } from './harness/parts.ts';

const HOST = 'shop.example.com';
const WAIT_MS = 40_000;

describe.skipIf(isControlPlaneMissing())(
  "the sandbox's controllers, node agent, registry and router on a real API server",
  () => {
    const plane = useControlPlane();
    let cluster: RealCluster;
    let client: KubeClient;
    let images: Record<'v1' | 'v2', TinyImage>;

    beforeAll(async () => {
      cluster = await startParts(plane(), join(plane().folder, 'parts'));
      client = createKubeClient(plane().kubeConfig);
      await client.create({ resource: NAMESPACES }, { metadata: { name: NAMESPACE } });
      const { host } = cluster.registry;
      images = { v1: await pushTinyImage(host, 'v1'), v2: await pushTinyImage(host, 'v2') };
    });
    afterAll(async () => {
      client?.close();
      await cluster?.close();
    });

    const at = (resource: (typeof RESOURCES)[keyof typeof RESOURCES], name?: string) => ({
      resource,
      namespace: NAMESPACE,
      name,
    });
    const kubectl = (...args: string[]): Promise<string> =>
      new Promise((resolve, reject) => {
        const all = ['--kubeconfig', plane().kubeconfigPath, '--cache-dir', join(plane().folder, 'kubectl'), ...args];
        execFile(requireTool('kubectl'), all, (error, stdout, stderr) => {
          if (error)
            reject(new Error(`kubectl ${args.join(' ')}: ${stderr}${stdout}; told: ${cluster.problems.join('; ')}`));
          else resolve(stdout);
        });
      });
    const pods = async (): Promise<Pod[]> => (await client.list<Pod>(at(RESOURCES.pods))).items;
    const serving = async (count: number, image: TinyImage): Promise<void> => {
      await kubectl('rollout', 'status', 'deployment/shop', `--timeout=${WAIT_MS / 1000}s`);
      await eventually(async () => {
        const { metadata, status } = await client.get<Deployment>(at(RESOURCES.deployments, 'shop'));
        expect(status).toMatchObject({
          replicas: count,
          availableReplicas: count,
          observedGeneration: metadata?.generation,
        });
        const ids = (await pods()).map((pod) => pod.status?.containerStatuses?.[0]?.imageID);
        expect(ids).toEqual(Array.from({ length: count }, () => image.reference));
      }, WAIT_MS);
    };
    const throughRouter = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const asking = request(cluster.router.url, { headers: { host: HOST }, agent: false }, (reply) => {
          text(reply).then(resolve, reject);
        });
        asking.on('error', reject);
        asking.end();
      });

    it('registers its node and reports it ready', async () => {
      expect(await kubectl('get', 'nodes')).toMatch(/sandbox +Ready/);
    });

    it('brings a Deployment up as processes behind a Service', async () => {
      const container = { image: images.v1.reference, readinessProbe: READINESS };
      await client.create(at(RESOURCES.services), service('shop'));
      await client.create(
        at(RESOURCES.deployments),
        deploymentNamed('shop', { replicas: 2, image: images.v1.reference, container }),
      );
      await serving(2, images.v1);
      await eventually(async () => {
        const { items } = await client.list<EndpointSlice>(at(RESOURCES.endpointSlices));
        expect(items.flatMap(({ endpoints }) => endpoints).filter(({ conditions }) => conditions?.ready)).toHaveLength(
          2,
        );
      }, WAIT_MS);
    });

    it('routes to them and reports the route accepted', async () => {
      const { spec, ...edge } = gateway('public');
      await client.create(
        { resource: GATEWAYS, namespace: NAMESPACE },
        { ...edge, spec: { ...spec, gatewayClassName: 'mainstay-sandbox' } },
      );
      await client.create({ resource: HTTP_ROUTES, namespace: NAMESPACE }, shopRoute());
      await eventually(async () => {
        const { metadata, status } = await client.get<HttpRoute>({
          resource: HTTP_ROUTES,
          namespace: NAMESPACE,
          name: 'shop',
        });
        const conditions = status?.parents?.flatMap((parent) => parent.conditions ?? []) ?? [];
        const { generation } = metadata ?? {};
        expect(conditions).toContainEqual(
          expect.objectContaining({ type: 'Accepted', status: 'True', observedGeneration: generation }),
        );
        expect(await throughRouter()).toBe('v1');
      }, WAIT_MS);
    });

    it('scales up and down', async () => {
      await kubectl('scale', 'deployment/shop', '--replicas=4');
      await serving(4, images.v1);
      await kubectl('scale', 'deployment/shop', '--replicas=2');
      await serving(2, images.v1);
    });

    it('rolls out, keeps the revision, and rolls back', async () => {
      await kubectl('set', 'image', 'deployment/shop', `app=${images.v2.reference}`);
      await serving(2, images.v2);
      await eventually(async () => expect(await throughRouter()).toBe('v2'), WAIT_MS);
      expect(await kubectl('rollout', 'history', 'deployment/shop')).toMatch(/1 .*\n2 /);
      await kubectl('rollout', 'undo', 'deployment/shop');
      await serving(2, images.v1);
      const { items } = await client.list<ReplicaSet>(at(RESOURCES.replicaSets));
      const sizes = items.map(
        ({ spec, metadata }) => `${metadata?.annotations?.['deployment.kubernetes.io/revision']}: ${spec?.replicas}`,
      );
      expect(sizes.sort()).toEqual(['2: 0', '3: 2']);
    });

    it('starts a pod anew when one is deleted, and ends all when the Deployment goes', async () => {
      const [first] = await pods();
      await client.remove(at(RESOURCES.pods, first?.metadata?.name));
      await eventually(async () => {
        const names = (await pods()).map(({ metadata }) => metadata?.name);
        expect(names).not.toContain(first?.metadata?.name);
        expect(names).toHaveLength(2);
      }, WAIT_MS);
      await kubectl('delete', 'deployment', 'shop', '--cascade=foreground', `--timeout=${WAIT_MS / 1000}s`);
      await eventually(async () => expect(await pods()).toEqual([]), WAIT_MS);
    });
  },
);

const NAMESPACES = { prefix: '/api/v1', plural: 'namespaces', apiVersion: 'v1', kind: 'Namespace' };

function shopRoute(): object {
  return {
    apiVersion: HTTP_ROUTES.apiVersion,
    kind: HTTP_ROUTES.kind,
    metadata: { name: 'shop' },
    spec: {
      parentRefs: [{ name: 'public' }],
      hostnames: [HOST],
      rules: [{ backendRefs: [{ name: 'shop', port: 80, weight: 100 }] }],
    },
  };
}
