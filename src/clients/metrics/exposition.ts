/** Prometheus text exposition, format 0.0.4. */
import { CodedError } from '../../errors/coded-error.ts';

export interface ExpositionSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** May be NaN or infinite. */
  readonly value: number;
}

export interface Exposition {
  readonly samples: readonly ExpositionSample[];
  /** Sample names that HELP or TYPE lines announce, also where no sample stands; a histogram's with their suffixes. */
  readonly declared: ReadonlySet<string>;
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const BLANK = /[ \t]*/y;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const TYPES: Readonly<Record<string, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  untyped: [''],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/**
 * Parses a page. With `wanted`, other samples are checked for their name only: a page may be long and is read often.
 *
 * @throws CodedError BadResponse naming `where` and the line that is malformed
 */
export function parseExposition(text: string, where: string, wanted?: ReadonlySet<string>): Exposition {
  const samples: ExpositionSample[] = [];
  const declared = new Set<string>();
  let number = 0;
  for (const raw of text.split('\n')) {
    number += 1;
    const line = raw.trim();
    if (line === '') continue;
    const problem = line.startsWith('#') ? readComment(line, declared) : readSample(line, samples, wanted);
    if (problem === undefined) continue;
    const shown = line.length > 80 ? `${line.slice(0, 80)}...` : line;
    throw new CodedError('BadResponse', `${where}: line ${number} is no Prometheus text, ${problem}: ${shown}`);
  }
  return { samples, declared };
}

/** HELP and TYPE lines announce names; any other comment is ignored. Returns what is wrong with the line, if anything. */
function readComment(line: string, declared: Set<string>): string | undefined {
  const [, keyword, name, type] = /^#[ \t]+(HELP|TYPE)[ \t]+(\S+)(?:[ \t]+(.*))?$/.exec(line) ?? [];
  if (keyword === undefined || name === undefined) return undefined;
  if (match(NAME, name, 0) !== name.length) return `${keyword} of "${name}", which is no metric name`;
  if (keyword === 'HELP') {
    declared.add(name);
    return undefined;
  }
  const suffixes = TYPES[type?.trim() ?? ''];
  if (!suffixes) return `type "${type ?? ''}" is not known`;
  for (const suffix of suffixes) declared.add(name + suffix);
  return undefined;
}

function readSample(line: string, samples: ExpositionSample[], wanted?: ReadonlySet<string>): string | undefined {
  const nameEnd = match(NAME, line, 0);
  if (nameEnd === 0) return 'expected a metric name';
  const name = line.slice(0, nameEnd);
  const next = line[nameEnd];
  if (next !== '{' && next !== ' ' && next !== '\t') return 'expected labels or a value after the name';
  if (wanted && !wanted.has(name)) return undefined;

  const labels: Record<string, string> = {};
  let at = match(BLANK, line, nameEnd);
  if (line[at] === '{') {
    const read = readLabels(line, at + 1, labels);
    if (typeof read === 'string') return read;
    at = read;
  }
  const [valueText = '', timestamp, ...rest] = line
    .slice(at)
    .trim()
    .split(/[ \t]+/);
  const value = parseValue(valueText);
  if (value === undefined) return `"${valueText}" is no value`;
  if (timestamp !== undefined && !/^-?\d+$/.test(timestamp)) return `"${timestamp}" is no timestamp`;
  if (rest.length > 0) return 'something follows the timestamp';
  samples.push({ name, labels, value });
  return undefined;
}

/** Reads labels up to and with the closing brace; gives the position after it, or what is wrong. */
function readLabels(line: string, start: number, labels: Record<string, string>): number | string {
  let at = match(BLANK, line, start);
  while (line[at] !== '}') {
    const nameEnd = match(LABEL_NAME, line, at);
    if (nameEnd === at) return 'expected a label name';
    const name = line.slice(at, nameEnd);
    at = match(BLANK, line, nameEnd);
    if (line[at] !== '=') return `expected = after label ${name}`;
    at = match(BLANK, line, at + 1);
    if (line[at] !== '"') return `expected a quoted value of label ${name}`;
    const value = readQuoted(line, at + 1);
    if (!value) return `the value of label ${name} is not closed, or has an unknown escape`;
    if (Object.hasOwn(labels, name)) return `label ${name} stands twice`;
    labels[name] = value.text;
    at = match(BLANK, line, value.end);
    if (line[at] === ',') at = match(BLANK, line, at + 1);
    else if (line[at] !== '}') return 'expected , or } after a label';
  }
  return at + 1;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', n: '\n' };

function readQuoted(line: string, start: number): { text: string; end: number } | undefined {
  const quote = line.indexOf('"', start);
  const plain = line.slice(start, quote);
  if (quote !== -1 && !plain.includes('\\')) return { text: plain, end: quote + 1 };
  let text = '';
  for (let at = start; at < line.length; at += 1) {
    const char = line[at] ?? '';
    if (char === '"') return { text, end: at + 1 };
    if (char !== '\\') {
      text += char;
      continue;
    }
    at += 1;
    const escaped = ESCAPES[line[at] ?? ''];
    if (escaped === undefined) return undefined;
    text += escaped;
  }
  return undefined;
}

function parseValue(text: string): number | undefined {
  if (NUMBER.test(text)) return Number(text);
  if (/^[+-]?nan$/i.test(text)) return Number.NaN;
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (!infinite) return undefined;
  return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** End of a sticky match at a position; the position itself when it does not match. */
function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
