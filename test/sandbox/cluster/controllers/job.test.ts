import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TRACKING_FINALIZER } from '../../../../src/sandbox/cluster/controllers/job-plan.ts';
import { type Job, type Pod, RESOURCES } from '../../../../src/sandbox/cluster/kube/objects.ts';
import { NAMESPACE, startTestCluster, type TestCluster } from '../cluster-fixture.ts';
import { eventually } from '../eventually.ts';
import { startFakeNode } from './fake-node.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster();
  const node = await startFakeNode(cluster.kubeConfig);
  node.readyAfterMs = () => undefined; // the tests say what becomes of a Pod
  cluster.onClose(() => node.close());
});
afterAll(() => cluster?.close());

const at = (name: string) => ({ resource: RESOURCES.jobs, namespace: NAMESPACE, name });
const podsOf = (name: string): Promise<Pod[]> => cluster.pods({ 'job-name': name });
const open = async (name: string): Promise<Pod[]> =>
  (await podsOf(name)).filter(({ status, metadata }) => status?.phase === 'Pending' && !metadata?.deletionTimestamp);

function create(name: string, spec: object): Promise<Job> {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'work', image: 'any:1' }] } };
  return cluster.create(RESOURCES.jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { template, ...spec },
  });
}

async function end(pod: Pod | undefined, phase: 'Succeeded' | 'Failed'): Promise<void> {
  const path = { resource: RESOURCES.pods, namespace: NAMESPACE, name: pod?.metadata?.name, subresource: 'status' };
  await cluster.client.mergePatch(path, { status: { phase } });
}

async function statusWhere(name: string, wanted: object): Promise<NonNullable<Job['status']>> {
  return eventually(async () => {
    const { status = {} } = await cluster.client.get<Job>(at(name));
    expect(status).toMatchObject(wanted);
    return status;
  });
}

const waiting = (name: string, count: number): Promise<Pod[]> =>
  eventually(async () => {
    const pods = await open(name);
    expect(pods).toHaveLength(count);
    return pods;
  });

const condition = (type: string, reason: string) =>
  expect.arrayContaining([expect.objectContaining({ type, status: 'True', reason })]);

describe('Job controller', () => {
  it('runs as many at once as wanted until enough have succeeded', async () => {
    await create('three', { completions: 3, parallelism: 2 });
    const [first, second] = await waiting('three', 2);
    await end(first, 'Succeeded');
    await end(second, 'Succeeded');
    const [third] = await waiting('three', 1);
    await statusWhere('three', { succeeded: 2, active: 1 });
    await end(third, 'Succeeded');
    const status = await statusWhere('three', {
      succeeded: 3,
      conditions: condition('Complete', 'CompletionsReached'),
    });
    expect(status.completionTime).toBeDefined();
    expect(status.active).toBeUndefined();
    await eventually(async () => {
      for (const { metadata } of await podsOf('three'))
        expect(metadata?.finalizers ?? []).not.toContain(TRACKING_FINALIZER);
    });
  });

  it('does not run anew what succeeded and was deleted', async () => {
    await create('kept', { completions: 2, parallelism: 1 });
    const [first] = await waiting('kept', 1);
    await end(first, 'Succeeded');
    await cluster.client.remove({ resource: RESOURCES.pods, namespace: NAMESPACE, name: first?.metadata?.name });
    const [second] = await waiting('kept', 1);
    await end(second, 'Succeeded');
    await statusWhere('kept', { succeeded: 2, conditions: condition('Complete', 'CompletionsReached') });
  });

  it('tries again with growing waits, and fails beyond its limit', async () => {
    await create('failing', { backoffLimit: 1 });
    const [first] = await waiting('failing', 1);
    await end(first, 'Failed');
    const [second] = await waiting('failing', 1);
    expect(second?.metadata?.name).not.toBe(first?.metadata?.name);
    await end(second, 'Failed');
    await statusWhere('failing', { failed: 2, conditions: condition('Failed', 'BackoffLimitExceeded') });
    expect(await open('failing')).toEqual([]);
  });

  it('ends what runs for too long', async () => {
    await create('slow', { activeDeadlineSeconds: 1 });
    await waiting('slow', 1);
    await statusWhere('slow', { conditions: condition('Failed', 'DeadlineExceeded') });
    await eventually(async () => expect(await podsOf('slow')).toEqual([]));
  });

  it('starts nothing while suspended', async () => {
    await create('later', { suspend: true });
    await statusWhere('later', { conditions: condition('Suspended', 'JobSuspended') });
    expect(await podsOf('later')).toEqual([]);
    await cluster.client.mergePatch(at('later'), { spec: { suspend: false } });
    const [pod] = await waiting('later', 1);
    await end(pod, 'Succeeded');
    await statusWhere('later', { succeeded: 1 });
  });

  it('goes with its Pods when its time is over, or when it is deleted', async () => {
    await create('brief', { ttlSecondsAfterFinished: 0 });
    const [pod] = await waiting('brief', 1);
    await end(pod, 'Succeeded');
    await create('deleted', {});
    await waiting('deleted', 1);
    await cluster.client.remove(at('deleted'), { propagationPolicy: 'Background' });
    await eventually(async () => expect([...(await podsOf('brief')), ...(await podsOf('deleted'))]).toEqual([]));
    await expect(cluster.client.get(at('brief'))).rejects.toMatchObject({ code: 404 });
    expect(cluster.problems).toEqual([]);
  });
});
