import { instantMs, type Job, type JobCondition, type Pod, timestamp } from '../kube/objects.ts';
import { isFinished, isReady } from './pod-condition.ts';

export type JobStatus = NonNullable<Job['status']>;

/** On a Pod of a Job until its end is counted: one that is deleted before would be run again. */
export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking';

/** Waits between one failure and the next Pod, doubling. A real cluster begins with 10 s and ends at 10 min. */
const FIRST_BACKOFF_MS = 1_000;
const LAST_BACKOFF_MS = 60_000;

/** What is to be done for a Job now. */
export interface JobPlan {
  readonly status: JobStatus;
  /** Pods whose end `status` holds, or that have none to hold: their finalizer may go once it is written. */
  readonly counted: readonly Pod[];
  readonly create: number;
  readonly remove: readonly Pod[];
  /** When to look again although nothing happens. */
  readonly againInMs: number | undefined;
}

export function hasTracking(pod: Pod): boolean {
  return pod.metadata?.finalizers?.includes(TRACKING_FINALIZER) ?? false;
}

export function hasCondition(job: Job, type: string): boolean {
  return job.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}

/** True when the Job has ended, one way or the other. */
export function isOver(job: Job): boolean {
  return hasCondition(job, 'Complete') || hasCondition(job, 'Failed');
}

/** When the Job ended; NaN while it has not. */
export function endedMs(job: Job): number {
  const end = job.status?.conditions?.find(
    ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
  );
  return instantMs(end?.lastTransitionTime);
}

/** Decides from the Job and the Pods it owns. A Job that is over is left as it is, but for Pods yet to be counted. */
export function planJob(job: Job, pods: readonly Pod[], nowMs: number): JobPlan {
  const { status, ended } = counts(job, pods, nowMs);
  const active = pods.filter((pod) => !isFinished(pod) && !pod.metadata?.deletionTimestamp);
  const going = pods.filter((pod) => !isFinished(pod) && pod.metadata?.deletionTimestamp);
  const plan = { counted: ended, create: 0, remove: [] as readonly Pod[], againInMs: undefined };
  if (isOver(job)) return { ...plan, status };

  const failure = whyFailed(job, status, pods, nowMs);
  if (failure) {
    const target = withCondition(status, { type: 'FailureTarget', status: 'True', ...failure }, nowMs);
    if (active.length + going.length > 0) return { ...plan, status: target, remove: active };
    return { ...plan, status: withCondition(target, { type: 'Failed', status: 'True', ...failure }, nowMs) };
  }
  if (isComplete(job, status, active.length)) return { ...plan, status: completed(status, nowMs), remove: active };
  if (job.spec?.suspend) return { ...plan, status: suspended(status, nowMs), remove: active };

  const resumed = withoutSuspension(status, nowMs);
  const wanted = wantedActive(job, status, active.length);
  const surplus = active.slice(0, Math.max(active.length - wanted, 0));
  const waitMs = backoffMs(pods, nowMs);
  // A Pod on its way out counts as one: a Job of one Pod never has two.
  const missing = wanted - active.length - going.length;
  return {
    ...plan,
    status: resumed,
    remove: surplus,
    create: missing > 0 && waitMs === 0 ? missing : 0,
    againInMs: soonest(missing > 0 ? waitMs : 0, untilDeadlineMs(job, resumed, nowMs)),
  };
}

/** The counts with every end that is known. Ends are first noted by uid, and counted once their Pod is let go. */
function counts(job: Job, pods: readonly Pod[], nowMs: number): { status: JobStatus; ended: readonly Pod[] } {
  const before = job.status ?? {};
  const byUid = new Map(pods.map((pod) => [pod.metadata?.uid ?? '', pod]));
  const isHeld = (uid: string): boolean => hasTracking(byUid.get(uid) ?? {});
  const noted = before.uncountedTerminatedPods ?? {};
  const waiting = { succeeded: (noted.succeeded ?? []).filter(isHeld), failed: (noted.failed ?? []).filter(isHeld) };
  const done = {
    succeeded: (noted.succeeded ?? []).length - waiting.succeeded.length,
    failed: (noted.failed ?? []).length - waiting.failed.length,
  };
  const ended = pods.filter((pod) => hasTracking(pod) && isFinished(pod));
  for (const pod of ended) {
    const uid = pod.metadata?.uid ?? '';
    const list = pod.status?.phase === 'Succeeded' ? waiting.succeeded : waiting.failed;
    if (!list.includes(uid)) list.push(uid);
  }
  const {
    active: _a,
    ready: _r,
    succeeded: _s,
    failed: _f,
    terminating: _t,
    uncountedTerminatedPods: _u,
    ...kept
  } = before;
  const active = pods.filter((pod) => !isFinished(pod) && !pod.metadata?.deletionTimestamp);
  const terminating = pods.filter((pod) => !isFinished(pod) && pod.metadata?.deletionTimestamp).length;
  const succeeded = (before.succeeded ?? 0) + done.succeeded;
  const failed = (before.failed ?? 0) + done.failed;
  const status: JobStatus = {
    ...kept,
    ...(active.length > 0 && { active: active.length }),
    ...(succeeded > 0 && { succeeded }),
    ...(failed > 0 && { failed }),
    ready: active.filter(isReady).length,
    terminating,
    uncountedTerminatedPods: {
      ...(waiting.succeeded.length > 0 && { succeeded: waiting.succeeded }),
      ...(waiting.failed.length > 0 && { failed: waiting.failed }),
    },
  };
  if (!job.spec?.suspend) status.startTime ??= timestamp(nowMs);
  return { status, ended: [...ended, ...pods.filter(isAbandoned)] };
}

