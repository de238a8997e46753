/** Colours for people's eyes only: never in a pipe, never against NO_COLOR. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

const same = (text: string): string => text;
export const PLAIN: Style = { bold: same, dim: same, red: same, green: same, yellow: same };

const sgr = (on: number, off: number) => (text: string) => `\u001B[${on}m${text}\u001B[${off}m`;
const COLOURED: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
};

/** Style for a stream: coloured on a terminal that is not dumb. */
export function styleFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Style {
  const isColoured = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  return isColoured ? COLOURED : PLAIN;
}

/** Wraps a text at words to lines of at most `width` characters; a longer word is cut. */
export function wrap(text: string, width: number): readonly string[] {
  const room = Math.max(20, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    let rest = word;
    while (rest.length > room) {
      if (line !== '') lines.push(line);
      line = '';
      lines.push(rest.slice(0, room));
      rest = rest.slice(room);
    }
    if (line === '') line = rest;
    else if (line.length + 1 + rest.length <= room) line += ` ${rest}`;
    else {
      lines.push(line);
      line = rest;
    }
  }
  lines.push(line);
  return lines;
}

/** A labelled paragraph: the label in a column of its own, the text wrapped beside it. */
export function labelled(label: string, text: string, width: number, style: Style): readonly string[] {
  return wrap(text, width - LABEL_WIDTH).map(
    (line, index) => `${index === 0 ? style.dim(label.padEnd(LABEL_WIDTH)) : ' '.repeat(LABEL_WIDTH)}${line}`,
  );
}
/** A labelled text that stays in one piece, whatever the width: a command or an id that somebody copies. */
export function pasteable(label: string, text: string, style: Style): string {
  return `${style.dim(label.padEnd(LABEL_WIDTH))}${text}`;
}

/** Columns of the label, the space after it included. */
export const LABEL_WIDTH = 9;
