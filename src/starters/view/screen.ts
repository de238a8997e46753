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
  #drawn = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  show(view: OperationView): void {
    const style = styleFor(this.#output);
    const width = widthOf(this.#output);
    const events = this.#changes.of(view).filter(({ about }) => SCROLLED.includes(about));
    const block = liveBlock(view, width, style).slice(0, Math.max(5, (this.#output.rows ?? DEFAULT_ROWS) - 1));
    this.#draw(
      events.map(({ text }) => style.dim(text.slice(0, width))),
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
    const erase = this.#drawn === 0 ? '' : `\u001B[${this.#drawn}A\u001B[J`;
    this.#output.write(`${erase}${[...above, ...block].map((line) => `${line}\n`).join('')}`);
    this.#drawn = block.length;
  }
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