/** Deleted before its work was done, and its node is through with it: it counts for nothing and holds nobody up. */
function isAbandoned(pod: Pod): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata ?? {};
  return hasTracking(pod) && !isFinished(pod) && deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0;
}

const total = (status: JobStatus, outcome: 'succeeded' | 'failed'): number =>
  (status[outcome] ?? 0) + (status.uncountedTerminatedPods?.[outcome]?.length ?? 0);

function isComplete(job: Job, status: JobStatus, active: number): boolean {
  const { completions } = job.spec ?? {};
  const succeeded = total(status, 'succeeded');
  // Without a count, the Pods know themselves when the work is done.
  return completions === undefined ? succeeded > 0 && active === 0 : succeeded >= completions;
}

function wantedActive(job: Job, status: JobStatus, active: number): number {
  const { completions, parallelism = 1 } = job.spec ?? {};
  const succeeded = total(status, 'succeeded');
  if (completions === undefined) return succeeded > 0 ? Math.min(active, parallelism) : parallelism;
  return Math.max(Math.min(parallelism, completions - succeeded), 0);
}

interface Failure {
  readonly reason: string;
  readonly message: string;
}

function whyFailed(job: Job, status: JobStatus, pods: readonly Pod[], nowMs: number): Failure | undefined {
  const target = status.conditions?.find(({ type }) => type === 'FailureTarget');
  if (target) return { reason: target.reason ?? '', message: target.message ?? '' };
  const limit = job.spec?.backoffLimit ?? 6;
  const isRestarted = job.spec?.template.spec?.restartPolicy === 'OnFailure';
  const restarts = isRestarted ? sum(pods.filter((pod) => !isFinished(pod)).map(restartsOf)) : 0;
  if (total(status, 'failed') > limit || (restarts > 0 && restarts >= limit))
    return { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  if (untilDeadlineMs(job, status, nowMs) === 0 && !job.spec?.suspend)
    return { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
  return undefined;
}

function restartsOf(pod: Pod): number {
  return sum((pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}

/** Milliseconds until the Job has been active for too long; undefined when it may be active for ever. */
function untilDeadlineMs(job: Job, status: JobStatus, nowMs: number): number | undefined {
  const { activeDeadlineSeconds } = job.spec ?? {};
  const startMs = instantMs(status.startTime);
  if (activeDeadlineSeconds === undefined || Number.isNaN(startMs)) return undefined;
  return Math.max(startMs + activeDeadlineSeconds * 1000 - nowMs, 0);
}

/** Milliseconds until the next Pod may be tried after the last failure. */
function backoffMs(pods: readonly Pod[], nowMs: number): number {
  const failed = pods.filter(({ status }) => status?.phase === 'Failed');
  if (failed.length === 0) return 0;
  const lastMs = Math.max(...failed.map(failedMs));
  const waitMs = Math.min(FIRST_BACKOFF_MS * 2 ** (failed.length - 1), LAST_BACKOFF_MS);
  return Math.max(lastMs + waitMs - nowMs, 0);
}

function failedMs(pod: Pod): number {
  const ends = (pod.status?.containerStatuses ?? []).map(({ state }) => instantMs(state?.terminated?.finishedAt));
  return Math.max(instantMs(pod.metadata?.creationTimestamp) || 0, ...ends.filter((end) => !Number.isNaN(end)));
}

function completed(status: JobStatus, nowMs: number): JobStatus {
  const why = { status: 'True', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
  const met = withCondition(status, { type: 'SuccessCriteriaMet', ...why }, nowMs);
  return { ...withCondition(met, { type: 'Complete', ...why }, nowMs), completionTime: timestamp(nowMs) };
}

function suspended(status: JobStatus, nowMs: number): JobStatus {
  const { startTime: _start, ...rest } = status;
  return withCondition(
    rest,
    { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' },
    nowMs,
  );
}

function withoutSuspension(status: JobStatus, nowMs: number): JobStatus {
  if (!status.conditions?.some((condition) => condition.type === 'Suspended' && condition.status === 'True'))
    return status;
  const resumed = { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' };
  return { ...withCondition(status, resumed, nowMs), startTime: timestamp(nowMs) };
}

function withCondition(
  status: JobStatus,
  condition: Omit<JobCondition, 'lastTransitionTime'>,
  nowMs: number,
): JobStatus {
  const before = status.conditions ?? [];
  const same = before.find(({ type }) => type === condition.type);
  if (same?.status === condition.status) return status;
  const now = timestamp(nowMs);
  const dated = { ...condition, lastProbeTime: now, lastTransitionTime: now };
  return { ...status, conditions: [...before.filter(({ type }) => type !== condition.type), dated] };
}

function soonest(...waits: readonly (number | undefined)[]): number | undefined {
  const some = waits.filter((wait): wait is number => wait !== undefined && wait > 0);
  return some.length > 0 ? Math.min(...some) : undefined;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
