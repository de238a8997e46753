import {
  controllerOf,
  type Deployment,
  type DeploymentCondition,
  keyOf,
  type ReplicaSet,
  RESOURCES,
} from '../kube/objects.ts';
import { isEmptySelector, matchesSelector } from '../kube/selectors.ts';
import { createWorkQueue } from '../kube/work-queue.ts';
import { claimObjects } from './claim.ts';
import { type Controller, type ControllerContext, isChange, isLostRace } from './context.ts';
import {
  allSets,
  byAge,
  emptyOldSets,
  isScaling,
  type OwnedSets,
  presentReplicas,
  recordScaling,
  rollForward,
  scaleSets,
  trimHistory,
} from './deployment-rollout.ts';
import {
  boundsOf,
  conditionOf,
  type DeploymentStatus,
  desiredReplicas,
  hasProgressDeadline,
  isComplete,
  observedStatus,
  rolloutStatus,
  untilDeadlineMs,
  withCondition,
} from './deployment-status.ts';
import { createNewSet, sizeAnnotations, writeSet } from './replica-set-writer.ts';
import { newSetAnnotations, nextRevision, REVISION, revisionOf } from './revisions.ts';
import { nextNewSize } from './rollout-arithmetic.ts';
import { isSameTemplate } from './template-hash.ts';

/** What a look may carry into the status besides counts. */
interface Draft {
  conditions: DeploymentCondition[];
  revision: string | undefined;
}

/** Moves the ReplicaSets of each Deployment towards its template, within its bounds, and reports progress. */
export function startDeploymentController(context: ControllerContext): Controller {
  const { client, deployments, replicaSets, pods } = context;
  const queue = createWorkQueue({
    handle: sync,
    onError: (key, error, attempt) => {
      if (!isLostRace(error) || attempt > 5) context.reportProblem(`Deployment ${key}`, error);
    },
  });

  deployments.onChange(({ before, after }) => {
    const deployment = after ?? before;
    if (deployment) queue.add(keyOf(deployment));
  });
  replicaSets.onChange(({ before, after }) => {
    for (const set of [before, after]) if (set) noticeSet(set);
  });
  pods.onChange(({ before, after }) => {
    // Only a Recreate waits for Pods: its next set may start when the last old Pod is gone.
    const owner = before && !after ? controllerOf(before) : undefined;
    const set = owner && replicaSets.get(`${before?.metadata?.namespace}/${owner.name}`);
    if (set) noticeSet(set);
  });

  function noticeSet(set: ReplicaSet): void {
    const owner = controllerOf(set);
    const namespace = set.metadata?.namespace ?? '';
    if (owner) {
      if (owner.kind === 'Deployment') queue.add(`${namespace}/${owner.name}`);
      return;
    }
    for (const deployment of deployments.list(namespace)) {
      if (matchesSelector(deployment.spec?.selector, set.metadata?.labels)) queue.add(keyOf(deployment));
    }
  }

  async function sync(key: string): Promise<void> {
    const deployment = deployments.get(key);
    if (!deployment?.spec) return;
    if (isEmptySelector(deployment.spec.selector)) throw new Error('spec.selector is empty, it would own every Pod');
    const owned = await claimObjects({
      client,
      owner: deployment,
      ownerResource: RESOURCES.deployments,
      selector: deployment.spec.selector,
      resource: RESOURCES.replicaSets,
      candidates: replicaSets.list(deployment.metadata?.namespace),
    });
    const sets = partition(deployment, owned);
    const draft = { conditions: pausedConditions(deployment), revision: undefined };
    if (deployment.metadata?.deletionTimestamp) return reportCounts(deployment, sets, draft);
    if (deployment.spec.paused || isScaling(deployment, sets)) {
      const current = sets.newSet ? await markCurrent(deployment, sets, sets.newSet, draft) : sets;
      const scaled = await scaleSets(client, deployment, current);
      recordScaling(context.recordEvent, deployment, sets, scaled);
      if (deployment.spec.paused) await trimHistory(client, deployment, scaled.oldSets);
      return reportCounts(deployment, scaled, draft);
    }
    await rollOut(deployment, sets, draft);
  }

  async function rollOut(deployment: Deployment, found: OwnedSets, draft: Draft): Promise<void> {
    const isRecreate = deployment.spec?.strategy?.type === 'Recreate';
    let sets = found;
    if (isRecreate) {
      const emptied = await emptyOldSets(client, deployment, sets, pods.list(deployment.metadata?.namespace));
      sets = emptied.sets;
      recordScaling(context.recordEvent, deployment, found, sets);
      if (!emptied.isEmpty) return reportRollout(deployment, sets, draft);
    }
    const oldSizes = isRecreate ? [] : sets.oldSets.map(presentReplicas);
    const firstSize = nextNewSize(0, oldSizes, desiredReplicas(deployment), boundsOf(deployment).maxSurge);
    const before = sets;
    const withNew = await ensureNewSet(deployment, sets, firstSize, draft);
    if (!withNew) return;
    sets = await rollForward(client, deployment, withNew);
    recordScaling(context.recordEvent, deployment, before, sets);
    if (isComplete(deployment, observedStatus(deployment, sets.newSet, allSets(sets), [], Date.now()))) {
      await trimHistory(client, deployment, sets.oldSets);
    }
    await reportRollout(deployment, sets, draft);
  }

  /** The set of the current template, created when it is not there; undefined when its name was taken. */
  async function ensureNewSet(
    deployment: Deployment,
    sets: OwnedSets,
    firstSize: number,
    draft: Draft,
  ): Promise<(OwnedSets & { newSet: ReplicaSet }) | undefined> {
    if (sets.newSet) {
      const marked = await markCurrent(deployment, sets, sets.newSet, draft);
      // A rollout that the status does not know yet: an undo, or a creation whose report was lost. Its time starts now.
      const isUnreported = draft.revision !== deployment.metadata?.annotations?.[REVISION];
      if (hasProgressDeadline(deployment) && (isUnreported || !conditionOf(deployment.status, 'Progressing'))) {
        noteProgress(draft, 'FoundNewReplicaSet', `Found new replica set "${sets.newSet.metadata?.name}"`);
      }
      return marked;
    }
    const revision = nextRevision(sets.oldSets);
    const created = await createNewSet(client, deployment, firstSize, revision);
    if (created.kind === 'collision') {
      const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
      await writeStatus(deployment, { ...deployment.status, collisionCount }, draft);
      return undefined;
    }
    draft.revision = String(revisionOf(created.set));
    if (hasProgressDeadline(deployment)) {
      noteProgress(draft, 'NewReplicaSetCreated', `Created new replica set "${created.set.metadata?.name}"`);
    }
    return { ...sets, newSet: created.set };
  }

  /** An old template that became current again gets the highest revision; annotations follow the Deployment. */
  async function markCurrent(
    deployment: Deployment,
    sets: OwnedSets,
    newSet: ReplicaSet,
    draft: Draft,
  ): Promise<OwnedSets & { newSet: ReplicaSet }> {
    const revision = nextRevision(sets.oldSets);
    // While replicas change, the recorded sizes are the old ones: scaling reads them to keep shares.
    const sizes = isScaling(deployment, sets) ? {} : sizeAnnotations(deployment);
    const annotations = newSetAnnotations(deployment, newSet.metadata?.annotations ?? {}, revision, sizes);
    const minReadySeconds = deployment.spec?.minReadySeconds;
    const written = await writeSet(client, newSet, { annotations, minReadySeconds });
    draft.revision = annotations[REVISION];
    return { ...sets, newSet: written };
  }

  function noteProgress(draft: Draft, reason: string, message: string): void {
    draft.conditions = withCondition(
      draft.conditions,
      { type: 'Progressing', status: 'True', reason, message },
      Date.now(),
      true,
    );
  }

  async function reportCounts(deployment: Deployment, sets: OwnedSets, draft: Draft): Promise<void> {
    const status = observedStatus(deployment, sets.newSet, allSets(sets), draft.conditions, Date.now());
    await writeStatus(deployment, status, draft);
  }

  async function reportRollout(deployment: Deployment, sets: OwnedSets, draft: Draft): Promise<void> {
    const status = rolloutStatus(deployment, sets.newSet, allSets(sets), draft.conditions, Date.now());
    await writeStatus(deployment, status, draft);
    const leftMs = untilDeadlineMs(deployment, status, Date.now());
    // Update times have whole seconds, rounded down: look again a little later than the deadline says.
    if (leftMs !== undefined) queue.addAfter(keyOf(deployment), Math.max(leftMs, 0) + 50);
  }

  async function writeStatus(deployment: Deployment, status: DeploymentStatus, draft: Draft): Promise<void> {
    const { namespace, name } = deployment.metadata ?? {};
    const at = { resource: RESOURCES.deployments, namespace, name };
    const revision = draft.revision ?? deployment.metadata?.annotations?.[REVISION];
    const isNewRevision = revision !== deployment.metadata?.annotations?.[REVISION];
    if (!isNewRevision && !isChange(deployment.status, status)) return;
    const annotations = { ...deployment.metadata?.annotations, ...(revision ? { [REVISION]: revision } : {}) };
    const next = { ...deployment, metadata: { ...deployment.metadata, annotations }, status };
    // A status write carries the annotation without making a new generation, where the server allows it.
    const written = await client.replace<Deployment>({ ...at, subresource: 'status' }, next);
    if (revision && written.metadata?.annotations?.[REVISION] !== revision) {
      await client.mergePatch(at, { metadata: { annotations: { [REVISION]: revision } } });
    }
  }

  return {
    resync: () => {
      for (const deployment of deployments.list()) queue.add(keyOf(deployment));
    },
    close: () => queue.close(),
  };
}

