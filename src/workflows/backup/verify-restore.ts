/** Proves that a backup can be restored: a copy with an end of its own, disarmed, checked, measured, deleted, reported. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  CancellationScope,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { BackupActivities } from '../../activities/backup-activities.ts';
import type { ChooseSnapshotResult } from '../../activities/database/types.ts';
import type { PrepareCopyResult, RunRestoreSuiteResult } from '../../activities/temporary/types.ts';
import { temporaryName } from '../../core/backup/names.ts';
import type { BackupEnding, BackupResult, VerifyRestoreInput } from '../../core/model/backup-operation.ts';
import type { DatabasePlan, SnapshotChoice } from '../../core/model/database.ts';
import type { TemporaryInstance } from '../../core/model/temporary.ts';
import {
  couldNot,
  endingAfterTeardown,
  endingOfNotStarted,
  endingOfPreparation,
  endingOfStep,
  endingOfSuite,
  endingOfWait,
  type VerificationStep,
} from '../../core/verification/endings.ts';
import { checksInWords, choiceOf, verificationFacts } from '../../core/verification/facts.ts';
import { localReadProfile, startProfile, waitProfile } from '../shared/profiles.ts';
import { Kept } from '../temporary/kept.ts';
import { BackupRun, troubleIn } from './backup-run.ts';
import { record } from './record.ts';

type Chosen = Extract<ChooseSnapshotResult, { outcome: 'chosen' }>;
type Ready = Extract<PrepareCopyResult, { outcome: 'prepared' }>;

/** What is known so far; the report is made of it, however far it came. */
interface Verification {
  plan?: DatabasePlan;
  chosen?: Chosen;
  kept?: Kept;
  /** A call that creates the copy may still be under way. */
  unsettled: boolean;
  firstQueryAtMs?: number;
  suite?: RunRestoreSuiteResult;
}

export async function verifyRestore(input: VerifyRestoreInput): Promise<BackupResult> {
  const run = new BackupRun('verifyRestore', { database: input.database, environment: input.environment }, input);
  const seen: Verification = { unsettled: false };
  const ending = await run.forward(
    () => verify(run, seen, input),
    (problem) => endingOfStep('plan', problem),
  );
  return CancellationScope.nonCancellable(async () => {
    const end = await teardown(run, seen, ending);
    if (end.outcome === 'passed') await markVerified(run, seen);
    const result = resultOf(run, seen, end);
    if (end.outcome !== 'planned') await record(run, result);
    run.end(result, end.cancelled === true);
    if (end.cancelled) throw new CancelledFailure(end.reason);
    return result;
  });
}

async function verify(run: BackupRun, seen: Verification, input: VerifyRestoreInput): Promise<BackupEnding> {
  const { resolveDatabase } = proxyLocalActivities<BackupActivities>(localReadProfile());
  run.enter('preparing');
  const { plan } = await resolveDatabase({ operation: 'verifyRestore', input });
  seen.plan = plan;
  const chosen = await choose(run, plan, input);
  if (chosen.outcome !== 'chosen') return chosen;
  seen.chosen = chosen;
  if (input.dryRun === true) {
    const reason = `dry run: ${chosen.snapshot.identifier} would be restored (${chosen.reason}); nothing was changed`;
    return { outcome: 'planned', reasonCode: 'DryRun', reason };
  }
  const temporary = temporaryOf(run, plan);
  return (
    (await keep(run, seen, plan, temporary)) ??
    (await restore(run, seen, plan, temporary, chosen)) ??
    (await awaitReady(run, plan, temporary)) ??
    (await check(run, seen, plan, temporary, chosen))
  );
}

async function choose(
  run: BackupRun,
  plan: DatabasePlan,
  { snapshot }: VerifyRestoreInput,
): Promise<Chosen | BackupEnding> {
  const { chooseSnapshot } = proxyActivities<BackupActivities>(startProfile());
  const asked: { readonly choice: SnapshotChoice; readonly identifier?: string } = choiceOf(plan, snapshot);
  const chosen = await step(run, 'choose', 'choose', 'choosing', () =>
    chooseSnapshot({ plan, ...asked, nominalAtMs: run.state.nominalAtMs }),
  );
  if (chosen.outcome === 'none') return couldNot('NoSnapshot', chosen.reason);
  if (chosen.outcome !== 'chosen') return chosen;
  run.saw(`snapshot ${chosen.snapshot.identifier}: ${chosen.reason}`);
  if (!chosen.manifest) run.warn('the snapshot has no manifest: what only a manifest proves cannot be verified');
  return chosen;
}

