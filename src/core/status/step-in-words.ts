/** Which step of the ladder a state stands on, in words. */
import type { DeployState } from '../model/deploy-state.ts';
import type { CanaryStep } from '../model/plan.ts';

/** The step whose weight is being set or watched. */
export function currentStep(state: DeployState): CanaryStep | undefined {
  return state.step === undefined ? undefined : state.plan?.steps[state.step];
}

/** The step that a person is asked about: the first one above the confirmed weight that wants an approval. */
export function askedStep(state: DeployState): CanaryStep | undefined {
  return state.plan?.steps.find((step) => step.approval && step.weightPercent > state.weightPercent);
}

/** The step after the current one; undefined after the last. */
export function followingStep(state: DeployState): CanaryStep | undefined {
  return state.step === undefined ? state.plan?.steps[0] : state.plan?.steps[state.step + 1];
}

/** `step 2 of 5 (25 %)` */
export function stepInWords(state: DeployState, step: CanaryStep): string {
  return `step ${step.index + 1} of ${state.plan?.steps.length ?? '?'} (${step.weightPercent} %)`;
}