/** The newest owned set would win if two had the current template; age makes the choice stable. */
function partition(deployment: Deployment, owned: readonly ReplicaSet[]): OwnedSets {
  const sorted = owned.toSorted(byAge);
  const template = deployment.spec?.template;
  const newSet = sorted.find((set) => template && set.spec?.template && isSameTemplate(set.spec.template, template));
  return { newSet, oldSets: sorted.filter((set) => set !== newSet) };
}

/** A paused Deployment cannot miss its deadline; the time starts anew when it is resumed. */
function pausedConditions(deployment: Deployment): DeploymentCondition[] {
  const conditions = deployment.status?.conditions ?? [];
  if (!hasProgressDeadline(deployment)) return conditions;
  const current = conditionOf(deployment.status, 'Progressing');
  if (current?.reason === 'ProgressDeadlineExceeded') return conditions;
  const isPaused = current?.reason === 'DeploymentPaused';
  const unknown = { type: 'Progressing', status: 'Unknown' } as const;
  if (deployment.spec?.paused && !isPaused) {
    return withCondition(
      conditions,
      { ...unknown, reason: 'DeploymentPaused', message: 'Deployment is paused' },
      Date.now(),
    );
  }
  if (!deployment.spec?.paused && isPaused) {
    return withCondition(
      conditions,
      { ...unknown, reason: 'DeploymentResumed', message: 'Deployment is resumed' },
      Date.now(),
    );
  }
  return conditions;
}
