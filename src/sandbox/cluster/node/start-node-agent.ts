import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { createEventRecorder } from '../kube/event-recorder.ts';
import { createKubeClient, hasCode } from '../kube/kube-client.ts';
import { type EndpointSlice, keyOf, type Pod, RESOURCES } from '../kube/objects.ts';
import { startWatchCache } from '../kube/watch-cache.ts';
import type { ContainerTimings } from './container-runner.ts';
import { drained } from './drain.ts';
import { ImageStore } from './image-store.ts';
import { type FindLog, startLogServer } from './log-server.ts';
import { nodeLabels, registerNode } from './node-registration.ts';
import { type FaultRule, faultFor } from './pod-faults.ts';
import { PodRunner } from './pod-runner.ts';
import { PodAddresses, PortPool } from './ports.ts';
import { startScheduler } from './scheduler.ts';

const HEARTBEAT_MS = 60_000;
const REGISTER_TIMEOUT_MS = 30_000;
const CLOSE_GRACE_MS = 2000;

export interface NodeAgentOptions {
  readonly kubeConfig: KubeConfig;
  /** Images are kept in `<stateDir>/images`, Pods in `<stateDir>/pods`; the latter is emptied at the start. */
  readonly stateDir: string;
  readonly nodeName?: string;
  /** `host:port` of the registry for image names that carry none. */
  readonly registryHost?: string;
  /** First wait of a crash loop in ms, doubling to 30 times itself. The kubelet's is 10,000, the default here 1,000. */
  readonly crashBackoffBaseMs?: number;
  /** First wait after a failed pull in ms, doubling to 30 times itself. */
  readonly pullBackoffBaseMs?: number;
  /** Factor on initial delays and periods of probes; 1 is as written in the Pod. */
  readonly probePeriodScale?: number;
  /** Told of failed attempts, all of which are retried. Nothing is logged by default. */
  readonly reportProblem?: (what: string, problem: Error) => void;
}

export interface NodeAgent {
  readonly nodeName: string;
  /** Port of the log server on loopback. */
  readonly logPort: number;
  /** Makes matching Pods misbehave from now on, later ones too. Answers the id under which the rule can be removed. */
  setFault(rule: FaultRule): string;
  /** Removes one rule, or all. */
  clearFaults(id?: string): void;
  listFaults(): { readonly id: string; readonly rule: FaultRule }[];
  /** Ends all processes, SIGKILL after two seconds. The Pods stay in the API. */
  close(): Promise<void>;
}

/**
 * Starts a node: registers it, binds waiting Pods to it, runs bound Pods as processes and serves their logs. Pods that
 * a former agent of the same name left behind are removed: their processes died with it.
 */
