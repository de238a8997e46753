/** Everything before ownership: the plan, the checks, the image, the approval at weight 0. Nothing on the cluster changes. */
import {
  ActivityFailure,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  rootCause,
  TemporalFailure,
} from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import type { ReleaseDetection } from '../../core/analysis/detection.ts';
import type { ReleaseRecords } from '../../core/analysis/sequential/record.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { assessPreflight, decidePreflight } from '../../core/preflight/assess-preflight.ts';
import { migrationsToRun } from '../../core/preflight/check-migrations.ts';
import type { Ending } from '../../core/rollout/ending.ts';
import { planDigest } from '../../core/rollout/plan-digest.ts';
import { localLookupProfile, localReadProfile, readProfile, waitProfile } from '../shared/profiles.ts';
import { askStartApproval } from './gates.ts';
import type { Operation } from './operation.ts';
import { type Collecting, collectRecord } from './record.ts';

export interface Prepared {
  readonly plan: DeployPlan;
  readonly image: string;
  readonly observedTerm: number;
  /** What is known of stable before the release; left out in a plan that compares nothing. */
  readonly records?: ReleaseRecords;
}

/** What is ready to be deployed, or how the deployment ends before it began. */
export async function prepare(op: Operation): Promise<Prepared | Ending> {
  const { resolvePlan } = proxyLocalActivities<Activities>(localReadProfile());
  op.enter('preparing', 'reading the catalogue and checking');
  const { plan } = await resolvePlan(op.state.input);
  op.state.plan = plan;
  const ready = plan.build.kind === 'image' ? await resolveImage(plan) : undefined;
  if (typeof ready === 'object') return ready;
  const refused = await checkPreflight(op, plan, ready);
  if (op.state.input.dryRun === true) {
    await detect(op, await collectRecord(plan, true));
    const reason = refused
      ? `dry run: it would be rejected: ${refused.reason}`
      : 'dry run: every required check passed; nothing was changed';
    return { outcome: 'planned', reasonCode: 'DryRun', reason };
  }
  if (refused) return refused;
  const collecting = await collectRecord(plan, false);
  try {
    return await makeReady(op, plan, ready, collecting);
  } finally {
    collecting?.drop();
  }
}

async function makeReady(
  op: Operation,
  plan: DeployPlan,
  ready: string | undefined,
  collecting: Collecting | undefined,
): Promise<Prepared | Ending> {
  const read = proxyActivities<Activities>(readProfile());
  const image = ready ?? (await build(op, plan));
  if (typeof image === 'object') return image;
  op.state.image = image;
  op.state.planDigest = planDigest(plan, image);
  // Seen with the checks; what changed since then is seen by the claim.
  const standing = op.standing ?? (await read.observeService({ plan }));
  if (isSameImage(standing.image, image) && standing.replicas > 0) {
    const reason = `${plan.service} in ${plan.environment} already runs ${image}; nothing was changed`;
    return { outcome: 'unchanged', reasonCode: 'SameDigest', reason };
  }
  const detection = await detect(op, collecting);
  const low = detection?.lowTraffic;
  const policy = plan.analysis.onLowTraffic ?? 'approval';
  if (low !== undefined && policy === 'rollback') {
    return { outcome: 'rejected', reasonCode: 'LowTraffic', reason: `the data could not decide: ${low}` };
  }
  const asks = plan.steps[0]?.approval === true || (low !== undefined && policy === 'approval');
  const approval = plan.startApproval ?? (asks ? plan.stepApproval : undefined);
  if (approval) {
    const ending = (await askStartApproval(op, approval, low)) ?? (await checkPreflight(op, plan, image));
    if (ending) return ending;
  }
  return { plan, image, observedTerm: standing.observedTerm, ...(detection && { records: detection.records }) };
}

async function detect(op: Operation, collecting: Collecting | undefined): Promise<ReleaseDetection | undefined> {
  if (!collecting) return undefined;
  op.say('looking at what the comparison can see at this traffic');
  const detection = await collecting.end();
  op.detection = detection?.results ?? [];
  op.state.preflight = [...op.state.preflight.filter(({ name }) => name !== 'detection'), ...op.detection];
  return detection;
}

/** Only digests are deployed, so only digests are compared. */
export function isSameImage(a: string, b: string): boolean {
  const digest = (image: string): string | undefined => /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1];
  return digest(a) !== undefined && digest(a) === digest(b);
}

export async function checkPreflight(
  op: Operation,
  plan: DeployPlan,
  image: string | undefined,
): Promise<Ending | undefined> {
  const { observePreflight } = proxyLocalActivities<Activities>(localReadProfile());
  const facts = await observePreflight({ plan, ...(image !== undefined && { image }) });
  op.state.preflight = [...assessPreflight(facts, plan, Date.now()), ...op.detection];
  const toRun = migrationsToRun(facts);
  if (toRun) op.state.migrations = toRun;
  op.standing = facts.standing?.seen === 'present' ? facts.standing : undefined;
  op.say(op.state.doing);
  const decision = decidePreflight(op.state.preflight);
  return decision.go ? undefined : { outcome: 'rejected', reasonCode: 'PreflightFailed', reason: decision.reason };
}

/** A registry that is away ends it within seconds, with its own words. */
async function resolveImage(plan: DeployPlan): Promise<string | Ending> {
  const { resolveImage: resolve } = proxyLocalActivities<Activities>(localLookupProfile());
  try {
    return (await resolve({ plan })).image;
  } catch (error) {
    return failed(error, 'PreflightFailed', `image of ${plan.service} ${plan.version}`);
  }
}

async function build(op: Operation, plan: DeployPlan): Promise<string | Ending> {
  if (plan.build.kind !== 'localCommand') throw new Error(`nothing to build for ${plan.build.kind}`);
  op.enter('building', `building ${plan.service} ${plan.version}`);
  const read = proxyActivities<Activities>(readProfile());
  const wait = proxyActivities<Activities>(waitProfile(plan.build.timeoutMs));
  try {
    const { jobId } = await read.startBuild({ plan, buildId: op.requestId });
    return (await wait.awaitBuild({ plan, jobId })).image;
  } catch (error) {
    return failed(error, 'BuildFailed', `build of ${plan.service} ${plan.version}`);
  }
}

function failed(error: unknown, reasonCode: 'BuildFailed' | 'PreflightFailed', what: string): Ending {
  // A local activity fails in its own words, any other wrapped.
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof TemporalFailure) || isCancellation(cause)) throw error;
  return { outcome: 'rejected', reasonCode, reason: `${what}: ${rootCause(error) ?? cause.message}` };
}
