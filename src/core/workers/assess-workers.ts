/** From the polls that the server saw to what a person must know: who takes the work, and which work nobody can take. */
import { WORKER_DEPLOYMENT, type PinnedRun, type QueueFacts, type WorkerFacts } from '../model/workers.ts';

/** A live worker asks again at least once a minute. */
const POLL_MS = 60_000;
const SLACK_MS = 10_000;
/** More names than this help nobody. */
const NAMED_RUNS = 3;

/** `any`: whoever gets new operations. A build: the one that a pinned run belongs to. */
export type WantedBuild = { readonly of: 'any' } | { readonly of: 'build'; readonly buildId: string };

export interface WorkerPresence {
  readonly polls: boolean;
  /** What is missing, or who polls. */
  readonly text: string;
  /** What to do when nobody polls, ready to paste. Empty when somebody does. */
  readonly advice: string;
}

export const START_A_WORKER = 'start a worker: mainstay worker (MAINSTAY_CONFIG names its catalogue)';

/** Every queue has a poller that the server would give the work to. */
export function assessPresence(facts: WorkerFacts, wanted: WantedBuild = { of: 'any' }): WorkerPresence {
  const buildId = wanted.of === 'build' ? wanted.buildId : facts.currentBuild;
  const missing = facts.queues.filter((each) => !isPolled(each, buildId, facts.atMs));
  if (missing.length === 0) {
    return {
      polls: true,
      text: buildId === undefined ? 'a worker polls' : `a worker of build ${buildId} polls`,
      advice: '',
    };
  }
  const names = missing.map(({ queue, tasks }) => `${queue} (${tasks})`).join(', ');
  const others = pollingBuilds(facts).filter((each) => each !== buildId);
  if (buildId !== undefined) {
    const role = wanted.of === 'build' ? '' : ', the current one,';
    const seen = others.length === 0 ? '' : `; polled by build ${others.join(', ')}`;
    const advice = `start a worker of it: mainstay worker --build-id ${buildId}`;
    const text = `no worker of build ${buildId}${role} polls the task queue ${names}${seen}`;
    return { polls: false, text, advice: wanted.of === 'any' ? orMakeCurrent(advice, others) : advice };
  }
  if (others.length === 0)
    return { polls: false, text: `no worker polls the task queue ${names}`, advice: START_A_WORKER };
  const text = `no worker without a build id polls the task queue ${names}; build ${others.join(', ')} polls, but no build is current`;
  return { polls: false, text, advice: `make it current: ${makeCurrentCommand(others[0] ?? '')}` };
}

function orMakeCurrent(advice: string, others: readonly string[]): string {
  return others[0] === undefined
    ? advice
    : `${advice}; or make the other one current: ${makeCurrentCommand(others[0])}`;
}

/** For a build whose worker runs already. */
export function makeCurrentCommand(buildId: string): string {
  return `temporal worker deployment set-current-version --deployment-name ${WORKER_DEPLOYMENT} --build-id ${buildId}`;
}

/** Builds that poll every queue, in alphabetical order. */
export function pollingBuilds({ queues, atMs }: WorkerFacts): readonly string[] {
  const builds = new Set(queues.flatMap(({ pollers }) => pollers.flatMap(({ buildId }) => buildId ?? [])));
  return [...builds].filter((build) => queues.every((each) => isPolled(each, build, atMs))).toSorted();
}

function isPolled({ pollers }: QueueFacts, buildId: string | undefined, atMs: number): boolean {
  return pollers.some((each) => each.buildId === buildId && atMs - each.seenAtMs <= POLL_MS + SLACK_MS);
}

/** Running workflows that nobody can go on with, by the build that would have to. */
export interface Orphans {
  readonly buildId: string;
  readonly workflowIds: readonly string[];
}

export function findOrphans(facts: WorkerFacts, pinned: readonly PinnedRun[]): readonly Orphans[] {
  const builds = [...new Set(pinned.map(({ buildId }) => buildId))].toSorted();
  return builds
    .filter((buildId) => facts.queues.some((each) => !isPolled(each, buildId, facts.atMs)))
    .map((buildId) => ({
      buildId,
      workflowIds: pinned.filter((each) => each.buildId === buildId).map(({ workflowId }) => workflowId),
    }));
}

/** `2 running operations are pinned to build A, which nobody polls: deploy/..., deploy/...` */
export function describeOrphans({ buildId, workflowIds }: Orphans): string {
  const named = workflowIds.slice(0, NAMED_RUNS).join(', ');
  const more = workflowIds.length > NAMED_RUNS ? `, and ${workflowIds.length - NAMED_RUNS} more` : '';
  const one = workflowIds.length === 1;
  const what = `${workflowIds.length} running ${one ? 'operation is' : 'operations are'} pinned to build ${buildId}`;
  return `${what}, which nobody polls, and ${one ? 'stands' : 'stand'} still: ${named}${more}`;
}

/** What brings them on again: their own build; or another one, when that is gone for good. */
export function adviseOrphans({ buildId, workflowIds }: Orphans, currentBuild: string | undefined): readonly string[] {
  const to = currentBuild === undefined || currentBuild === buildId ? 'BUILD' : currentBuild;
  const flags = `--versioning-override-behavior pinned --versioning-override-deployment-name ${WORKER_DEPLOYMENT} --versioning-override-build-id ${to}`;
  return [
    `start a worker of that build: mainstay worker --build-id ${buildId}`,
    `or, when it is gone for good, let another build go on (it must replay them): temporal workflow update-options --workflow-id '${workflowIds[0] ?? ''}' ${flags}`,
  ];
}
