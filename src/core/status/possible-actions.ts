/** Text 5: what one may do now, ready to paste. */
import { MESSAGE_NAMES } from '../messages/message-inputs.ts';
import { whyNotNow } from '../messages/why-not.ts';
import type { Decision, DeployState, PossibleAction } from '../model/deploy-state.ts';
import { TASK_QUEUES, WORKFLOWS } from '../model/names.ts';
import { askedStep, followingStep, stepInWords } from './step-in-words.ts';

/** Exactly what the validators of the messages accept now; `status` always, and `deployAgain` after an end that a new attempt may mend. */
export function possibleActions(state: DeployState): readonly PossibleAction[] {
  const actions = MESSAGE_NAMES.filter((name) => whyNotNow(name, state) === undefined).map((action) =>
    message(action, state),
  );
  if (mayDeployAgain(state)) actions.push(deployAgain(state));
  actions.push({
    action: 'status',
    why: state.phase === 'ended' ? 'read the whole account' : 'look at it with the live numbers',
    command: `mainstay status --id ${quote(state.workflowId)}`,
    temporal: `temporal workflow query --workflow-id ${quote(state.workflowId)} --name status`,
  });
  return actions;
}

function whyOf(action: Decision['what'], state: DeployState): string {
  switch (action) {
    case 'approve': {
      const step = state.phase === 'awaitingStart' ? undefined : askedStep(state);
      return step ? `let ${stepInWords(state, step)} begin` : 'let it begin';
    }
    case 'reject':
      return state.phase === 'awaitingStart' ? 'end it; nothing has been changed' : 'roll it back';
    case 'acceptUnrestored':
      return 'end the undo although this object differs, and answer for it by name';
    case 'resume':
      return 'let the steps go on';
    case 'pause':
      return 'keep the weight where it is; watching goes on';
    case 'skipStep': {
      const step = followingStep(state);
      return step ? `go to ${stepInWords(state, step)} now` : 'end the last step now';
    }
    case 'promoteNow':
      return 'promote without the rest of the steps; a verdict to roll back still wins';
    case 'abort':
      return state.before ? 'stop it and put back what was found before' : 'stop it; nothing has been changed';
  }
}

/** Before it owns the service the operation is found by its id only, afterwards by service and environment. */
function target(state: DeployState): string {
  const isOwner = state.term !== undefined;
  return isOwner
    ? `${quote(state.input.service)} --environment ${quote(state.input.environment)}`
    : `--id ${quote(state.workflowId)}`;
}

function message(action: Decision['what'], state: DeployState): PossibleAction {
  const plan = action === 'approve' ? (state.planDigest ?? '').slice(0, 8) : undefined;
  const object = action === 'acceptUnrestored' && state.waiting?.for === 'help' ? state.waiting.object : undefined;
  const words = action.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const parts = [
    `mainstay ${words} ${target(state)}`,
    plan === undefined ? '' : `--plan ${plan}`,
    object === undefined ? '' : `--object ${quote(object)}`,
    `--by "$USER" --reason "..."`,
  ];
  const input = JSON.stringify({ plan, object, by: 'you', reason: '...' });
  return {
    action,
    why: whyOf(action, state),
    command: parts.filter((part) => part !== '').join(' '),
    temporal: `temporal workflow update execute --workflow-id ${quote(state.workflowId)} --name ${action} --input ${quote(input)}`,
  };
}

function mayDeployAgain(state: DeployState): boolean {
  const outcome = state.result?.outcome;
  return state.phase === 'ended' && outcome !== 'promoted' && outcome !== 'unchanged';
}

function deployAgain(state: DeployState): PossibleAction {
  const { service, environment, version } = state.input;
  const input = JSON.stringify({ service, environment, version });
  return {
    action: 'deployAgain',
    why: state.result?.outcome === 'planned' ? 'carry the plan out' : 'try again, or with another version',
    command: `mainstay deploy ${quote(service)} --environment ${quote(environment)} --version ${quote(version)}`,
    temporal: `temporal workflow start --type ${WORKFLOWS.deployService} --task-queue ${TASK_QUEUES.main} --input ${quote(input)}`,
  };
}

/** Quotes a word for a POSIX shell where it needs it. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
