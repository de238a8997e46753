/** Whether a message makes sense now. Each refusal says what is the case and what one may do instead. */
import type { DeployState } from '../model/deploy-state.ts';
import type { MessageInputs, MessageName } from './message-inputs.ts';

/** Why the message is refused in this state, or undefined. Nothing is changed here: update validators call it. */
export function whyNot<Name extends MessageName>(
  name: Name,
  message: MessageInputs[Name],
  state: DeployState,
): string | undefined {
  return whyNotNow(name, state) ?? whyNotThis(name, message, state);
}

/** The part that does not depend on the message's content: `status` lists as possible what has no reason here. */
export function whyNotNow(name: MessageName, state: DeployState): string | undefined {
  if (state.phase === 'ended') return `it has ended (${state.result?.outcome ?? 'without a result'}); ${AFTER_END}`;
  if (state.phase === 'undoing' && name !== 'acceptUnrestored') return whyNotWhileUndoing(name, state);
  switch (name) {
    case 'approve':
      return whyNotPending(state) ?? whyNotWhilePaused(state);
    case 'reject':
      return whyNotPending(state);
    case 'pause':
      return whyNotPause(state);
    case 'resume':
      return state.paused ? undefined : 'it is not paused; nothing has to be resumed';
    case 'skipStep':
    case 'promoteNow':
      return whyNotShorten(state);
    case 'abort':
      return undefined;
    case 'acceptUnrestored':
      return whyNotAccept(state);
  }
}

const AFTER_END = 'no message changes it any more. mainstay deploy starts a new one';

function whyNotWhileUndoing(name: MessageName, state: DeployState): string {
  const why = state.undoReason === undefined ? '' : ` because ${state.undoReason}`;
  const help = state.waiting?.for === 'help' ? `acceptUnrestored accepts ${state.waiting.object} as it is` : undefined;
  const instead = help ?? 'wait until it has put everything back, then deploy again';
  if (name === 'abort') return `it is being undone already${why}; ${instead}`;
  return `it is being undone${why}, and an undo is not changed by ${name}; ${instead}`;
}

function whyNotPending(state: DeployState): string | undefined {
  if (state.waiting?.for === 'approval') return undefined;
  const next = state.plan?.steps.find((step) => step.approval && step.index > (state.step ?? -1));
  const when = next === undefined ? '' : `; the next one is asked before ${next.weightPercent} %`;
  return `no approval is asked for now (phase ${state.phase})${when}. abort ends the deployment`;
}

function whyNotWhilePaused(state: DeployState): string | undefined {
  if (!state.paused) return undefined;
  return `it was paused by ${state.paused.by} (${state.paused.reason}) and keeps its weight; resume it first, or reject`;
}

/** A pause keeps the weight where it is: there must be weights that will change. */
function whyNotPause(state: DeployState): string | undefined {
  if (state.paused) return `it is paused already, by ${state.paused.by} (${state.paused.reason}); resume lets it go on`;
  switch (state.phase) {
    case 'canary':
    case 'awaitingApproval':
      return undefined;
    case 'promoting':
      return 'the promotion is not stopped half-way; abort puts back what was found before';
    case 'baking':
      return 'no weight changes any more while it bakes; abort puts back what was found before';
    default:
      return `no traffic has been shifted yet (phase ${state.phase}); abort ends it, and nothing has been changed`;
  }
}

/** skipStep and promoteNow take time away from a step that is watched; they neither approve nor resume. */
function whyNotShorten(state: DeployState): string | undefined {
  if (state.operation === 'restoreService') return 'a restore has no steps; wait until it has put everything back';
  if (state.phase === 'awaitingApproval') return 'a step waits for an approval; approve or reject it';
  if (state.phase !== 'canary') return `no canary step runs (phase ${state.phase}); status says what comes next`;
  return state.paused
    ? `it was paused by ${state.paused.by} (${state.paused.reason}) and keeps its weight; resume it first`
    : undefined;
}

function whyNotAccept(state: DeployState): string | undefined {
  if (state.waiting?.for === 'help') return undefined;
  if (state.phase === 'undoing') return 'everything is still being put back; there is nothing to accept. Wait';
  return `nothing is being undone (phase ${state.phase}); abort would put back what was found before`;
}

function whyNotThis(name: MessageName, message: MessageInputs[MessageName], state: DeployState): string | undefined {
  if (name === 'approve' && 'plan' in message) return whyNotPlan(message.plan, state.planDigest);
  if (name === 'acceptUnrestored' && 'object' in message) return whyNotObject(message.object, state);
  return undefined;
}

function whyNotPlan(named: string, digest: string | undefined): string | undefined {
  if (digest === undefined) return 'plan and image are not known yet; approve when status shows the plan digest';
  if (digest.startsWith(named.replace('sha256:', ''))) return undefined;
  return `the approval names plan ${named}, but this is plan ${digest.slice(0, 12)}; look at it with status, then approve that`;
}

function whyNotObject(object: string | undefined, state: DeployState): string | undefined {
  const waiting = state.waiting?.for === 'help' ? state.waiting.object : undefined;
  if (object === undefined || object === waiting) return undefined;
  return `${object} does not wait for help; ${waiting ?? 'nothing'} does`;
}
