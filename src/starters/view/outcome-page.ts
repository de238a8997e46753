/** The end of an operation: outcome, reason, steps, and the exact account of what was restored. */
import type { DeployResult, RestoredObject } from '../../core/model/operation.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { preflightInWords } from '../../core/status/seen.ts';
import { objectInWords } from '../../core/status/undone.ts';
import { foreignInWords } from '../../core/status/why.ts';
import { spanInWords } from '../../core/status/words.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { OperationView } from '../operation/operation-view.ts';
import { exitOfView } from '../operation/read-end.ts';
import { labelled, type Style } from './style.ts';

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
  rows('steps', result.steps.map(stepLine));
  rows('restored', result.restored.map(restoredLine));
  rows('foreign', result.foreign.map(foreignInWords));
  if (result.image !== undefined) rows('image', [result.image]);
  rows('took', [spanInWords(result.endedAtMs - result.startedAtMs)]);
  rows('id', [view.workflowId]);
  return [...lines, code];
}

function stepLine({ step, weightPercent, verdict, startedAtMs, endedAtMs }: DeployResult['steps'][number]): string {
  return `${step + 1}  ${weightPercent} %  ${verdict.phase} after ${spanInWords(endedAtMs - startedAtMs)}: ${verdict.reason}`;
}

function restoredLine(entry: RestoredObject): string {
  return `${entry.restored ? '✓' : '✗ NOT RESTORED'} ${objectInWords(entry)}`;
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
    `Deployment ${plan.workload.namespace}/${plan.workload.deployment}, HTTPRoute ${plan.traffic.route}`,
    `catalogue ${plan.catalogue.path} (${plan.catalogue.digest})`,
  ];
}

/** For a workflow that has no result: what it left, and what to do. */
function failurePage(view: OperationView, width: number, style: Style): readonly string[] {
  const { failure } = view;
  const title = style.bold(style.red(`${view.run}  ${view.workflowId}`));
  const lines = [
    title,
    ...labelled('why', failure ? `${failure.message} (${failure.type})` : 'it left no message', width, style),
  ];
  for (const problem of failure?.problems ?? []) lines.push(...labelled('', `- ${problem}`, width, style));
  const checked = preflightInWords(view.status?.preflight ?? []);
  if (checked !== '') lines.push(...labelled('checks', checked, width, style));
  return lines;
}
