/** Where a view is shown: a redrawn block in a terminal, plain lines in a pipe, one JSON object a line for machines. */
import type { OperationView } from '../operation/operation-view.ts';
import { type ChangeLine, ChangeLines } from './change-lines.ts';
import { liveBlock } from './live-block.ts';
import { outcomePage } from './outcome-page.ts';
import { styleFor } from './style.ts';

export interface Screen {
  /** Shows the newest view; says nothing when nothing changed (but for a terminal, where time runs). */
  show(view: OperationView): void;
  /** Shows the end and leaves it standing. */
  end(view: OperationView): void;
  /** A line between the views. */
  say(line: string): void;
}

/** What a command writes to: standard output, or a page in a test. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export function openScreen(output: Output, isJson: boolean): Screen {
  if (isJson) return new JsonScreen(output);
  return output.isTTY === true ? new TerminalScreen(output) : new LineScreen(output);
}

/** Select Graphic Rendition, the only escape sequence in a line. */
const ANY_STYLE = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

const DEFAULT_WIDTH = 100;
const DEFAULT_ROWS = 40;

export function widthOf(output: Output): number {
  return output.isTTY === true ? Math.max(40, (output.columns ?? DEFAULT_WIDTH) - 1) : DEFAULT_WIDTH;
}

class LineScreen implements Screen {
  readonly #output: Output;
  readonly #changes = new ChangeLines();

  constructor(output: Output) {
    this.#output = output;
  }

  show(view: OperationView): void {
    for (const { text } of this.#changes.of(view)) this.say(text);
  }

  end(view: OperationView): void {
    for (const line of outcomePage(view, widthOf(this.#output), styleFor(this.#output))) this.say(line);
  }

  say(line: string): void {
    this.#output.write(`${line}\n`);
  }
}

/** What is told above the block; the rest stands in the block itself. */
const SCROLLED: readonly ChangeLine['about'][] = ['what', 'step', 'trouble'];

/** The block stays at the bottom; what happened scrolls above it. */
class TerminalScreen implements Screen {
  readonly #output: Output;
  readonly #changes = new ChangeLines();
  /** Lines of the block that stands. */
  #drawn: readonly string[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  show(view: OperationView): void {
    const style = styleFor(this.#output);
    const width = widthOf(this.#output);
    const events = this.#changes.of(view).filter(({ about }) => SCROLLED.includes(about));
    const block = fitting(liveBlock(view, width, style), this.#output);
    this.#draw(
      events.map(({ text }) => style.dim(text.length > width ? `${text.slice(0, width - 1)}…` : text)),
      block,
    );
  }

  end(view: OperationView): void {
    this.#draw(outcomePage(view, widthOf(this.#output), styleFor(this.#output)), []);
  }

  say(line: string): void {
    this.#draw([line], []);
  }

  /** Writes `above` where the block was, then the block below it, in one write so that nothing flickers. */
  #draw(above: readonly string[], block: readonly string[]): void {
    const rows = rowsOf(this.#drawn, this.#output);
    const erase = rows === 0 ? '' : `\u001B[${rows}A\u001B[J`;
    this.#output.write(`${erase}${[...above, ...block].map((line) => `${line}\n`).join('')}`);
    this.#drawn = block;
  }
}

/** Rows on the screen as wide as it is now: the terminal breaks lines that are longer. */
function rowsOf(lines: readonly string[], { columns = DEFAULT_WIDTH }: Output): number {
  return lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(visibleLength(line) / columns)), 0);
}

/** As many lines as stay on the screen (what has scrolled away cannot be drawn again), and the last one of them. */
function fitting(lines: readonly string[], output: Output): readonly string[] {
  const room = Math.max(5, (output.rows ?? DEFAULT_ROWS) - 1);
  if (rowsOf(lines, output) <= room) return lines;
  const kept = lines.slice(0, -1);
  const end = ['         ... more in a taller terminal, or by mainstay status', ...lines.slice(-1)];
  while (kept.length > 1 && rowsOf([...kept, ...end], output) > room) kept.pop();
  return [...kept, ...end];
}

/** Without colours. Every character of the block takes one cell. */
function visibleLength(line: string): number {
  return line.replaceAll(ANY_STYLE, '').length;
}

class JsonScreen implements Screen {
  readonly #output: Output;
  #last = '';

  constructor(output: Output) {
    this.#output = output;
  }

  show(view: OperationView): void {
    const { atMs: _, ...content } = view;
    const text = JSON.stringify(content);
    if (text === this.#last) return;
    this.#last = text;
    this.#write({ event: 'view', ...view });
  }

  end(view: OperationView): void {
    this.#write({ event: 'end', ...view });
  }

  say(line: string): void {
    this.#write({ event: 'note', atMs: Date.now(), text: line });
  }

  #write(value: unknown): void {
    this.#output.write(`${JSON.stringify(value)}\n`);
  }
}
