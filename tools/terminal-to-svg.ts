/**
 * Draws captured terminal screens as one SVG picture. The same text gives the same picture.
 *   node --import tsx tools/terminal-to-svg.ts --title TEXT [--columns N] capture.txt ... > picture.svg
 * A capture is what `tmux capture-pane -e -p` or `script` recorded: text with SGR colours; trailing empty lines are left
 * out. Several captures stand one below the other. Exit codes: 0, 64 wrong usage, 66 no such file.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

export interface Run {
  readonly text: string;
  readonly bold: boolean;
  readonly dim: boolean;
  /** Colour number of SGR 30-37, or of 90-97 less 60; undefined is the terminal's own. */
  readonly colour: number | undefined;
}

type Pen = Omit<Run, 'text'>;
const PLAIN_PEN: Pen = { bold: false, dim: false, colour: undefined };

const ESCAPE = String.fromCharCode(27);
const SEQUENCE = new RegExp(`${ESCAPE}\\[([0-9;]*)([A-Za-z])|${ESCAPE}[()][A-Z0-9]|\r`, 'g');

/** One line of runs each; a pen goes on across line ends, as terminals do it. */
export function parseTerminal(text: string): readonly (readonly Run[])[] {
  let pen = PLAIN_PEN;
  const lines = text.split('\n').map((line) => {
    const runs: Run[] = [];
    let from = 0;
    for (const match of line.matchAll(SEQUENCE)) {
      if (match.index > from) runs.push({ ...pen, text: line.slice(from, match.index) });
      if (match[2] === 'm') pen = penAfter(pen, match[1] ?? '');
      from = match.index + match[0].length;
    }
    if (from < line.length) runs.push({ ...pen, text: line.slice(from) });
    return runs;
  });
  const last = lines.findLastIndex((runs) => runs.some((run) => run.text.trim() !== ''));
  return lines.slice(0, last + 1);
}

/** What the numbers of one SGR sequence do. Backgrounds and what is not drawn here are passed over. */
function penAfter(before: Pen, numbers: string): Pen {
  let pen = before;
  for (const number of numbers.split(';').map(Number)) {
    if (number === 0) pen = PLAIN_PEN;
    else if (number === 1) pen = { ...pen, bold: true };
    else if (number === 2) pen = { ...pen, dim: true };
    else if (number === 22) pen = { ...pen, bold: false, dim: false };
    else if (number >= 30 && number <= 37) pen = { ...pen, colour: number - 30 };
    else if (number === 39) pen = { ...pen, colour: undefined };
    else if (number >= 90 && number <= 97) pen = { ...pen, colour: number - 90 };
  }
  return pen;
}

/** Legible on the dark ground, also for people who do not tell red from green: they differ in lightness. */
const COLOURS = ['#6e7681', '#ff8e86', '#58c26d', '#e3b341', '#79b8ff', '#d2a8ff', '#56d4dd', '#e6edf3'] as const;
const GROUND = '#0d1117';
const TEXT = '#e6edf3';

const CELL_WIDTH = 8.43;
const LINE_HEIGHT = 19;
const PADDING = 16;
const BAR_HEIGHT = 32;
const GAP_LINES = 2;

/** The picture of screens, one below the other, under a bar with the title. */
export function drawTerminal(
  screens: readonly string[],
  { title, columns }: { title: string; columns: number },
): string {
  const parsed = screens.map(parseTerminal);
  const width = Math.ceil(columns * CELL_WIDTH) + 2 * PADDING;
  const rows: string[] = [];
  let row = 0;
  for (const [index, lines] of parsed.entries()) {
    if (index > 0) {
      const y = BAR_HEIGHT + PADDING + (row + GAP_LINES / 2) * LINE_HEIGHT - 4;
      rows.push(`<line x1="0" x2="${width}" y1="${y}" y2="${y}" stroke="#30363d"/>`);
      row += GAP_LINES;
    }
    for (const runs of lines) {
      rows.push(...drawLine(runs, BAR_HEIGHT + PADDING + row * LINE_HEIGHT + 14));
      row += 1;
    }
  }
  const height = BAR_HEIGHT + 2 * PADDING + row * LINE_HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}">`,
    `<title>${escape(title)}</title>`,
    `<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:${TEXT};white-space:pre}.b{font-weight:700}.d{opacity:.62}${COLOURS.map((colour, index) => `.c${index}{fill:${colour}}`).join('')}</style>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${GROUND}"/>`,
    `<rect width="${width}" height="${BAR_HEIGHT}" rx="8" fill="#161b22"/>`,
    ...COLOURS.slice(1, 4).map((colour, index) => `<circle cx="${18 + 18 * index}" cy="16" r="5" fill="${colour}"/>`),
    `<text x="${width / 2}" y="21" text-anchor="middle" class="d">${escape(title)}</text>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

/** Every character takes one cell. Each run stands at its own column and is stretched to its cells, so that any monospace font keeps the columns. */
function drawLine(runs: readonly Run[], y: number): readonly string[] {
  let column = 0;
  return runs.flatMap((run) => {
    const begin = column;
    column += run.text.length;
    if (run.text.trim() === '') return [];
    const text = run.text.trimEnd();
    const names = [run.bold ? 'b' : '', run.dim ? 'd' : '', run.colour === undefined ? '' : `c${run.colour}`];
    const classes = names.filter((name) => name !== '').join(' ');
    const x = (PADDING + begin * CELL_WIDTH).toFixed(2);
    const length = (text.length * CELL_WIDTH).toFixed(2);
    const attributes = `x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs" xml:space="preserve"`;
    return [`<text ${attributes}${classes === '' ? '' : ` class="${classes}"`}>${escape(text)}</text>`];
  });
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function main(args: readonly string[]): number {
  const options = { title: { type: 'string' }, columns: { type: 'string', default: '100' } } as const;
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const columns = Number(values.columns);
  if (positionals.length === 0 || values.title === undefined || !Number.isInteger(columns) || columns < 20) {
    process.stderr.write('usage: terminal-to-svg.ts --title TEXT [--columns N] capture.txt ... > picture.svg\n');
    return 64;
  }
  try {
    const screens = positionals.map((path) => readFileSync(path, 'utf8'));
    process.stdout.write(drawTerminal(screens, { title: values.title, columns }));
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 66;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = main(process.argv.slice(2));
}
