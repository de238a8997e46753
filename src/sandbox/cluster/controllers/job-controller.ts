import { hasCode, KubeError } from '../kube/kube-client.ts';
import { controllerOf, controllerReference, type Job, keyOf, type Pod, RESOURCES } from '../kube/objects.ts';
import { createWorkQueue } from '../kube/work-queue.ts';
import { claimObjects } from './claim.ts';
import { type Controller, type ControllerContext, isChange, isLostRace } from './context.ts';
import { Expectations } from './expectations.ts';
import {
  endedMs,
  hasCondition,
  hasTracking,
  isOver,
  type JobPlan,
  type JobStatus,
  planJob,
  TRACKING_FINALIZER,
} from './job-plan.ts';
import { shortHash } from './template-hash.ts';

/** Runs each Job's Pods until enough of them have succeeded or too many have failed, and says so in its status. */
export function startJobController(context: ControllerContext): Controller {
  const { client, jobs, pods } = context;
  const expectations = new Expectations();
  const queue = createWorkQueue({
    handle: sync,
    onError: (key, error, attempt) => {
      if (!isLostRace(error) || attempt > 5) context.reportProblem(`Job ${key}`, error);
    },
  });
  let serial = 0;

  jobs.onChange(({ before, after }) => {
    const job = after ?? before;
    if (job) queue.add(keyOf(job));
  });
  pods.onChange(({ before, after }) => {
    const pod = after ?? before;
    const owner = pod && controllerOf(pod);
    if (owner?.kind !== 'Job') return;
    const key = `${pod?.metadata?.namespace}/${owner.name}`;
    expectations.settle(key, pod?.metadata?.name ?? '');
    if (!after || after.metadata?.deletionTimestamp) expectations.settle(key, pod?.metadata?.uid ?? '');
    queue.add(key);
  });

  async function sync(key: string): Promise<void> {
    const job = jobs.get(key);
    const [namespace] = key.split('/');
    const members = pods.list(namespace).filter((pod) => controllerOf(pod)?.kind === 'Job');
    await letStraysGo(key, job, members);
    if (!job?.spec) return expectations.forget(key);
    if (!expectations.isSettled(key, Date.now())) return queue.addAfter(key, 1000);
    if (job.metadata?.deletionTimestamp) return;
    if (job.spec.completionMode === 'Indexed') {
      context.recordEvent(job, 'Warning', 'NotSupported', 'completionMode Indexed: this sandbox runs no such Jobs');
      return;
    }
    const { selector } = job.spec;
    if (!selector) throw new Error('spec.selector is absent');
    const owned = await claimObjects({
      client,
      owner: job,
      ownerResource: RESOURCES.jobs,
      selector,
      resource: RESOURCES.pods,
      candidates: members,
    });
    await carryOut(key, job, planJob(job, owned, Date.now()));
    await expire(key, job);
  }

  /** Pods of a Job that is gone: nobody counts them any more. */
  async function letStraysGo(key: string, job: Job | undefined, members: readonly Pod[]): Promise<void> {
    for (const pod of members) {
      const owner = controllerOf(pod);
      const isOurs = `${pod.metadata?.namespace}/${owner?.name}` === key && owner?.uid !== job?.metadata?.uid;
      if (isOurs && hasTracking(pod)) await dropFinalizer(pod);
    }
  }

  async function carryOut(key: string, job: Job, plan: JobPlan): Promise<void> {
    // First what is known of ends, then their Pods may go: a Pod that went uncounted would be run again.
    await report(job, plan.status);
    await Promise.all(plan.counted.map(dropFinalizer));
    await Promise.all(plan.remove.map((pod) => removePod(key, job, pod)));
    await Promise.all(Array.from({ length: plan.create }, () => createPod(key, job)));
    if (plan.againInMs !== undefined) queue.addAfter(key, plan.againInMs + 10);
  }

  async function report(job: Job, status: JobStatus): Promise<void> {
    if (!isChange(job.status ?? {}, status)) return;
    const { namespace, name } = job.metadata ?? {};
    await client.replace({ resource: RESOURCES.jobs, namespace, name, subresource: 'status' }, { ...job, status });
    const after = { ...job, status };
    if (hasCondition(after, 'Complete') && !hasCondition(job, 'Complete'))
      context.recordEvent(job, 'Normal', 'Completed', 'Job completed');
    const failure = status.conditions?.find(({ type }) => type === 'Failed');
    if (failure && !hasCondition(job, 'Failed'))
      context.recordEvent(job, 'Warning', failure.reason ?? 'Failed', failure.message ?? '');
  }

  async function createPod(key: string, job: Job): Promise<void> {
    const { namespace, name: jobName } = job.metadata ?? {};
    const name = `${jobName}-${shortHash(`${job.metadata?.uid} ${process.pid} ${Date.now()} ${serial++}`, 5)}`;
    const { labels, annotations, finalizers = [] } = job.spec?.template.metadata ?? {};
    const metadata = {
      name,
      generateName: `${jobName}-`,
      namespace,
      labels,
      annotations,
      finalizers: [...finalizers, TRACKING_FINALIZER],
      ownerReferences: [controllerReference(job, RESOURCES.jobs)],
    };
    expectations.expect(key, name, Date.now());
    try {
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: job.spec?.template.spec };
      await client.create({ resource: RESOURCES.pods, namespace }, pod);
      context.recordEvent(job, 'Normal', 'SuccessfulCreate', `Created pod: ${name}`);
    } catch (error) {
      // Without a reply it may be there: the cache will tell, or the expectation expires.
      if (!(error instanceof KubeError)) throw error;
      expectations.settle(key, name);
      if (hasCode(error, 404)) return; // the namespace goes away, and the Job with it
      context.recordEvent(job, 'Warning', 'FailedCreate', error.message);
      throw error;
    }
  }

  async function removePod(key: string, job: Job, pod: Pod): Promise<void> {
    const { namespace, name, uid = '' } = pod.metadata ?? {};
    expectations.expect(key, uid, Date.now());
    try {
      await client.remove({ resource: RESOURCES.pods, namespace, name }, { uid });
      context.recordEvent(job, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
    } catch (error) {
      expectations.settle(key, uid);
      if (!isLostRace(error)) throw error;
    }
  }

  async function dropFinalizer(pod: Pod): Promise<void> {
    const { namespace, name, uid, resourceVersion } = pod.metadata ?? {};
    const finalizers = (pod.metadata?.finalizers ?? []).filter((finalizer) => finalizer !== TRACKING_FINALIZER);
    try {
      const metadata = { uid, resourceVersion, finalizers };
      await client.mergePatch({ resource: RESOURCES.pods, namespace, name }, { metadata });
    } catch (error) {
      if (!hasCode(error, 404)) throw error;
    }
  }

  /** Takes a Job away that has been over for as long as it wanted to be kept. */
  async function expire(key: string, job: Job): Promise<void> {
    const { ttlSecondsAfterFinished } = job.spec ?? {};
    if (ttlSecondsAfterFinished === undefined || !isOver(job)) return;
    const leftMs = endedMs(job) + ttlSecondsAfterFinished * 1000 - Date.now();
    if (leftMs > 0) return queue.addAfter(key, leftMs + 10);
    const { namespace, name, uid } = job.metadata ?? {};
    await client.remove({ resource: RESOURCES.jobs, namespace, name }, { uid, propagationPolicy: 'Background' });
  }

  return {
    resync: () => {
      for (const job of jobs.list()) queue.add(keyOf(job));
    },
    close: () => queue.close(),
  };
}
