import { hasCode, KubeError } from '../kube/kube-client.ts';
import { controllerOf, controllerReference, keyOf, type Pod, RESOURCES, type ReplicaSet } from '../kube/objects.ts';
import { isEmptySelector, matchesSelector } from '../kube/selectors.ts';
import { createWorkQueue } from '../kube/work-queue.ts';
import { claimObjects } from './claim.ts';
import { type Controller, type ControllerContext, isChange, isLostRace } from './context.ts';
import { desiredReplicas } from './deployment-status.ts';
import { Expectations } from './expectations.ts';
import { isActive, untilAvailableMs } from './pod-condition.ts';
import { deletionOrder, replicaSetStatus } from './replica-set-plan.ts';
import { shortHash } from './template-hash.ts';

/** Most Pods asked for in one look. */
const BURST = 100;

type Failure = { reason: string; message: string } | undefined;

/** Keeps as many Pods as each ReplicaSet asks for, and reports how many are ready and available. */
export function startReplicaSetController(context: ControllerContext): Controller {
  const { client, replicaSets, pods } = context;
  const expectations = new Expectations();
  const queue = createWorkQueue({
    handle: sync,
    concurrency: 8,
    onError: (key, error, attempt) => {
      if (!isLostRace(error) || attempt > 5) context.reportProblem(`ReplicaSet ${key}`, error);
    },
  });
  let serial = 0;

  replicaSets.onChange(({ before, after }) => {
    const set = after ?? before;
    if (set) queue.add(keyOf(set));
  });
  pods.onChange(({ before, after }) => {
    for (const pod of [before, after]) if (pod) noticePod(pod, after);
  });

  function noticePod(pod: Pod, after: Pod | undefined): void {
    const owner = controllerOf(pod);
    const namespace = pod.metadata?.namespace ?? '';
    if (owner?.kind === 'ReplicaSet') {
      const key = `${namespace}/${owner.name}`;
      expectations.settle(key, pod.metadata?.name ?? '');
      if (!after || after.metadata?.deletionTimestamp) expectations.settle(key, pod.metadata?.uid ?? '');
      queue.add(key);
    } else if (!owner) {
      for (const set of replicaSets.list(namespace)) {
        if (matchesSelector(set.spec?.selector, pod.metadata?.labels)) queue.add(keyOf(set));
      }
    }
  }

  async function sync(key: string): Promise<void> {
    const set = replicaSets.get(key);
    if (!set?.spec) {
      expectations.forget(key);
      return;
    }
    if (isEmptySelector(set.spec.selector)) throw new Error('spec.selector is empty, it would own every Pod');
    const mayAct = expectations.isSettled(key, Date.now());
    const owned = await claimObjects({
      client,
      owner: set,
      ownerResource: RESOURCES.replicaSets,
      selector: set.spec.selector,
      resource: RESOURCES.pods,
      candidates: pods.list(set.metadata?.namespace).filter(isActive),
    });
    let failure: Failure;
    if (mayAct && !set.metadata?.deletionTimestamp) failure = await bringToSize(key, set, owned);
    else if (!mayAct) queue.addAfter(key, 1000);
    await reportStatus(set, owned, failure);
    scheduleAvailability(key, set, owned);
    if (failure) context.recordEvent(set, 'Warning', failure.reason, failure.message);
    if (failure) throw new Error(`${failure.reason}: ${failure.message}`);
  }

  async function bringToSize(key: string, set: ReplicaSet, owned: readonly Pod[]): Promise<Failure> {
    const missing = desiredReplicas(set) - owned.length;
    if (missing > 0) return createPods(key, set, Math.min(missing, BURST));
    if (missing < 0) return deletePods(key, set, deletionOrder(owned).slice(0, Math.min(-missing, BURST)));
    return undefined;
  }

  /** Doubling batches: when the API refuses every Pod, few requests are spent to learn it. */
  async function createPods(key: string, set: ReplicaSet, count: number): Promise<Failure> {
    let left = count;
    for (let batch = 1; left > 0; batch *= 2) {
      const size = Math.min(batch, left);
      const failures = await Promise.all(Array.from({ length: size }, () => createPod(key, set)));
      const failure = failures.find((one) => one !== undefined);
      if (failure) return failure;
      left -= size;
    }
    return undefined;
  }

  async function createPod(key: string, set: ReplicaSet): Promise<Failure> {
    const { namespace, name: setName } = set.metadata ?? {};
    const name = `${setName}-${shortHash(`${set.metadata?.uid} ${process.pid} ${Date.now()} ${serial++}`, 5)}`;
    const template = set.spec?.template;
    const { labels, annotations, finalizers } = template?.metadata ?? {};
    const metadata = {
      name,
      generateName: `${setName}-`,
      namespace,
      labels,
      annotations,
      finalizers,
      ownerReferences: [controllerReference(set, RESOURCES.replicaSets)],
    };
    expectations.expect(key, name, Date.now());
    try {
      await client.create(
        { resource: RESOURCES.pods, namespace },
        { apiVersion: 'v1', kind: 'Pod', metadata, spec: template?.spec },
      );
      context.recordEvent(set, 'Normal', 'SuccessfulCreate', `Created pod: ${name}`);
      return undefined;
    } catch (error) {
      if (!(error instanceof KubeError)) await settleLostReply(key, namespace, name);
      else expectations.settle(key, name);
      // A namespace that is going away takes the ReplicaSet with it: not a failure worth telling.
      if (hasCode(error, 404)) return undefined;
      return { reason: 'FailedCreate', message: error instanceof Error ? error.message : String(error) };
    }
  }

  /** The request was sent and no reply came: look whether the Pod is there before anything is created again. */
  async function settleLostReply(key: string, namespace: string | undefined, name: string): Promise<void> {
    try {
      await client.get({ resource: RESOURCES.pods, namespace, name });
      if (pods.get(`${namespace}/${name}`)) expectations.settle(key, name);
    } catch (error) {
      if (hasCode(error, 404)) expectations.settle(key, name);
    }
  }

  async function deletePods(key: string, set: ReplicaSet, doomed: readonly Pod[]): Promise<Failure> {
    const failures = await Promise.all(
      doomed.map(async (pod): Promise<Failure> => {
        const { namespace, name, uid = '' } = pod.metadata ?? {};
        expectations.expect(key, uid, Date.now());
        try {
          await client.remove({ resource: RESOURCES.pods, namespace, name }, { uid });
          context.recordEvent(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
          return undefined;
        } catch (error) {
          expectations.settle(key, uid);
          if (isLostRace(error)) return undefined;
          return { reason: 'FailedDelete', message: error instanceof Error ? error.message : String(error) };
        }
      }),
    );
    return failures.find((failure) => failure !== undefined);
  }

  async function reportStatus(set: ReplicaSet, owned: readonly Pod[], failure: Failure): Promise<void> {
    const status = replicaSetStatus(set, owned, failure, Date.now());
    if (!isChange(set.status, status)) return;
    const { namespace, name } = set.metadata ?? {};
    const at = { resource: RESOURCES.replicaSets, namespace, name, subresource: 'status' };
    await client.replace(at, { ...set, status });
  }

  function scheduleAvailability(key: string, set: ReplicaSet, owned: readonly Pod[]): void {
    const waits = owned.flatMap((pod) => untilAvailableMs(pod, set.spec?.minReadySeconds ?? 0, Date.now()) || []);
    if (waits.length > 0) queue.addAfter(key, Math.min(...waits) + 10);
  }

  return {
    resync: () => {
      for (const set of replicaSets.list()) queue.add(keyOf(set));
    },
    close: () => queue.close(),
  };
}