export async function startNodeAgent(options: NodeAgentOptions): Promise<NodeAgent> {
  const { kubeConfig, stateDir, nodeName = 'sandbox', reportProblem = () => undefined } = options;
  const podsFolder = join(stateDir, 'pods');
  await rm(podsFolder, { recursive: true, force: true });
  await mkdir(podsFolder, { recursive: true });
  const client = createKubeClient(kubeConfig);
  const closing = new AbortController();
  const images = new ImageStore(join(stateDir, 'images'), closing.signal, options.registryHost);
  const ports = new PortPool();
  const addresses = new PodAddresses();
  const timings = timingsOf(options);
  const recordEvent = createEventRecorder(client, { component: 'node-agent', host: nodeName });
  const runners = new Map<string, PodRunner>();
  const faults = new Map<string, FaultRule>();
  let nextFaultId = 1;
  let isClosed = false;

  const follow = <T extends object>(resource: (typeof RESOURCES)[keyof typeof RESOURCES]) =>
    startWatchCache<T>(kubeConfig, client, resource, (problem) =>
      reportProblem(`watch of ${resource.plural}`, problem),
    );
  const pods = follow<Pod>(RESOURCES.pods);
  const slices = follow<EndpointSlice>(RESOURCES.endpointSlices);
  const logs = await startLogServer(findLog);
  await Promise.all([pods.synced, slices.synced]);
  await removeLeftovers();
  await registerPatiently();
  pods.onChange(({ before, after }) => notice(before, after));
  for (const pod of pods.list()) notice(undefined, pod);
  const node = { name: nodeName, labels: nodeLabels(nodeName) };
  const scheduler = startScheduler(client, pods, node, recordEvent, reportProblem);
  const heartbeat = setInterval(() => {
    registerNode(client, nodeName, logs.port, true).catch(reportNode);
  }, HEARTBEAT_MS);

  function reportNode(error: unknown): void {
    reportProblem(`node ${nodeName}`, error instanceof Error ? error : new Error(String(error)));
  }

  /** An API that is starting or throttling answers a little later. */
  async function registerPatiently(): Promise<void> {
    const deadlineMs = Date.now() + REGISTER_TIMEOUT_MS;
    for (;;) {
      try {
        return await registerNode(client, nodeName, logs.port, true);
      } catch (error) {
        reportNode(error);
        if (Date.now() >= deadlineMs) throw error;
        await delay(300);
      }
    }
  }

  function notice(before: Pod | undefined, after: Pod | undefined): void {
    if (isClosed) return;
    const uid = (after ?? before)?.metadata?.uid ?? '';
    const runner = runners.get(uid);
    if (!after) {
      runner?.abandon();
      return;
    }
    if (after.spec?.nodeName !== nodeName) return;
    if (runner) runner.update(after);
    else if (after.metadata?.deletionTimestamp) void removePod(after);
    else if (!isOver(after)) startPod(after, uid);
  }

  function startPod(pod: Pod, uid: string): void {
    const runner = new PodRunner({
      pod,
      folder: join(podsFolder, uid),
      client,
      images,
      ports,
      addresses,
      timings,
      drained: (ending) => drained(slices, ending),
      faultFor: (subject, imageIds) => faultFor(faults.values(), subject, imageIds),
      recordEvent,
      reportProblem,
      onGone: () => runners.delete(uid),
    });
    runners.set(uid, runner);
    runner.start();
  }

  async function removeLeftovers(): Promise<void> {
    for (const pod of pods.list()) {
      if (pod.spec?.nodeName === nodeName && pod.status?.startTime && !isOver(pod)) await removePod(pod);
    }
  }

  async function removePod(pod: Pod): Promise<void> {
    const { namespace, name, uid } = pod.metadata ?? {};
    try {
      await client.remove({ resource: RESOURCES.pods, namespace, name }, { uid, gracePeriodSeconds: 0 });
    } catch (error) {
      if (hasCode(error, 404) || hasCode(error, 409)) return;
      reportProblem(`pod ${keyOf(pod)}`, error instanceof Error ? error : new Error(String(error)));
    }
  }

  function findLog(...[namespace, name, container, previous]: Parameters<FindLog>): ReturnType<FindLog> {
    const pod = pods.get(`${namespace}/${name}`);
    const runner = runners.get(pod?.metadata?.uid ?? '');
    if (!runner) return { code: 404, problem: `pod "${name}" in namespace "${namespace}" does not run on this node` };
    const { known, log } = runner.log(container, previous);
    if (!known) return { code: 404, problem: `container "${container}" in pod "${name}" is not known` };
    if (log) return { log };
    const problem = previous
      ? `previous terminated container "${container}" in pod "${name}" not found`
      : `container "${container}" in pod "${name}" is waiting to start`;
    return { code: 400, problem };
  }

  function applyFaults(): void {
    for (const runner of runners.values()) runner.applyFault();
  }

  return {
    nodeName,
    logPort: logs.port,
    setFault: (rule) => {
      const id = String(nextFaultId++);
      faults.set(id, rule);
      applyFaults();
      return id;
    },
    clearFaults: (id) => {
      if (id === undefined) faults.clear();
      else faults.delete(id);
      applyFaults();
    },
    listFaults: () => [...faults].map(([id, rule]) => ({ id, rule })),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      clearInterval(heartbeat);
      await scheduler.close();
      await Promise.all([...runners.values()].map((runner) => runner.shutDown(CLOSE_GRACE_MS)));
      // The API may be gone already, and nobody waits for this.
      await Promise.race([
        registerNode(client, nodeName, logs.port, false).catch(() => undefined),
        new Promise((resolve) => setTimeout(resolve, 500)),
      ]);
      closing.abort();
      pods.close();
      slices.close();
      await logs.close();
      client.close();
    },
  };
}

function timingsOf(options: NodeAgentOptions): ContainerTimings {
  const backoff = (baseMs: number) => ({ baseMs, capMs: baseMs * 30 });
  return {
    crashBackoff: backoff(options.crashBackoffBaseMs ?? 1000),
    pullBackoff: backoff(options.pullBackoffBaseMs ?? options.crashBackoffBaseMs ?? 1000),
    probePeriodScale: options.probePeriodScale ?? 1,
  };
}

function isOver(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}
