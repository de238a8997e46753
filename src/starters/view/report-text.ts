/** A report in a terminal: tables whose long cells wrap in their own column. */
import { inWords, type WordBlock } from '../../core/report/flatten-blocks.ts';
import type { ReportPage } from '../../core/report/sections.ts';
import { type Style, wrap } from './style.ts';

const GAP = '  ';
/** The last column is never narrower, whatever the terminal. */
const NARROWEST = 24;
/** A column that is not the last takes at most this share of the width. */
const SHARE = 0.4;

export function reportText({ title, mood, sections }: ReportPage, width: number, style: Style): string {
  const paint = { well: style.green, warning: style.yellow, bad: style.red }[mood];
  const lines = [style.bold(paint(title))];
  for (const section of sections) {
    if (section.title !== 'Summary') lines.push('', style.bold(section.title));
    for (const [index, block] of section.blocks.map(inWords).entries()) {
      if (index > 0 && block.kind === 'table') lines.push('');
      lines.push(...blockLines(block, width, style));
    }
  }
  return `${lines.join('\n')}\n`;
}

function blockLines(block: WordBlock, width: number, style: Style): readonly string[] {
  switch (block.kind) {
    case 'text':
      return wrap(block.text, width);
    case 'list':
      return block.items.flatMap(({ text, command }) => [
        ...wrap(text, width - 2).map((line, index) => `${index === 0 ? '- ' : '  '}${line}`),
        // In one piece, whatever the width: it is copied.
        ...(command === undefined ? [] : [`    ${command}`]),
      ]);
    case 'table':
      return tableLines(block, width, style);
  }
}

function tableLines({ columns, rows }: Extract<WordBlock, { kind: 'table' }>, width: number, style: Style) {
  const titled = columns.some((title) => title !== '');
  const widths = columnWidths(titled ? [columns, ...rows] : rows, width);
  const lines = rows.flatMap((cells) => rowLines(cells, widths, style, !titled));
  return titled ? [...rowLines(columns, widths, style, false).map(style.dim), ...lines] : lines;
}

function columnWidths(rows: readonly (readonly string[])[], width: number): readonly number[] {
  const count = Math.max(0, ...rows.map(({ length }) => length));
  const most = Math.max(NARROWEST, Math.floor(width * SHARE));
  const widths: number[] = [];
  for (let column = 0; column < count; column += 1) {
    const widest = Math.max(1, ...rows.map((cells) => (cells[column] ?? '').length));
    const used = widths.reduce((sum, each) => sum + each + GAP.length, 0);
    const isLast = column === count - 1;
    widths.push(Math.min(widest, isLast ? Math.max(NARROWEST, width - used) : most));
  }
  return widths;
}

function rowLines(
  cells: readonly string[],
  widths: readonly number[],
  style: Style,
  isLabelled: boolean,
): readonly string[] {
  const wrapped = cells.map((cell, column) => wrapCell(cell, widths[column] ?? NARROWEST));
  const height = Math.max(...wrapped.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) =>
    wrapped
      .map((parts, column) => {
        const part = (parts[line] ?? '').padEnd(column === cells.length - 1 ? 0 : (widths[column] ?? 0));
        return isLabelled && column === 0 ? style.dim(part) : part;
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** `wrap` has a least width of its own; a narrow cell fits anyway. */
function wrapCell(text: string, width: number): readonly string[] {
  return text.length <= width ? [text] : wrap(text, width);
}