function temporaryOf(run: BackupRun, plan: DatabasePlan): TemporaryInstance {
  return {
    region: plan.region,
    identifier: temporaryName(plan.database, run.mark),
    ...run.mark,
    database: `${plan.environment}/${plan.database}`,
    expiresAtMs: Date.now() + plan.verification.expiryMs,
  };
}

/** Before anything is created, somebody answers for its end. */
async function keep(
  run: BackupRun,
  seen: Verification,
  plan: DatabasePlan,
  temporary: TemporaryInstance,
): Promise<BackupEnding | undefined> {
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('stopped before a keeper was needed');
  const kept = new Kept(plan, temporary);
  seen.kept = kept;
  // Not cancelled half-way: a keeper that was started must be known to be asked.
  const problem = await run.timed('keep', 'keeping', () => CancellationScope.nonCancellable(() => kept.start()));
  if (problem !== undefined) return couldNot('KeeperFailed', `step keep: ${problem}; nothing was created`);
  run.state.temporary = temporary;
  run.state.keeper = kept.workflowId;
  return undefined;
}

async function restore(
  run: BackupRun,
  seen: Verification,
  plan: DatabasePlan,
  temporary: TemporaryInstance,
  { snapshot }: Chosen,
): Promise<BackupEnding | undefined> {
  const { restoreInstance } = proxyActivities<BackupActivities>(startProfile());
  const { region, identifier, arn } = snapshot;
  seen.unsettled = true;
  const started = await step(run, 'restore', 'restore', 'restoring', async () => {
    try {
      const answer = await restoreInstance({ plan, temporary, snapshot: { region, identifier, arn } });
      seen.unsettled = false;
      return answer;
    } catch (error) {
      seen.unsettled = !isAnswer(error);
      throw error;
    }
  });
  if (started.outcome === 'couldNotStart') return endingOfNotStarted(started.reasonCode, started.reason);
  if (started.outcome !== 'started') return started;
  run.saw(
    `${temporary.identifier} ${started.adopted ? 'was there already, made by an earlier attempt' : 'is being made'}`,
  );
  return undefined;
}

async function awaitReady(
  run: BackupRun,
  plan: DatabasePlan,
  temporary: TemporaryInstance,
): Promise<BackupEnding | undefined> {
  const { readyWithinMs, pollMs } = plan.verification;
  const { awaitInstance } = proxyActivities<BackupActivities>(waitProfile(readyWithinMs));
  const untilMs = Date.now() + readyWithinMs;
  const ready = await step(
    run,
    'await',
    'available',
    'waiting',
    () => awaitInstance({ temporary, untilMs, pollMs }),
    untilMs,
  );
  if (ready.outcome === 'failed' || ready.outcome === 'deadline') return endingOfWait(ready.outcome, ready.reason);
  if (ready.outcome !== 'ready') return ready;
  for (const warning of ready.warnings) run.warn(warning);
  run.saw(`it became ready: ${ready.instance.instanceClass}, ${ready.instance.allocatedGb} GB`);
  return undefined;
}

async function check(
  run: BackupRun,
  seen: Verification,
  plan: DatabasePlan,
  temporary: TemporaryInstance,
  { snapshot, manifest }: Chosen,
): Promise<BackupEnding> {
  const prepared = await prepare(run, plan, temporary);
  if (prepared.outcome !== 'prepared') return prepared;
  seen.firstQueryAtMs = Date.now();
  // The keeper deletes at the expiry, whatever runs: the suite must have ended by then.
  const leftMs = Math.max(60_000, temporary.expiresAtMs - Date.now());
  const { runRestoreSuite } = proxyActivities<BackupActivities>(waitProfile(leftMs));
  const { endpoint } = prepared;
  const asOfMs = snapshot.takenAtMs ?? run.state.nominalAtMs;
  const suite = await step(
    run,
    'suite',
    'checks',
    'checking',
    () => runRestoreSuite({ plan, temporary, endpoint, ...(manifest && { manifest }), asOfMs }),
    temporary.expiresAtMs,
  );
  if ('outcome' in suite) return suite;
  seen.suite = suite;
  run.saw(checksInWords(suite));
  for (const warning of suite.warnings) run.warn(warning);
  return endingOfSuite(suite.verdict, suite.reasons);
}

