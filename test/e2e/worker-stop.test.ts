/** A worker that is told to stop hands over in less than 5 s, whatever it is in the middle of. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '../../src/activities/index.ts';
import { TASK_QUEUES } from '../../src/core/model/names.ts';
import type { ObserveStepInput } from '../../src/core/model/observe.ts';
import { startMainstay, type RunningCommand } from '../harness/command-line.ts';
import { STABLE_ONLY } from '../harness/fake-world.ts';
import { IMAGE_1, somePlan } from '../harness/some-plan.ts';
import { isMissing, requireTool } from '../harness/tools.ts';
import { until as untilAnswered } from '../harness/until.ts';

const HANDED_OVER_MS = 5_000;
/** Starting and ending a process of Node on a busy machine. */
const PROCESS_MS = 1_000;

describe.skipIf(isMissing('temporal'))('a worker that is told to stop', () => {
  let env: TestWorkflowEnvironment;
  let silentApi: Server;
  let asked = 0;
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-worker-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const workers: RunningCommand[] = [];

  beforeAll(async () => {
    // An API server that takes requests and never answers: a write is under way for its whole 10 s.
    silentApi = createServer(() => void (asked += 1));
    await new Promise<void>((resolve) => silentApi.listen(0, '127.0.0.1', resolve));
    writeFileSync(kubeconfig, kubeconfigOf(`http://127.0.0.1:${(silentApi.address() as AddressInfo).port}`));
    const executable = { type: 'existing-path', path: requireTool('temporal') } as const;
    env = await TestWorkflowEnvironment.createLocal({ server: { executable } });
  });
  afterEach(async () => {
    for (const { child, end } of workers.splice(0)) {
      child.kill('SIGKILL');
      await end;
    }
  });
  afterAll(async () => {
    silentApi.closeAllConnections();
    silentApi.close();
    await env.teardown();
    rmSync(folder, { recursive: true, force: true });
  });

  async function startWorker(): Promise<RunningCommand> {
    const worker = startMainstay(['worker'], {
      TEMPORAL_ADDRESS: env.address ?? '',
      MAINSTAY_CONFIG: join(folder, 'broken.yaml'),
      MAINSTAY_STATE_DIR: join(folder, 'state'),
    });
    workers.push(worker);
    await until('the worker polls', async () => {
      const queue = { taskQueue: { name: TASK_QUEUES.watch }, taskQueueType: 2, namespace: 'default' };
      const { pollers } = await env.connection.workflowService.describeTaskQueue(queue);
      return (pollers ?? []).some((poller) => poller.identity?.startsWith(`mainstay-${worker.child.pid}@`));
    });
    return worker;
  }

  async function stop(worker: RunningCommand): Promise<{ code: number | null; ms: number; stderr: string }> {
    const startedMs = Date.now();
    worker.child.kill('SIGTERM');
    const { code, stderr } = await worker.end;
    return { code, ms: Date.now() - startedMs, stderr };
  }

  it('gives an observer to the next worker at once, and started though its catalogue was broken', async () => {
    const first = await startWorker();
    const before = asked;
    const { plan, ...rest } = watching();
    const input: ObserveStepInput = {
      ...rest,
      plan: { ...plan, workload: { ...plan.workload, cluster: { kubeconfig } } },
    };
    const handle = await env.client.activity.typed<Activities>().start('observeStep', {
      id: 'observe-1',
      taskQueue: TASK_QUEUES.watch,
      args: [input],
      startToCloseTimeout: '1 hour',
      heartbeatTimeout: '30s',
      retry: { initialInterval: '200ms' },
    });
    await until('it looks', async () => asked > before);
    const { code, ms, stderr } = await stop(first);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('broken.yaml is not usable') });
    // No grace: it writes nothing, so it has nothing to finish.
    expect(ms).toBeLessThan(2_500 + PROCESS_MS);
    await startWorker();
    const takenAtMs = Date.now();
    await until('the next worker watches on', async () => (await handle.describe()).attempt >= 2);
    expect(Date.now() - takenAtMs).toBeLessThan(HANDED_OVER_MS);
    await handle.terminate('the test is over');
  });

  it('does not wait for a write that hangs', async () => {
    const worker = await startWorker();
    const before = asked;
    const plan = somePlan({ workload: { ...somePlan().workload, cluster: { kubeconfig } } });
    const handle = await env.client.activity.typed<Activities>().start('promoteStable', {
      id: 'promote-1',
      taskQueue: TASK_QUEUES.main,
      args: [{ plan, fence: { term: 1, change: 1 }, operation: 'deploy/x', before: beforeRecord(), image: IMAGE_1 }],
      startToCloseTimeout: '1 hour',
      heartbeatTimeout: '3s',
    });
    await until('it writes', async () => asked > before);
    const { code, ms, stderr } = await stop(worker);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('with a task still running') });
    expect(ms).toBeLessThan(HANDED_OVER_MS + PROCESS_MS);
    await handle.terminate('the test is over');
  });
});

function until(what: string, met: () => Promise<boolean>): Promise<true> {
  return untilAnswered(what, async () => (await met()) || undefined, 60_000);
}
function watching(): ObserveStepInput {
  const stable = { labelSelector: 'app=crm-api', backend: 'crm-api' };
  return {
    plan: somePlan(),
    step: 0,
    mode: 'step',
    arms: { stable },
    expected: { backends: STABLE_ONLY, stableImage: IMAGE_1 },
    weightPercent: 10,
    term: 1,
  };
}

function beforeRecord() {
  const selector = { app: 'crm-api' };
  const deployment = { name: 'crm-api', uid: 'u', replicas: 1, image: IMAGE_1, templateDigest: 'd', revision: '1' };
  return {
    deployment: { ...deployment, readyReplicas: 1, selector },
    route: { name: 'crm-api', uid: 'r', rule: 0, backends: STABLE_ONLY },
    observedAtMs: 0,
    first: false,
  };
}

function kubeconfigOf(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  });
}
