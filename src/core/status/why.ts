/** Text 2: why the operation is where it is. */
import type { DeployPhase, DeployState, Waiting } from '../model/deploy-state.ts';
import type { ForeignChange } from '../model/operation.ts';
import { currentStep } from './step-in-words.ts';
import { momentInWords, paragraph, spanInWords } from './words.ts';

/** Every cause at once, the one that a person can act on first. */
export function whyHere(state: DeployState): string {
  if (state.phase === 'ended') {
    return state.result
      ? paragraph(`${state.result.reason} (${state.result.reasonCode})`)
      : 'The workflow closed without a result: it failed or was ended from outside.';
  }
  const causes = [
    helpInWords(state.waiting),
    state.phase === 'undoing' ? `The undo began because ${state.undoReason ?? 'the operation was interrupted'}` : '',
    state.foreign.length > 0
      ? `${state.phase === 'undoing' ? 'Found meanwhile' : 'Holding'}: ${state.foreign.map(foreignInWords).join('; ')}`
      : '',
    pausedInWords(state),
    waitingInWords(state),
    state.doing === undefined || isWatching(state) ? '' : `Now: ${state.doing}`,
  ].filter((cause) => cause !== '');
  if (causes.length === 0) causes.push(ORDINARY[state.phase](state));
  return paragraph(...causes, lastDecision(state));
}

/** While it only watches, what was done before is over: the step, the approval or the bake is the reason then. */
function isWatching(state: DeployState): boolean {
  if (state.phase !== 'canary') return state.phase === 'awaitingApproval' || state.phase === 'baking';
  return state.stepStartedAtMs !== undefined && currentStep(state)?.weightPercent === state.weightPercent;
}

/** `someone else changed HTTPRoute crm/crm-api, weights: expected 90/10, found 100/0` */
export function foreignInWords(change: ForeignChange): string {
  return `someone else changed ${change.object}, ${change.field}: expected ${change.expected}, found ${change.observed}`;
}

function helpInWords(waiting: Waiting | undefined): string {
  return waiting?.for === 'help'
    ? `Help is needed since ${momentInWords(waiting.sinceMs)}: ${waiting.object} cannot be restored: ${waiting.problem}`
    : '';
}

function pausedInWords(state: DeployState): string {
  if (!state.paused) return '';
  const { by, reason, sinceMs } = state.paused;
  return `Paused by ${by} since ${momentInWords(sinceMs)}${reason ? ` (${reason})` : ''}; watching goes on, a bad canary is still rolled back`;
}

function waitingInWords(state: DeployState): string {
  const { waiting } = state;
  if (!waiting) return '';
  switch (waiting.for) {
    case 'approval':
      if (waiting.why !== undefined) {
        return `The data cannot decide, so a person is asked since ${momentInWords(waiting.sinceMs)}: ${waiting.why}`;
      }
      return state.phase === 'awaitingStart'
        ? `The plan asks for an approval before anything is changed; asked at ${momentInWords(waiting.sinceMs)}`
        : `The plan asks for an approval before the next step; asked at ${momentInWords(waiting.sinceMs)}`;
    case 'turn':
      return `${waiting.owner} owns the service; this one is number ${waiting.position} in the queue since ${momentInWords(waiting.sinceMs)}`;
    case 'resume':
      return ''; // told with who paused it; resumed a moment ago, it goes on
    case 'data':
      return `The time of the step is over, but data is missing since ${momentInWords(waiting.sinceMs)}: ${waiting.missing}. Missing data is never a pass`;
    case 'help':
      return '';
  }
}

const ORDINARY: Readonly<Record<Exclude<DeployPhase, 'ended'>, (state: DeployState) => string>> = {
  preparing: () => 'It has just begun: the first activity reads the catalogue of the worker',
  building: (state) =>
    state.plan?.build.kind === 'localCommand'
      ? `The preflight allows it; ${state.plan.build.command[0] ?? 'the build command'} makes the image that is deployed`
      : 'The preflight allows it; the tag is resolved to a digest, because only digests are deployed',
  awaitingStart: () => 'The plan asks for an approval before anything is changed',
  queued: () => 'Another operation owns the service, and this one was asked to queue',
  claiming: () => 'One operation at a time may change a service: it marks the objects as its own before it changes any',
  migrating: () =>
    'The new version may need what the expand files add; the version before runs with them too, so they come first',
  canary: (state) => {
    const step = currentStep(state);
    if (!step || state.stepStartedAtMs === undefined || state.weightPercent !== step.weightPercent)
      return 'Capacity comes before traffic: the step is being set up';
    return `The step is watched for ${spanInWords(step.durationMs)} since ${momentInWords(state.stepStartedAtMs)}; a bad look ends it earlier`;
  },
  awaitingApproval: () => 'The plan asks for an approval before the next step',
  promoting: (state) =>
    state.before?.first === true
      ? 'No version was serving, so there is nothing to compare with'
      : 'All steps of the canary passed',
  baking: () => 'The promotion is done; the bake finds what shows only after a while at full traffic',
  undoing: () => 'The undo is under way',
};

function lastDecision(state: DeployState): string {
  const last = state.decisions.at(-1);
  if (!last || (last.what === 'pause' && state.paused)) return '';
  return `Last decision: ${last.what} by ${last.by} at ${momentInWords(last.atMs)}${last.reason ? ` (${last.reason})` : ''}`;
}
