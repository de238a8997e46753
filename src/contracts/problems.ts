/** Turns what zod found into problems: path, expectation, observation. */
import type { z } from 'zod';
import { didYouMean } from '../core/model/did-you-mean.ts';
import { type PathSegment, type Problem, NOTHING, foundText, pathText } from '../core/model/problem.ts';
import { KEY_SEPARATOR } from './schema.ts';

/** A problem whose path has not become text yet, so that its line can still be looked up. */
export interface LocatedProblem {
  readonly path: readonly PathSegment[];
  readonly expected: string;
  readonly found: string;
}

/** One located problem for each thing that is wrong; `input` is what was parsed. */
export function locateIssues(issues: readonly z.core.$ZodIssue[], input: unknown): LocatedProblem[] {
  const located = withoutMisspelled(issues.flatMap((issue) => locateIssue(issue, input)));
  // One text may break several checks of one schema (empty and not matching): people mend it once.
  const seen = new Set<string>();
  return located.filter((problem) => {
    const key = JSON.stringify([problem.path, problem.expected]);
    return seen.has(key) ? false : seen.add(key);
  });
}

/** A misspelled key is one slip, though zod sees two: an unknown key, and the right one missing beside it. */
function withoutMisspelled(problems: readonly (LocatedProblem & { readonly unknownKey?: string })[]): LocatedProblem[] {
  const isMissing = ({ found }: LocatedProblem): boolean => found === NOTHING;
  const told = new Set<LocatedProblem>();
  for (const { path, unknownKey } of problems) {
    if (unknownKey === undefined) continue;
    const beside = problems.filter((other) => isMissing(other) && isSibling(other.path, path));
    const meant = didYouMean(
      unknownKey,
      beside.map((other) => String(other.path.at(-1))),
    );
    const missing = beside.find((other) => other.path.at(-1) === meant);
    if (missing) told.add(missing);
  }
  return problems
    .filter((problem) => !told.has(problem))
    .map(({ path, expected, found }) => ({ path, expected, found }));
}

function isSibling(a: readonly PathSegment[], b: readonly PathSegment[]): boolean {
  return a.length === b.length && a.slice(0, -1).every((segment, index) => segment === b[index]);
}

/** The same as finished problems, for inputs that have no lines. */
export function problemsOf(error: z.ZodError, input: unknown): Problem[] {
  return locateIssues(error.issues, input).map(({ path, expected, found }) => ({
    path: pathText(path),
    expected,
    found,
  }));
}

function locateIssue(issue: z.core.$ZodIssue, input: unknown): (LocatedProblem & { readonly unknownKey?: string })[] {
  const path = issue.path.map((segment) => (typeof segment === 'symbol' ? String(segment) : segment));
  if (issue.code === 'unrecognized_keys') {
    const expected = issue.message.split(KEY_SEPARATOR);
    return issue.keys.map((key, index) => ({
      path: [...path, key],
      expected: expected[index] ?? 'no such key',
      found: 'an unknown key',
      unknownKey: key,
    }));
  }
  if (issue.code === 'invalid_key') {
    const expected = issue.issues[0]?.message ?? issue.message;
    return [{ path, expected, found: `the name ${JSON.stringify(String(path.at(-1)))}` }];
  }
  const value = valueAt(input, path);
  // `a mapping or off`: of a mapping everything is told that is wrong with it.
  const ofMapping = issue.code === 'invalid_union' ? (issue.errors[0] ?? []) : [];
  if (ofMapping.length > 0 && typeof value === 'object' && value !== null) {
    return ofMapping.flatMap((inner) => locateIssue({ ...inner, path: [...issue.path, ...inner.path] }, input));
  }
  return [{ path, expected: issue.message, found: foundAt(value, path) }];
}

/** Keys that hold a reference to a secret: what stands there instead may be the secret itself. */
const SECRET_KEYS: readonly PathSegment[] = ['token', 'password', 'connection', 'digestKey', 'encryptionKey'];

function foundAt(value: unknown, path: readonly PathSegment[]): string {
  const isHidden = value !== undefined && SECRET_KEYS.includes(path.at(-1) ?? '');
  return isHidden ? 'something else (not shown)' : foundText(value);
}

/** The value that stands at a path, undefined when nothing does. */
export function valueAt(input: unknown, path: readonly PathSegment[]): unknown {
  let value = input;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<PathSegment, unknown>)[segment];
  }
  return value;
}
