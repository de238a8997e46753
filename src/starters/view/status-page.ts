/** `mainstay status`: the six things as a page, whatever could be read. */
import { spanInWords } from '../../core/status/words.ts';
import type { OperationView } from '../operation/operation-view.ts';
import { ladderLine } from './ladder.ts';
import { countdown, metricInWords } from './live-block.ts';
import { sixTexts } from './six-texts.ts';
import { labelled, type Style } from './style.ts';

export function statusPage(view: OperationView, width: number, style: Style): readonly string[] {
  const texts = sixTexts(view);
  const ladder = view.isRunning ? ladderLine(view, texts.nextAtMs, style) : undefined;
  const lines = [...labelled('what', texts.what, width, style)];
  if (ladder !== undefined) lines.push(...labelled('steps', '', width, style).map((label) => `${label}${ladder}`));
  lines.push(...labelled('why', texts.why, width, style), ...labelled('seen', texts.seen, width, style));
  for (const metric of (view.isRunning && view.look?.metrics) || []) {
    lines.push(...labelled('', metricInWords(metric), width, style));
  }
  lines.push(...labelled('next', countdown(texts.next, texts.nextAtMs, view.atMs), width, style));
  for (const [index, { why, command }] of texts.may.entries()) {
    lines.push(...labelled(index === 0 ? 'may' : '', `${why}:`, width, style), `${' '.repeat(11)}${command}`);
  }
  lines.push(...labelled('undone', texts.undone, width, style), ...sourceLines(view, width, style));
  return lines;
}

/** From where the page was read, so that nobody takes old words for new ones. */
function sourceLines(view: OperationView, width: number, style: Style): readonly string[] {
  const id = labelled('id', view.workflowId, width, style);
  if (!view.isRunning) return id;
  const age = view.memo ? `, told ${spanInWords(view.atMs - view.memo.atMs)} ago` : '';
  const source = view.status
    ? 'answered by the workflow itself'
    : `read from memo and heartbeat${age}; the workflow did not answer`;
  const worker = view.worker ? `${view.worker.text}; ` : '';
  return [...id, ...labelled('source', `${worker}${source}`, width, style)];
}
