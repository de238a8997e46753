/** Text 1: what runs. */
import type { DeployPhase, DeployState } from '../model/deploy-state.ts';
import type { Outcome } from '../model/operation.ts';
import { askedStep, currentStep, stepInWords } from './step-in-words.ts';
import { paragraph } from './words.ts';

const ENDED: Readonly<Record<Outcome, string>> = {
  promoted: 'promoted: the new version serves all traffic',
  unchanged: 'unchanged: this image already serves all traffic',
  rolledBack: 'rolled back: the version found before serves all traffic',
  rejected: 'rejected: it did not begin or was not allowed to go on',
  aborted: 'aborted by a person',
  superseded: 'superseded: another operation took the service over',
  planned: 'planned: a dry run, nothing was changed',
};

/** `Deploying crm-api v1.4.2 to production: canary step 2 of 5 (25 %) ...` */
export function whatRuns(state: DeployState): string {
  const { service, environment, version, requestedBy, reason, dryRun } = state.input;
  const subject =
    state.operation === 'restoreService'
      ? `Restoring ${service} in ${environment} (interrupted: ${version})`
      : `Deploying ${service} ${version} to ${environment}${dryRun === true ? ' (dry run)' : ''}`;
  const asker = requestedBy ? `Asked for by ${requestedBy}${reason ? `: ${reason}` : ''}` : undefined;
  return paragraph(`${subject}: ${PHASE_WORDS[state.phase](state)}`, asker);
}

const PHASE_WORDS: Readonly<Record<DeployPhase, (state: DeployState) => string>> = {
  preparing: () => 'preparing, reading the catalogue and checking whether it may begin',
  building: (state) => (state.plan?.build.kind === 'image' ? 'finding the image' : 'building the image'),
  awaitingStart: () => 'waiting for approval to start; all traffic is on the version found before',
  queued: () => 'queued behind another operation on this service; it has changed nothing',
  claiming: (state) =>
    `taking the service over${state.term === undefined ? '' : ` as owner number ${state.term}`}; traffic is untouched`,
  migrating: (state) =>
    `migrating the database of ${state.input.service}; traffic is untouched and the version found before serves`,
  canary: canaryInWords,
  awaitingApproval: (state) => {
    const step = askedStep(state);
    const before = step ? `before ${stepInWords(state, step)}` : 'before the next step';
    return `waiting for approval ${before}; the canary stays at ${state.weightPercent} % and is watched meanwhile`;
  },
  promoting: (state) =>
    state.before?.first === true
      ? 'bringing up the first version of this service; there is nothing to compare it with'
      : `promoting, making ${state.input.version} the stable version while the canary carries ${state.weightPercent} %`,
  baking: (state) => `baking, ${state.input.version} serves all traffic and is watched before the end`,
  undoing: (state) =>
    state.waiting?.for === 'help'
      ? 'undoing, and it needs help from a person'
      : 'undoing, giving the service back the state found before',
  ended: (state) => {
    if (!state.result) return 'ended without a result; its history tells the failure';
    const isWhole = state.result.restored.every(({ restored }) => restored);
    return isWhole ? ENDED[state.result.outcome] : `${state.result.outcome}, and not everything could be restored`;
  },
};

function canaryInWords(state: DeployState): string {
  const step = currentStep(state);
  if (!step) return `canary at ${state.weightPercent} %`;
  const share =
    step.weightPercent === state.weightPercent
      ? `${state.weightPercent} % of the traffic goes to the new version`
      : `${state.weightPercent} % of the traffic goes to the new version, ${step.weightPercent} % is being set up`;
  const paused = state.paused ? ', paused' : '';
  return `canary ${stepInWords(state, step)}${paused}; ${share}`;
}
