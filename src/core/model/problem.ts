/** One thing wrong with something a person wrote: where, what was expected, what stands there. */
export interface Problem {
  /** `services.crm-api.strategy.steps[2].weight`; empty for the whole document. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  /** Line of the file, from 1, where there is a file. */
  readonly line?: number;
}

export type PathSegment = string | number;

/** `['steps', 2, 'weight']` -> `steps[2].weight`; keys that are no plain names are quoted: `labels["a.b"]`. */
export function pathText(path: readonly PathSegment[]): string {
  let text = '';
  for (const segment of path) {
    if (typeof segment === 'number') text += `[${segment}]`;
    else if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(segment)) text += `[${JSON.stringify(segment)}]`;
    else text += text === '' ? segment : `.${segment}`;
  }
  return text;
}

/** `line 12: services.crm-api.strategy.steps[1].weight: expected more than 25 (the step before), found 10` */
export function describeProblem(problem: Problem): string {
  const where = [problem.line === undefined ? '' : `line ${problem.line}`, problem.path].filter((part) => part !== '');
  return [...where, `expected ${problem.expected}, found ${problem.found}`].join(': ');
}

/** What a problem shows where a value is missing. */
export const NOTHING = 'nothing';

/** A value as a problem shows it: short, on one line, strings quoted. */
export function foundText(value: unknown): string {
  if (value === undefined) return NOTHING;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return `a mapping (${Object.keys(value).slice(0, 6).join(', ')})`;
  if (typeof value === 'bigint') return `${value}`;
  const text = withoutPassword(JSON.stringify(value) ?? `a ${typeof value}`);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** `http://metrics:secret@host` -> `http://...@host`: problems are written to logs and histories. */
function withoutPassword(text: string): string {
  return text.replaceAll(/\/\/[^/?#\s"]*@/g, '//...@');
}
