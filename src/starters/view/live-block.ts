/** The block that a terminal shows while an operation is followed: redrawn each second. */
import { spanInWords } from '../../core/status/words.ts';
import type { OperationView } from '../operation/operation-view.ts';
import { ladderLine } from './ladder.ts';
import { labelled, pasteable, type Style } from './style.ts';
import { numberLines } from './numbers.ts';
import { sixTexts } from './six-texts.ts';

/** Lines of at most `width` characters (not counting colours), but for commands: one that is cut cannot be pasted. */
export function liveBlock(view: OperationView, width: number, style: Style): readonly string[] {
  const texts = sixTexts(view);
  const lines = ['', ...labelled('what', texts.what, width, style)];
  const ladder = ladderLine(view, texts.nextAtMs, style);
  if (ladder !== undefined) lines.push(...labelled('steps', '', width, style).map((label) => `${label}${ladder}`));
  lines.push(...labelled('why', texts.why, width, style), ...seenLines(view, texts.seen, width, style));
  lines.push(...labelled('next', countdown(texts.next, texts.nextAtMs, view.atMs), width, style));
  if (hasUndone(view)) lines.push(...labelled('undone', texts.undone, width, style));
  for (const [index, action] of texts.may.filter(({ action: name }) => name !== 'status').entries()) {
    lines.push(pasteable(index === 0 ? 'may' : '', action.command, style));
  }
  if (view.pending.length > 0) lines.push(...labelled('now', view.pending.join(', '), width, style));
  lines.push(
    style.dim(
      `Running for ${spanInWords(view.atMs - view.startedAtMs)}. Ctrl-C leaves this view; the operation goes on.`,
    ),
  );
  return lines;
}

/** `In 3 min 20 s: step 3 of 5 begins` instead of the moment, where a person counts. */
export function countdown(next: string, atMs: number | undefined, nowMs: number): string {
  if (atMs === undefined) return next;
  const rest = next.replace(/^(?:At|Due since) \S+: /, '');
  return nowMs <= atMs ? `In ${spanInWords(atMs - nowMs)}: ${rest}` : `Due for ${spanInWords(nowMs - atMs)}: ${rest}`;
}

/** With live numbers the columns of them; the last finished look otherwise. */
function seenLines(view: OperationView, seen: string, width: number, style: Style): readonly string[] {
  const { look, atMs } = view;
  return look && view.isRunning ? numberLines(look, atMs, width, style) : labelled('seen', seen, width, style);
}

function hasUndone(view: OperationView): boolean {
  const phase = view.status?.phase ?? view.memo?.phase;
  return phase === 'undoing' || (view.status?.restored.length ?? 0) > 0;
}
