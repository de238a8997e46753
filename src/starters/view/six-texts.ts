/** The six things of an operation out of whatever could be read: a fresh status, or memo and heartbeat alone. */
import type { MetricVerdict } from '../../core/model/analysis.ts';
import type { PossibleAction } from '../../core/model/deploy-state.ts';
import { quote } from '../../core/status/possible-actions.ts';
import { verdictInShort } from '../../core/status/verdict-in-short.ts';
import { momentInWords, sentence, spanInWords } from '../../core/status/words.ts';
import type { OperationView } from '../operation/operation-view.ts';

export interface SixTexts {
  readonly what: string;
  readonly why: string;
  readonly seen: string;
  readonly next: string;
  readonly nextAtMs?: number;
  readonly may: readonly PossibleAction[];
  readonly undone: string;
}

/** Never leaves one empty, whatever is missing. */
export function sixTexts(view: OperationView): SixTexts {
  const texts = view.status ?? view.memo;
  const next = texts?.next ?? nextOfUnknown(view);
  const nextAtMs = momentIn(next);
  return {
    what: texts?.what ?? whatOfUnknown(view),
    why: whyOf(view),
    seen: seenOf(view),
    next,
    ...(nextAtMs === undefined ? {} : { nextAtMs }),
    may: view.status?.may ?? mayOfMemo(view),
    undone: texts?.undone ?? undoneOfUnknown(view),
  };
}

function whatOfUnknown({ operation, workflowId, isRunning }: OperationView): string {
  return `${operation} ${workflowId}: ${isRunning ? 'started, no worker has taken it up yet' : 'ended'}.`;
}

function whyOf(view: OperationView): string {
  const { failure, result, worker, troubles } = view;
  if (failure && !result) {
    const ended = view.run.toLowerCase().replaceAll('_', ' ');
    return `The workflow was ${ended === 'failed' ? 'ended by an error' : ended}: ${[failure.message, ...failure.problems].join('; ')}`;
  }
  const texts = view.status ?? view.memo;
  const base = texts?.why ?? `Started at ${momentInWords(view.startedAtMs)}; it has told nothing of itself yet.`;
  const away = view.isRunning && worker?.polls === false ? ` It stands still: ${worker.text}.` : '';
  const trouble = troubles.length > 0 ? ` It is being tried again: ${troubles.join('; ')}.` : '';
  return `${base}${away}${trouble}`;
}

function seenOf(view: OperationView): string {
  const live = view.isRunning ? liveNumbers(view) : undefined;
  const base = view.status?.seen ?? (live ? '' : 'Nothing that can be read without a worker.');
  return [live, base].filter((part) => part !== undefined && part !== '').join(' ');
}

/** `4 s ago at 25 %: ...` from the heartbeat of the watching activity; every metric, or what matters most. */
export function liveNumbers({ look, atMs }: OperationView, isShort = false): string | undefined {
  if (!look) return undefined;
  const applied = look.appliedPercent === null ? '' : `, the router shows ${look.appliedPercent} %`;
  const holding = look.holding === undefined ? '' : ` Holding: ${look.holding}.`;
  const requests = `canary ${look.eC} of ${look.nC} requests failed, stable ${look.eS} of ${look.nS}`;
  const every = look.metrics.length === 0 ? look.reason : look.metrics.map(metricInWords).join('; ');
  const reason = isShort ? verdictInShort(look) : every;
  const head = `${spanInWords(atMs - look.atMs)} ago at ${look.weightPercent} %${applied}: ${look.phase}`;
  return `${head}, ${requests}.${holding} ${sentence(reason)}`;
}

/** The reason names the metric itself; without one, what it is held against. */
export function metricInWords({ name, reason, phase, limit }: MetricVerdict): string {
  return reason === '' ? `${name}: ${phase}, limit ${limit}` : reason;
}

function nextOfUnknown({ isRunning }: OperationView): string {
  return isRunning ? 'A worker takes it up, reads the catalogue and checks whether it may begin.' : 'Nothing.';
}

function undoneOfUnknown({ isRunning }: OperationView): string {
  return isRunning
    ? 'Nothing: it has changed nothing yet.'
    : 'Unknown: it left no report. The ownership of the service puts back what an owner left behind.';
}

/** Without an answer of the workflow nobody can say what it would accept; what helps then is said instead. */
function mayOfMemo({ workflowId, worker, isRunning }: OperationView): readonly PossibleAction[] {
  const status: PossibleAction = {
    action: 'status',
    why: isRunning && worker?.polls === false ? `${worker.advice}; then ask again` : 'ask again',
    command: `mainstay status --id ${quote(workflowId)}`,
    temporal: `temporal workflow describe --workflow-id ${quote(workflowId)}`,
  };
  return [status];
}

/** The moment that a text about the future begins with. */
function momentIn(next: string): number | undefined {
  const moment = /^(?:At|Due since) (\d{4}-\d\d-\d\dT[\d:]+Z)/.exec(next)?.[1];
  return moment === undefined ? undefined : Date.parse(moment);
}
