import { badRequest } from './api-error.ts';

export type LabelMatcher = (labels: Readonly<Record<string, string>>) => boolean;

const KEY = '[A-Za-z0-9][-A-Za-z0-9_./]*';
const VALUE = '[-A-Za-z0-9_.]*';
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const COMPARISON = new RegExp(`^(${KEY})\\s*(==|=|!=|>|<)\\s*(${VALUE})$`);
const PRESENCE = new RegExp(`^(!?)\\s*(${KEY})$`);
const WORD = new RegExp(`^${VALUE}$`);

/**
 * Compiles a label selector of the API (`a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`).
 * Throws 400 where the text is no selector. An empty text matches everything.
 */
export function parseLabelSelector(text: string): LabelMatcher {
  const parts = splitTopLevel(text);
  const matchers = parts.map((part) => parseRequirement(part, text));
  return (labels) => matchers.every((matches) => matches(labels));
}

/** Splits at commas outside parentheses. */
function splitTopLevel(text: string): string[] {
  if (text.trim() === '') return [];
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim());
}

function parseRequirement(part: string, whole: string): LabelMatcher {
  const set = SET.exec(part);
  if (set) return setRequirement(set[1] ?? '', set[2] === 'in', set[3] ?? '', whole);
  const comparison = COMPARISON.exec(part);
  if (comparison) return comparisonRequirement(comparison[1] ?? '', comparison[2] ?? '', comparison[3] ?? '', whole);
  const presence = PRESENCE.exec(part);
  if (!presence) throw unparsable(whole, `found '${part}', expected: key, !key, key=value, key in (a,b)`);
  const key = presence[2] ?? '';
  const wanted = presence[1] !== '!';
  return (labels) => Object.hasOwn(labels, key) === wanted;
}

function setRequirement(key: string, isIn: boolean, list: string, whole: string): LabelMatcher {
  const values = list.split(',').map((value) => value.trim());
  const bad = values.find((value) => !WORD.test(value));
  if (bad !== undefined) throw unparsable(whole, `invalid value '${bad}'`);
  const members = new Set(values);
  return (labels) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    if (value === undefined) return !isIn;
    return members.has(value) === isIn;
  };
}

function comparisonRequirement(key: string, operator: string, value: string, whole: string): LabelMatcher {
  if (operator === '>' || operator === '<') {
    if (!/^-?\d+$/.test(value)) throw unparsable(whole, `for '>' and '<' the value must be an integer, got '${value}'`);
    const limit = Number(value);
    return (labels) => {
      const found = Object.hasOwn(labels, key) ? labels[key] : undefined;
      if (found === undefined || !/^-?\d+$/.test(found)) return false;
      return operator === '>' ? Number(found) > limit : Number(found) < limit;
    };
  }
  const wanted = operator !== '!=';
  return (labels) => (Object.hasOwn(labels, key) && labels[key] === value) === wanted;
}

function unparsable(text: string, why: string): Error {
  return badRequest(`unable to parse requirement of label selector "${text}": ${why}`);
}
