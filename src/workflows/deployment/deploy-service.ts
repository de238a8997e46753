/** Deploys a version of a service: prepares, owns, canaries, judges, promotes; or restores what it found. */
import { CancelledFailure, CancellationScope, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import type { Deposit, DeployResult } from '../../core/model/operation.ts';
import type { GrantSignal } from '../../core/model/ownership.ts';
import type { DeployInput } from '../../core/model/plan.ts';
import { type Ending, mustUndo } from '../../core/rollout/ending.ts';
import { createdObjects } from '../../core/rollout/routing.ts';
import { whyNotWhole } from '../../core/rollout/why-not-whole.ts';
import { formatBackends } from '../../core/rollout/route.ts';
import { mutatorProfile } from '../shared/profiles.ts';
import { canaryDeploy } from './canary.ts';
import { close } from './close.ts';
import { installMessages } from './messages.ts';
import { migrate } from './migrate.ts';
import { Operation } from './operation.ts';
import { own } from './own.ts';
import { checkPreflight, isSameImage, type Prepared, prepare } from './prepare.ts';
import { reportOf } from './report.ts';
import { restoreDeposit } from './restore-service.ts';
import { compensationsFor } from './undo-steps.ts';
import type { Release } from './watch.ts';

export async function deployService(input: DeployInput): Promise<DeployResult> {
  const op = new Operation('deployService', input);
  const grants: GrantSignal[] = [];
  installMessages(op, grants);
  let release: Release | undefined;
  let asked = false;

  const ending = await op.forward(async () => {
    const prepared = await prepare(op);
    if ('outcome' in prepared) return prepared;
    asked = true;
    const owning = await own(op, prepared.plan, prepared.observedTerm, grants);
    if ('outcome' in owning) return owning;
    op.enter('claiming', 'taking the objects over');
    if (owning.inherited) await CancellationScope.nonCancellable(() => restoreDeposit(op, owning.inherited as Deposit));
    // What was checked while another operation was under way was checked leniently.
    if (owning.waited || owning.inherited) {
      const refused = await checkPreflight(op, prepared.plan, prepared.image);
      if (refused) return refused;
    }
    const claimed = await claim(op, prepared);
    if ('outcome' in claimed) return claimed;
    release = claimed;
    return (await migrate(op, prepared.plan)) ?? canaryDeploy(op, claimed);
  });

  return CancellationScope.nonCancellable(async () => {
    const end = await undo(op, release, ending);
    const result = reportOf(op, end);
    op.end(result, end.cancelled);
    await close(op, result, asked && !op.isLost);
    if (end.cancelled) throw new CancelledFailure(result.reason);
    return result;
  });
}

/** Stamps the objects, observes what stands, deposits it. Only then anything may be changed. */
async function claim(op: Operation, { plan, image, records }: Prepared): Promise<Release | Ending> {
  const act = proxyActivities<Activities>(mutatorProfile(plan.intervals, 60_000));
  const fence = op.nextFence();
  const depositFor = op.requestId;
  const before = await act.claimService({ plan, fence, operation: op.state.workflowId, tidy: true, depositFor });
  if (isSameImage(before.deployment.image, image) && !before.first) {
    return {
      outcome: 'unchanged',
      reasonCode: 'SameDigest',
      reason: `another deployment brought ${image} meanwhile; nothing was changed`,
    };
  }
  const broken = whyNotWhole(before, plan);
  if (broken !== undefined) return { outcome: 'rejected', reasonCode: 'PreflightFailed', reason: broken };
  const deposit: Deposit = { plan, before, created: createdObjects(plan, fence.term), promoting: false };
  op.state.before = before;
  return {
    deposit,
    image,
    term: fence.term,
    cursor: undefined,
    records,
    evidence: undefined,
    lowTraffic: undefined,
    backends: before.route.backends,
    stableImage: before.deployment.image,
    canaryReplicas: undefined,
    asked: [formatBackends(before.route.backends)],
  };
}

/** Brings back what was changed, and says how it ended for good. */
async function undo(op: Operation, release: Release | undefined, ending: Ending): Promise<Ending> {
  if (release === undefined || !mustUndo(ending) || op.isLost) return op.lostEnding ?? ending;
  op.put('undoReason', ending.reason);
  op.waitFor(undefined);
  op.put('paused', undefined);
  op.enter('undoing');
  await compensationsFor(op, release.deposit, () => release.asked, release.image).runAll();
  return op.lostEnding ?? ending;
}
