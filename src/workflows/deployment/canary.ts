/** The ladder: capacity, then traffic, then watching, step by step; then promotion and bake. */
import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import { canaryName } from '../../core/model/names.ts';
import type { BackendWeight, ForeignChange } from '../../core/model/operation.ts';
import type { CanaryStep } from '../../core/model/plan.ts';
import type { Ending } from '../../core/rollout/ending.ts';
import { formatBackends, splitBackends } from '../../core/rollout/route.ts';
import { createdObjects } from '../../core/rollout/routing.ts';
import { mutatorProfile } from '../shared/profiles.ts';
import { askApproval, holdFor, holdWhilePaused } from './gates.ts';
import type { Operation } from './operation.ts';
import { canaryPodSelector } from './undo-steps.ts';
import { type Release, watch } from './watch.ts';

export async function canaryDeploy(op: Operation, release: Release): Promise<Ending> {
  const { plan, before } = release.deposit;
  if (before.first) return firstDeployment(op, release);
  const last = plan.steps.length - 1;
  // Steps below this one have been let through their gates.
  let gated = 0;
  // promoteNow goes on with the last step, which brings full capacity and all traffic before anything is rolled.
  let jumped = false;
  for (let index = 0; index <= last; index = jumped && index < last ? last : index + 1) {
    const step = plan.steps[index] as CanaryStep;
    const gate = await passGates(op, release, plan.steps.slice(gated, index + 1));
    if (gate) return gate;
    gated = index + 1;
    op.state.step = index;
    op.begin('canary');
    // A pause that came while pods started keeps the weight where it is.
    const scaled =
      (await scaleCanary(op, release, step.weightPercent)) ?? (await holdWhilePaused(op, release, standing(op)));
    if (scaled) return scaled;
    const split = splitBackends(stableOf(release), canaryService(release), step.weightPercent);
    const shifted = await shift(op, release, split, step.weightPercent);
    if (shifted) return shifted;
    op.state.stepStartedAtMs = Date.now();
    op.publish();
    if (jumped) break;
    const verdict = await watch(op, release, { mode: 'step', step: index, weightPercent: step.weightPercent });
    if (verdict) return verdict;
    const refused = await askOnLowTraffic(op, release);
    if (refused) return refused;
    jumped = takeWish(op) === 'promoteNow';
  }
  const paused = await holdWhilePaused(op, release, { step: plan.steps.length - 1, weightPercent: 100 });
  if (paused) return paused;
  return promote(op, release);
}

/** The gate before 100 % stayed shut, and the catalogue wants a person to decide. */
async function askOnLowTraffic(op: Operation, release: Release): Promise<Ending | undefined> {
  const why = release.lowTraffic;
  release.lowTraffic = undefined;
  if (why === undefined || (release.deposit.plan.analysis.onLowTraffic ?? 'approval') !== 'approval') return undefined;
  return askApproval(op, release, standing(op), why);
}

function takeWish(op: Operation): Operation['wish'] {
  const wish = op.wish;
  op.wish = undefined;
  return wish;
}

/** Step and weight that stand now, between two changes. */
function standing(op: Operation): { readonly step: number; readonly weightPercent: number } {
  return { step: op.state.step ?? 0, weightPercent: op.state.weightPercent };
}

/** Gates of the step to come, and of those that promoteNow leaves out. */
async function passGates(op: Operation, release: Release, steps: readonly CanaryStep[]): Promise<Ending | undefined> {
  const at = standing(op);
  // The first step's approval was asked at weight 0, before ownership. No message goes around an approval.
  const asked = steps.some((step) => step.approval && step.index > 0);
  const refused = (await holdWhilePaused(op, release, at)) ?? (asked ? await askApproval(op, release, at) : undefined);
  // A pause may have come while the approval was waited for.
  return refused ?? holdWhilePaused(op, release, at);
}

function stableOf(release: Release): BackendWeight {
  const { before, plan } = release.deposit;
  const found = before.route.backends.find((each) => each.service === plan.traffic.stableService);
  return found ?? { service: plan.traffic.stableService, port: plan.traffic.port, weight: 100 };
}

function canaryService(release: Release): string {
  return canaryName(release.deposit.plan.traffic.stableService, release.term);
}

const ASK_AGAIN_MS = 15_000;

type Foreign = { readonly outcome: 'foreign'; readonly changes: readonly ForeignChange[] };

/**
 * Someone else changed a field we own: hold at the weight that stands, tell, try again. An ending when it stood for its
 * deadline; the undo then sets our fields back and reports theirs.
 */
async function unlessForeign<R extends { readonly outcome: string }>(
  op: Operation,
  release: Release,
  attempt: () => Promise<R>,
): Promise<Exclude<R, { outcome: 'foreign' }> | Ending> {
  const { plan } = release.deposit;
  let untilMs: number | undefined;
  for (;;) {
    const result = await attempt();
    if (result.outcome !== 'foreign') return result as Exclude<R, { outcome: 'foreign' }>;
    const { changes } = result as unknown as Foreign;
    untilMs ??= Date.now() + plan.deadlines.foreignChangeMs;
    if (Date.now() >= untilMs) return foreign(op, changes);
    op.say(`holding: ${tellForeign(changes)}`);
    op.publish();
    const holdMs = Math.min(ASK_AGAIN_MS, Math.max(1000, untilMs - Date.now()));
    const ending =
      (await holdFor(op, release, standing(op), holdMs)) ?? (await holdWhilePaused(op, release, standing(op)));
    if (ending) return ending;
  }
}