async function prepare(
  run: BackupRun,
  plan: DatabasePlan,
  temporary: TemporaryInstance,
): Promise<Ready | BackupEnding> {
  const { readyWithinMs } = plan.verification;
  const { prepareCopy } = proxyActivities<BackupActivities>(waitProfile(readyWithinMs));
  const untilMs = Date.now() + readyWithinMs;
  const prepared = await step(
    run,
    'prepare',
    'connect',
    'disarming',
    () => prepareCopy({ plan, temporary, untilMs }),
    untilMs,
  );
  if (prepared.outcome === 'couldNotPrepare') return endingOfPreparation(prepared.reasonCode, prepared.reason);
  if (prepared.outcome !== 'prepared') return prepared;
  if (prepared.disarmed.length > 0) run.saw(`disarmed: ${prepared.disarmed.join(', ')}`);
  for (const lacking of prepared.lacking) run.warn(lacking);
  return prepared;
}

/** Asks for the deletion and waits for the proof. What is left makes it a FAIL. */
async function teardown(run: BackupRun, seen: Verification, ending: BackupEnding): Promise<BackupEnding> {
  const { kept } = seen;
  if (!kept) return ending;
  const { removed, left } = await run.timed('delete', 'deleting', () => kept.finish(!seen.unsettled));
  run.state.removed = removed;
  return endingAfterTeardown(ending, left);
}

/** Retention keeps the newest that are marked (S7). A mark that cannot be set changes no verdict. */
async function markVerified(run: BackupRun, { plan, chosen }: Verification): Promise<void> {
  if (!plan || !chosen) return;
  const { region, identifier, arn } = chosen.snapshot;
  const { markVerified: mark } = proxyActivities<BackupActivities>(startProfile());
  try {
    const verifiedAtMs = Date.now();
    const { marked, notMarked } = await mark({ plan, snapshot: { region, identifier, arn }, verifiedAtMs });
    if (marked.length === 0) run.warn(`the snapshot could not be marked as verified: ${notMarked.join('; ')}`);
  } catch (error) {
    run.warn(`the snapshot could not be marked as verified, so retention does not know: ${troubleIn(error)}`);
  }
}

function resultOf(run: BackupRun, seen: Verification, ending: BackupEnding): BackupResult {
  const { plan, chosen, suite, firstQueryAtMs } = seen;
  const chooseAtMs = run.state.phases.find(({ name }) => name === 'choose')?.startedAtMs;
  const restoreMs = firstQueryAtMs === undefined || chooseAtMs === undefined ? undefined : firstQueryAtMs - chooseAtMs;
  const { snapshot, manifest } = chosen ?? {};
  return {
    ...run.result(ending),
    ...(snapshot && {
      source: {
        name: snapshot.identifier,
        region: snapshot.region,
        ...(snapshot.takenAtMs !== undefined && { takenAtMs: snapshot.takenAtMs }),
        ...(manifest && { manifest: `s3://${manifest.bucket}/${manifest.key}` }),
      },
    }),
    ...(plan &&
      ending.outcome !== 'planned' && {
        verification: verificationFacts(plan, ending, run.state.nominalAtMs, restoreMs, suite),
      }),
    ...(plan && { catalogueDigest: plan.catalogueDigest }),
    ...(plan && ending.outcome === 'planned' && { plan }),
  };
}

/** The activity itself said how it ended: nothing is under way any more that could create the copy later. */
function isAnswer(error: unknown): boolean {
  // Stopped before it was sent.
  if (error instanceof CancelledFailure) return true;
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause instanceof ApplicationFailure && cause.type !== 'OutcomeUnknown';
}

/** One activity of the way forward, timed; what no retry mends becomes an ending that names the step. */
async function step<T>(
  run: BackupRun,
  name: VerificationStep,
  timedAs: string,
  phase: string,
  body: () => Promise<T>,
  deadlineMs?: number,
): Promise<T | BackupEnding> {
  try {
    return await run.timed(timedAs, phase, body, deadlineMs);
  } catch (error) {
    return endingOfStep(name, troubleIn(error));
  }
}
