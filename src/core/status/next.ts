/** Text 4: what comes next, and when. */
import type { DeployPhase, DeployState } from '../model/deploy-state.ts';
import type { Outcome } from '../model/operation.ts';
import type { CanaryStep } from '../model/plan.ts';
import { askedStep, currentStep, followingStep, stepInWords } from './step-in-words.ts';
import { momentInWords, sentence, spanInWords } from './words.ts';

export interface NextEvent {
  readonly text: string;
  /** When it is due; left out where only the work itself decides. */
  readonly atMs?: number;
}

/** What happens next if nobody does anything. */
export function whatComesNext(state: DeployState, nowMs: number): NextEvent {
  const event = decided(state) ?? held(state) ?? ORDINARY[state.phase](state);
  if (event.atMs === undefined) return { text: sentence(event.text) };
  const when = event.atMs >= nowMs ? `At ${momentInWords(event.atMs)}` : `Due since ${momentInWords(event.atMs)}`;
  return { text: sentence(`${when}: ${event.text}`), atMs: event.atMs };
}

/** A decision that was taken this moment: the workflow has accepted it and carries it out with its next step. */
function decided(state: DeployState): NextEvent | undefined {
  const last = state.decisions.at(-1);
  if (!last || state.phase === 'undoing' || state.phase === 'ended') return undefined;
  const { waiting, stepStartedAtMs, phaseSinceMs } = state;
  switch (last.what) {
    case 'abort':
    case 'reject':
      return { text: state.before ? 'Now: it stops, and what was changed is put back' : 'Now: it ends' };
    case 'approve':
      return waiting?.for === 'approval' && last.atMs >= waiting.sinceMs
        ? { text: `Now: ${approved(state)}` }
        : undefined;
    case 'resume':
      return waiting?.for === 'resume' && !state.paused ? { text: 'Now: the steps go on' } : undefined;
    case 'skipStep':
    case 'promoteNow':
      return state.phase === 'canary' && last.atMs >= (stepStartedAtMs ?? phaseSinceMs)
        ? { text: 'Now: this step ends' }
        : undefined;
    case 'pause':
    case 'acceptUnrestored':
      return undefined;
  }
}

/** What a wait, a pause or a foreign change puts before the ordinary course. */
function held(state: DeployState): NextEvent | undefined {
  if (state.phase === 'ended') return undefined;
  const { waiting, plan } = state;
  if (waiting?.for === 'help') {
    return { text: 'the undo of this object is tried again and again until it is confirmed or a person accepts it' };
  }
  if (state.phase === 'undoing') return undefined;
  if (state.foreign.length > 0) {
    const patience = plan ? ` after ${spanInWords(plan.deadlines.foreignChangeMs)}` : '';
    return { text: `it goes on when the change is taken back; else its own fields are rolled back${patience}` };
  }
  if (state.paused) {
    const deadlineMs = waiting?.for === 'resume' ? waiting.deadlineMs : pauseDeadline(state);
    const text = 'rolled back, unless someone resumes it before';
    return deadlineMs === undefined ? { text } : { text, atMs: deadlineMs };
  }
  switch (waiting?.for) {
    case 'approval':
      return {
        text: `${waiting.onDeadline === 'approve' ? 'approved' : 'rejected'} by deadline; an approval before that lets it go on: ${approved(state)}`,
        atMs: waiting.deadlineMs,
      };
    case 'turn':
      return {
        text: `rejected, unless its turn came before; it begins as soon as ${waiting.owner} has ended`,
        atMs: waiting.deadlineMs,
      };
    case 'data':
      return { text: 'rolled back, unless the missing data arrived before', atMs: waiting.deadlineMs };
    case 'resume':
    case undefined:
      return undefined;
  }
}

function pauseDeadline(state: DeployState): number | undefined {
  return state.paused && state.plan ? state.paused.sinceMs + state.plan.deadlines.pauseMs : undefined;
}

function approved(state: DeployState): string {
  if (state.phase === 'awaitingStart') return 'it checks once more and begins';
  return askedInWords(state);
}

const ORDINARY: Readonly<Record<DeployPhase, (state: DeployState) => NextEvent>> = {
  preparing: (state) => ({
    text:
      state.input.dryRun === true ? 'the plan and the checks are shown, and it ends' : 'the image is built or found',
  }),
  building: (state) => ({
    text: state.plan?.startApproval
      ? 'a person is asked to approve the start'
      : `it takes the service over, then ${first(state)}`,
  }),
  awaitingStart: () => ({ text: 'after an approval it checks once more and begins' }),
  queued: () => ({ text: 'it begins as soon as the owner before it has ended' }),
  claiming: (state) => ({ text: state.plan?.migrations ? 'the migrations of its database are applied' : first(state) }),
  migrating: (state) => ({ text: first(state) }),
  canary: afterStep,
  awaitingApproval: (state) => ({ text: `after an approval ${askedInWords(state)}` }),
  promoting: (state) => ({
    text: `the new version becomes the stable one, the objects of the canary are removed${bakeInWords(state)}`,
  }),
  baking: (state) =>
    state.plan
      ? {
          text: 'it ends as promoted, if nothing speaks against it until then',
          atMs: state.phaseSinceMs + state.plan.bakeMs,
        }
      : { text: 'it ends as promoted, if nothing speaks against it' },
  undoing: () => ({ text: 'when every object is confirmed, it gives the service free and ends' }),
  ended: (state) => ({
    text: state.result ? AFTER[state.result.outcome] : 'nothing; look at its history for the failure',
  }),
};

const AFTER: Readonly<Record<Outcome, string>> = {
  promoted: 'nothing: it is done and the service is free for the next operation',
  unchanged: 'nothing: there was nothing to do',
  rolledBack: 'nothing by itself: mend the version and deploy again',
  rejected: 'nothing by itself: mend what the reason names and deploy again',
  aborted: 'nothing by itself: deploy again when it is wanted',
  superseded: 'nothing here: the operation that took the service over decides about it',
  planned: 'nothing: deploy without the dry run to carry it out',
};

function afterStep(state: DeployState): NextEvent {
  const step = currentStep(state);
  if (!step) return { text: first(state) };
  if (state.stepStartedAtMs === undefined || state.weightPercent !== step.weightPercent) {
    return {
      text: `${step.weightPercent} % is confirmed at the router, then watched for ${spanInWords(step.durationMs)}`,
    };
  }
  const following = followingStep(state);
  const then = following ? beginning(state, following) : 'the new version is promoted';
  return { text: `${then}, if the step passes`, atMs: state.stepStartedAtMs + step.durationMs };
}

function first(state: DeployState): string {
  if (state.before?.first === true) return 'the first version is brought up';
  const step = state.plan?.steps[0];
  return step ? beginning(state, step) : 'the canary begins';
}

function askedInWords(state: DeployState): string {
  const step = askedStep(state);
  return step ? `${stepInWords(state, step)} begins` : 'the next step begins';
}

function beginning(state: DeployState, step: CanaryStep): string {
  return step.approval
    ? `a person is asked to approve ${stepInWords(state, step)}`
    : `${stepInWords(state, step)} begins`;
}

function bakeInWords(state: DeployState): string {
  return state.plan && state.plan.bakeMs > 0 ? `, then it bakes for ${spanInWords(state.plan.bakeMs)}` : '';
}
