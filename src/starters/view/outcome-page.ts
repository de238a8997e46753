/** The end of an operation: outcome, reason, steps, and the exact account of what was restored. Whole digests: `--json`. */
import type { DeployResult, RestoredObject, StepRecord } from '../../core/model/operation.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { ROUTING_KINDS } from '../../core/rollout/routing.ts';
import { migrationsInWords } from '../../core/status/migrations-in-words.ts';
import { preflightInWords, shortDigest, stepName } from '../../core/status/seen.ts';
import { objectInWords } from '../../core/status/undone.ts';
import { verdictInShort } from '../../core/status/verdict-in-short.ts';
import { foreignInWords } from '../../core/status/why.ts';
import { spanInWords } from '../../core/status/words.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { OperationFailure, OperationView } from '../operation/operation-view.ts';
import { exitOfView } from '../operation/read-end.ts';
import { backupPage } from './backup-page.ts';
import { labelled, pasteable, type Style } from './style.ts';

const TITLES: Readonly<Record<DeployResult['outcome'], string>> = {
  promoted: 'PROMOTED',
  unchanged: 'UNCHANGED',
  rolledBack: 'ROLLED BACK',
  rejected: 'REJECTED',
  aborted: 'ABORTED',
  superseded: 'SUPERSEDED',
  planned: 'PLANNED',
};

export function outcomePage(view: OperationView, width: number, style: Style): readonly string[] {
  const { result } = view;
  const exit = exitOfView(view);
  const code = style.dim(`exit code ${EXIT_CODES[exit].code} (${exit})`);
  if (view.backup) return ['', ...backupPage(view, view.backup, width, style), code];
  if (!result) return ['', ...failurePage(view, width, style), code];
  const paint = exit === 'ok' ? style.green : exit === 'rolledBack' ? style.yellow : style.red;
  const title = `${TITLES[result.outcome]}  ${result.service} ${result.version} in ${result.environment}`;
  const lines = [
    '',
    style.bold(paint(title)),
    ...labelled('why', `${result.reason} (${result.reasonCode})`, width, style),
  ];
  const rows = (label: string, texts: readonly string[]): void => {
    for (const [index, text] of texts.entries()) lines.push(...labelled(index === 0 ? label : '', text, width, style));
  };
  if (result.plan) rows('plan', planInWords(result.plan));
  if (result.outcome === 'planned' || result.outcome === 'rejected') rows('checks', checks(result));
  if (result.migrations) rows('database', migrationsInWords(result.migrations, result.outcome));
  const ladder = view.status?.ladder ?? view.memo?.ladder;
  rows(
    'steps',
    result.steps.map((record) => stepLine(record, ladder?.length, result.reason)),
  );
  rows('restored', result.restored.map(restoredLine));
  rows('foreign', result.foreign.map(foreignInWords));
  if (result.image !== undefined) rows('image', [shortDigest(result.image)]);
  rows('took', [spanInWords(result.endedAtMs - result.startedAtMs)]);
  lines.push(pasteable('id', view.workflowId, style));
  return [...lines, code];
}

/** One line a step; the reason of the whole stands above and is not said twice. */
function stepLine(record: StepRecord, steps: number | undefined, reason: string): string {
  const { verdict, startedAtMs, endedAtMs } = record;
  const span = spanInWords(endedAtMs - startedAtMs);
  const short = verdictInShort(verdict);
  return `${stepName(record, steps)}: ${verdict.phase} after ${span}${short === reason ? '' : `, ${short}`}`;
}

function restoredLine(entry: RestoredObject): string {
  const observed = entry.observed.replace(`${entry.object}: `, '');
  return `${entry.restored ? '✓' : '✗ NOT RESTORED'} ${shortDigest(objectInWords({ ...entry, observed }))}`;
}

function checks(result: DeployResult): readonly string[] {
  return result.preflight.map(({ name, mode, result: found, reason }) => `${name}: ${found} (${mode}) ${reason}`);
}

function planInWords(plan: DeployPlan): readonly string[] {
  const steps = plan.steps.map(
    ({ weightPercent, durationMs, approval }) =>
      `${weightPercent} % for ${spanInWords(durationMs)}${approval ? ' after an approval' : ''}`,
  );
  const metrics = plan.analysis.metrics.map(({ name }) => name).join(', ');
  return [
    `steps: ${steps.join(', ')}; bake ${spanInWords(plan.bakeMs)}`,
    `watched: ${metrics === '' ? 'no metric' : metrics}`,
    `Deployment ${plan.workload.namespace}/${plan.workload.deployment}, ${ROUTING_KINDS[plan.traffic.kind]} ${plan.traffic.route}`,
    `catalogue ${plan.catalogue.path} (${plan.catalogue.digest.slice(0, 12)})`,
  ];
}

/** The message of a list of problems repeats them; they stand below it, one a line. */
function failureInWords({ type, message, problems }: OperationFailure): string {
  const [first = message] = message.split('\n');
  return `${problems.length > 0 ? first : message} (${type})`;
}

/** For a workflow that has no result: what it left, and what to do. */
function failurePage(view: OperationView, width: number, style: Style): readonly string[] {
  const { failure } = view;
  const title = style.bold(style.red(`${view.run}  ${view.workflowId}`));
  const lines = [title, ...labelled('why', failure ? failureInWords(failure) : 'it left no message', width, style)];
  for (const problem of failure?.problems ?? []) lines.push(...labelled('', `- ${problem}`, width, style));
  const checked = preflightInWords(view.status?.preflight ?? []);
  if (checked !== '') lines.push(...labelled('checks', checked, width, style));
  return lines;
}
