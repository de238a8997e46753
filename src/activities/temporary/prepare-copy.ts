/**
 * Makes the copy ready for the suite: isolation is checked at the provider, then the master gets a password of ours, then
 * the suite disarms subscriptions and makes its role.
 * - reply lost, worker dies, runs twice: the same password is set again, the suite's preparation may be repeated;
 * - someone else changed it: an instance that is not ours or not isolated is not connected to;
 * - cancelled: between two steps; the copy is deleted anyway.
 */
import { Context } from '@temporalio/activity';
import { whyNotOurs } from '../../core/backup/assess-adoption.ts';
import { assessInstance } from '../../core/backup/assess-instance.ts';
import { whyNotIsolated } from '../../core/backup/assess-isolation.ts';
import type { Endpoint, InstanceFacts } from '../../core/model/backup.ts';
import { type CodedError, isCoded } from '../../errors/coded-error.ts';
import { isRetryable } from '../../errors/codes.ts';
import { checkCancelled, withHeartbeats } from '../mutation.ts';
import { copyUrl, passwordOf, type TemporaryActivityDeps } from './deps.ts';
import { mustBeTemporary } from './ours.ts';
import type { PrepareCopyInput, PrepareCopyResult } from './types.ts';

type Refusal = Extract<PrepareCopyResult, { outcome: 'couldNotPrepare' }>;

/** A wait of minutes: asked as often as the plan says, and at most so rarely. */
const LONGEST_PAUSE_MS = 5_000;

export function createPrepareCopy(deps: TemporaryActivityDeps) {
  return {
    async prepareCopy(input: PrepareCopyInput): Promise<PrepareCopyResult> {
      return withHeartbeats(async (tell) => {
        mustBeTemporary(input.temporary);
        const isolated = await lookIsolated(deps, input, tell);
        if ('outcome' in isolated) return isolated;
        const set = await setPassword(deps, input, tell);
        if ('outcome' in set) return set;
        return prepare(deps, input, set.endpoint, tell);
      });
    },
  };
}

/** Nobody connects before this holds. */
async function lookIsolated(
  { aws }: TemporaryActivityDeps,
  { plan, temporary }: PrepareCopyInput,
  tell: (doing: string) => void,
): Promise<InstanceFacts | Refusal> {
  const { identifier, region } = temporary;
  tell(`looking whether ${identifier} is isolated`);
  const instance = await aws.rds(region).findInstance(identifier, Context.current().cancellationSignal);
  if (instance === undefined) return notPrepared('gone', `instance ${identifier} in ${region}: not there any more`);
  const foreign = whyNotOurs(instance.tags, temporary);
  if (foreign !== undefined) return notPrepared('notOurs', `instance ${identifier}: not ours: ${foreign}`);
  const problems = whyNotIsolated(instance, plan.verification);
  if (problems.length > 0) {
    return notPrepared('notIsolated', `instance ${identifier}: ${problems.join('; ')}; nobody connects to it`);
  }
  return instance;
}

/** The copy carries the passwords of its snapshot, which we do not know. */
async function setPassword(
  deps: TemporaryActivityDeps,
  { plan, temporary, untilMs }: PrepareCopyInput,
  tell: (doing: string) => void,
): Promise<{ readonly endpoint: Endpoint } | Refusal> {
  const { identifier, region } = temporary;
  const rds = deps.aws.rds(region);
  const password = await passwordOf(deps, temporary, 'master');
  let isSet = false;
  let says = 'not asked yet';
  for (;;) {
    checkCancelled();
    try {
      if (!isSet) {
        tell(`setting the password of the master user of ${identifier}`);
        await rds.setMasterPassword(identifier, password);
        isSet = true;
      }
      const seen = await rds.findInstance(identifier, Context.current().cancellationSignal);
      const assessment = assessInstance(seen);
      if (assessment.state === 'ready') return { endpoint: assessment.endpoint };
      if (assessment.state === 'failed') return notPrepared('gone', `instance ${identifier}: ${assessment.reason}`);
      says = assessment.reason;
    } catch (error) {
      if (isCoded(error, 'NotFound')) return notPrepared('gone', error.message);
      if (!isCoded(error) || !isRetryable(error.code)) throw error;
      says = error.message;
    }
    tell(says);
    if (Date.now() >= untilMs)
      return notPrepared('deadline', `instance ${identifier}: password not set in time: ${says}`);
    await pause(plan);
  }
}

/** The new password holds some moments after the provider said so. */
async function prepare(
  deps: TemporaryActivityDeps,
  input: PrepareCopyInput,
  endpoint: Endpoint,
  tell: (doing: string) => void,
): Promise<PrepareCopyResult> {
  const { temporary, untilMs } = input;
  const url = await copyUrl(deps, { ...input, endpoint }, 'master', Context.current().cancellationSignal);
  const verifierPassword = await passwordOf(deps, temporary, 'verifier');
  for (;;) {
    checkCancelled();
    tell(`preparing ${temporary.identifier}`);
    let trouble: CodedError;
    try {
      const { disarmed, lacking, refused } = await deps.suite.prepareCopy({ url, verifierPassword });
      // The suite looks at what was seen then, and its verdict is FAIL: the report is to say so in full.
      const problems = refused === undefined ? lacking : [`not isolated: ${refused}`, ...lacking];
      return { outcome: 'prepared', disarmed, lacking: problems, endpoint };
    } catch (error) {
      if (!isCoded(error) || (error.code !== 'Forbidden' && !isRetryable(error.code))) throw error;
      trouble = error;
    }
    tell(trouble.message);
    if (Date.now() >= untilMs) {
      const reasonCode = trouble.code === 'Forbidden' ? 'password' : 'unreachable';
      return notPrepared(reasonCode, `instance ${temporary.identifier}: not prepared in time: ${trouble.message}`);
    }
    await pause(input.plan);
  }
}

async function pause({ verification }: PrepareCopyInput['plan']): Promise<void> {
  await Context.current().sleep(Math.max(20, Math.min(verification.pollMs, LONGEST_PAUSE_MS)));
}

function notPrepared(reasonCode: Refusal['reasonCode'], reason: string): Refusal {
  return { outcome: 'couldNotPrepare', reasonCode, reason };
}