function tellForeign(changes: readonly ForeignChange[]): string {
  return changes
    .map((each) => `${each.object} ${each.field}: expected ${each.expected}, found ${each.observed}`)
    .join('; ');
}

function foreign(op: Operation, changes: readonly ForeignChange[]): Ending {
  op.addForeign(changes);
  const reason = `someone else changed what this deployment owns: ${tellForeign(changes)}`;
  return { outcome: 'rolledBack', reasonCode: 'ForeignChange', reason };
}

async function scaleCanary(op: Operation, release: Release, weightPercent: number): Promise<Ending | undefined> {
  const { plan, before } = release.deposit;
  const act = proxyActivities<Activities>(mutatorProfile(plan.intervals, plan.deadlines.readyMs));
  op.say(`scaling the canary for ${weightPercent} % and waiting until its pods are ready`);
  const scaled = await unlessForeign(op, release, () =>
    act.scaleCanary({
      plan,
      before,
      image: release.image,
      weightPercent,
      operation: op.state.workflowId,
      fence: op.nextFence(),
      ...(release.canaryReplicas !== undefined && { previousReplicas: release.canaryReplicas }),
    }),
  );
  if ('reasonCode' in scaled) return scaled;
  if (scaled.outcome !== 'ready') return { outcome: 'rolledBack', reasonCode: 'NotReadyInTime', reason: scaled.says };
  release.canaryReplicas = scaled.replicas;
  return undefined;
}

async function shift(
  op: Operation,
  release: Release,
  wanted: readonly BackendWeight[],
  weightPercent: number,
): Promise<Ending | undefined> {
  const { plan } = release.deposit;
  const act = proxyActivities<Activities>(mutatorProfile(plan.intervals, plan.deadlines.confirmWeightMs));
  op.say(`shifting traffic: ${formatBackends(wanted)}`);
  release.asked.push(formatBackends(wanted));
  const expected = release.backends;
  const shifted = await unlessForeign(op, release, () =>
    act.shiftTraffic({ plan, fence: op.nextFence(), expected, wanted }),
  );
  if ('reasonCode' in shifted) return shifted;
  if (shifted.outcome !== 'applied')
    return { outcome: 'rolledBack', reasonCode: 'WeightNotConfirmed', reason: shifted.says };
  release.backends = wanted;
  op.state.weightPercent = weightPercent;
  return undefined;
}

/** Pods may take long to end their last requests: that is no reason to take a promoted version back. */
const DRAINED_WITHIN_MS = 30 * 60_000;

/** Rolls the named Deployment while the canary serves, gives it the traffic back, removes the canary, bakes. */
async function promote(op: Operation, release: Release): Promise<Ending> {
  const { plan, before } = release.deposit;
  op.enter('promoting', `rolling Deployment ${plan.workload.deployment} to the new image`);
  const rolled = await roll(op, release);
  if (rolled) return rolled;
  const shifted = await shift(op, release, before.route.backends, 100);
  if (shifted) return shifted;
  op.say('removing the canary objects');
  const act = proxyActivities<Activities>(mutatorProfile(plan.intervals, DRAINED_WITHIN_MS));
  const { cluster } = plan.workload;
  const podSelector = canaryPodSelector(before, release.term);
  await act.removeCanary({ cluster, objects: createdObjects(plan, release.term), podSelector, fence: op.nextFence() });
  return bake(op, release);
}

async function roll(op: Operation, release: Release): Promise<Ending | undefined> {
  const { plan, before } = release.deposit;
  release.deposit = { ...release.deposit, promoting: true };
  const act = proxyActivities<Activities>(mutatorProfile(plan.intervals, plan.deadlines.readyMs));
  const rolled = await unlessForeign(op, release, () =>
    act.promoteStable({
      plan,
      before,
      image: release.image,
      operation: op.state.workflowId,
      fence: op.nextFence(),
    }),
  );
  if ('reasonCode' in rolled) return rolled;
  if (rolled.outcome !== 'ready') return { outcome: 'rolledBack', reasonCode: 'NotReadyInTime', reason: rolled.says };
  release.stableImage = release.image;
  return undefined;
}

async function bake(op: Operation, release: Release): Promise<Ending> {
  const { plan } = release.deposit;
  if (plan.bakeMs > 0) {
    op.state.stepStartedAtMs = Date.now();
    op.enter('baking');
    const verdict = await watch(op, release, { mode: 'bake', step: plan.steps.length, weightPercent: 100 });
    if (verdict) return verdict;
  }
  return {
    outcome: 'promoted',
    reasonCode: 'AnalysisPassed',
    reason: `${plan.version} passed ${plan.steps.length} steps and the bake`,
  };
}

/** No stable yet: nothing to compare with. Create, wait, say so. A failure leaves replicas as found. */
async function firstDeployment(op: Operation, release: Release): Promise<Ending> {
  const { plan } = release.deposit;
  op.enter('promoting', `first deployment: starting ${plan.workload.firstReplicas ?? 1} replicas`);
  const rolled = await roll(op, release);
  if (rolled) return { ...rolled, reason: `${rolled.reason}; this was a first deployment: no version serves` };
  const shifted = await shift(op, release, release.deposit.before.route.backends, 100);
  if (shifted) return { ...shifted, reason: `${shifted.reason}; this was a first deployment: no version serves` };
  return {
    outcome: 'promoted',
    reasonCode: 'FirstDeployment',
    reason: `${plan.version} is the first version of ${plan.service}: its pods are ready, nothing was compared`,
  };
}
