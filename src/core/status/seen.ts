/** Text 3: what was seen. */
import type { DeployState } from '../model/deploy-state.ts';
import type { BeforeRecord, PreflightResult, StepRecord } from '../model/operation.ts';
import { foreignInWords } from './why.ts';
import { verdictInShort } from './verdict-in-short.ts';
import { paragraph } from './words.ts';

/** Preflight, the state found before, the last finished look: what the decisions of this operation rest on. */
export function whatWasSeen(state: DeployState): string {
  const foreign = state.phase === 'ended' || state.phase === 'undoing' ? (state.result?.foreign ?? state.foreign) : [];
  const parts = [
    lastStep(state),
    foreign.length === 0 ? '' : foreign.map(foreignInWords).join('; '),
    preflightInWords(state.preflight),
    beforeInWords(state.before),
  ].filter((part) => part !== '');
  if (parts.length === 0) return 'Nothing has been measured yet.';
  if (state.steps.length === 0) parts.push('No step has been finished yet');
  return paragraph(...parts);
}

function lastStep({ steps, plan }: DeployState): string {
  const last = steps.at(-1);
  if (!last) return '';
  const name = stepName(last, plan?.steps.length);
  return `${name}: ${last.verdict.phase}, ${verdictInShort(last.verdict) || 'no reason was given'} (${last.slots} looks)`;
}

/** `Step 2 at 25 %`; what is watched after the last step is the bake. */
export function stepName({ step, weightPercent }: StepRecord, steps: number | undefined): string {
  return steps !== undefined && step >= steps ? 'Bake' : `Step ${step + 1} at ${weightPercent} %`;
}

/** `Preflight: 6 pass, 1 could not be checked: router (no answer within 5 s)` */
export function preflightInWords(results: readonly PreflightResult[]): string {
  if (results.length === 0) return '';
  const passed = results.filter(({ result }) => result === 'pass').length;
  const troubled = results.filter(({ result }) => result === 'fail' || result === 'could-not-check');
  const rest = troubled.map(
    ({ name, mode, result, reason }) =>
      `${name} ${result === 'fail' ? 'failed' : 'could not be checked'}${mode === 'advisory' ? ' (advisory)' : ''}: ${reason}`,
  );
  return `Preflight: ${[`${passed} passed`, ...rest].join('; ')}`;
}

/** `registry.example.com/crm-api@sha256:9bfeef904eb3`: enough to recognise it. */
export function shortDigest(image: string): string {
  return image.replace(/(sha256:[0-9a-f]{12})[0-9a-f]+/g, '$1');
}

function beforeInWords(before: BeforeRecord | undefined): string {
  if (!before) return '';
  if (before.first)
    return `Found before: no version was serving (Deployment ${before.deployment.name} had no replicas)`;
  const { name, revision, image, readyReplicas, replicas } = before.deployment;
  const weights = before.route.backends.map(({ service, weight }) => `${service} ${weight}`).join(', ');
  return `Found before: Deployment ${name} revision ${revision}, ${readyReplicas} of ${replicas} pods ready, image ${shortDigest(image)}, weights ${weights}`;
}
