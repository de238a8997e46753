/** `mainstay status`: the six things as a page, whatever could be read. */
import { spanInWords } from '../../core/status/words.ts';
import type { OperationView } from '../operation/operation-view.ts';
import { ladderLine } from './ladder.ts';
import { countdown } from './live-block.ts';
import { numberLines } from './numbers.ts';
import { sixTexts } from './six-texts.ts';
import { labelled, pasteable, type Style } from './style.ts';

export function statusPage(view: OperationView, width: number, style: Style): readonly string[] {
  const texts = sixTexts(view);
  const ladder = view.isRunning ? ladderLine(view, texts.nextAtMs, style) : undefined;
  const lines = [...labelled('what', texts.what, width, style)];
  if (ladder !== undefined) lines.push(...labelled('steps', '', width, style).map((label) => `${label}${ladder}`));
  lines.push(...labelled('why', texts.why, width, style), ...seenLines(view, texts.seen, width, style));
  lines.push(...labelled('next', countdown(texts.next, texts.nextAtMs, view.atMs), width, style));
  for (const [index, { why, command }] of texts.may.entries()) {
    lines.push(...labelled(index === 0 ? 'may' : '', `${why}:`, width, style), `${' '.repeat(11)}${command}`);
  }
  lines.push(...labelled('undone', texts.undone, width, style), ...sourceLines(view, width, style));
  for (const warning of view.orphans ?? []) lines.push(...labelled('warning', warning, width, style));
  return lines;
}

/** The live numbers in columns, below them what was seen before. */
function seenLines(view: OperationView, seen: string, width: number, style: Style): readonly string[] {
  const { look, atMs, status } = view;
  if (!look || !view.isRunning) return labelled('seen', seen, width, style);
  const earlier = status?.seen === undefined ? [] : labelled('', status.seen, width, style);
  return [...numberLines(look, atMs, width, style), ...earlier];
}

/** From where the page was read, so that nobody takes old words for new ones. */
function sourceLines(view: OperationView, width: number, style: Style): readonly string[] {
  const id = [pasteable('id', view.workflowId, style)];
  if (!view.isRunning) return id;
  const age = view.memo ? `, told ${spanInWords(view.atMs - view.memo.atMs)} ago` : '';
  const source = view.status
    ? 'answered by the workflow itself'
    : `read from memo and heartbeat${age}; the workflow did not answer`;
  const worker = view.worker ? `${view.worker.text}; ` : '';
  return [...id, ...labelled('source', `${worker}${source}`, width, style)];
}
