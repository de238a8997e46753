/** Checks what came with a message, synchronously and without a schema library: this runs inside workflow code. */
import { oneOfText } from '../model/did-you-mean.ts';
import { foundText } from '../model/problem.ts';
import { type FieldRule, MESSAGE_FIELDS, type MessageInputs, type MessageName } from './message-inputs.ts';

export type ParsedMessage<Name extends MessageName> =
  | { readonly message: MessageInputs[Name] }
  /** One text: every problem, then an example ready to paste. */
  | { readonly problem: string };

/** Texts are trimmed; a text of white space alone counts as missing. */
export function parseMessage<Name extends MessageName>(name: Name, input: unknown): ParsedMessage<Name> {
  const rules = MESSAGE_FIELDS[name];
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return { problem: problemText(name, [`expected one JSON object, found ${foundText(input)}`]) };
  }
  const given = new Map(Object.entries(input));
  const problems: string[] = [];
  const message: Record<string, string> = {};
  for (const [field, rule] of Object.entries(rules)) {
    const value: unknown = given.get(field);
    given.delete(field);
    // JSON has no undefined: a null is how some clients write "not given".
    if (!rule.required && (value === undefined || value === null)) continue;
    const problem = fieldProblem(value, rule);
    if (problem !== undefined) problems.push(`${field}: expected ${rule.expected}, found ${problem}`);
    else message[field] = (value as string).trim();
  }
  for (const field of given.keys()) {
    problems.push(`${field}: expected no such field but ${oneOfText(field, Object.keys(rules))}`);
  }
  if (problems.length > 0) return { problem: problemText(name, problems) };
  return { message: message as unknown as MessageInputs[Name] };
}

/** `{"plan":"3f2a90c1","by":"release-manager"}`: the least that is accepted. */
export function exampleOf(name: MessageName): string {
  const required = Object.entries(MESSAGE_FIELDS[name]).filter(([, rule]) => rule.required);
  return JSON.stringify(Object.fromEntries(required.map(([field, { example }]) => [field, example])));
}

function fieldProblem(value: unknown, rule: FieldRule): string | undefined {
  if (typeof value !== 'string') return foundText(value);
  const text = value.trim();
  if (text === '') return 'an empty text';
  if (text.length > rule.maxLength) return `${text.length} characters, at most ${rule.maxLength} are kept`;
  if (rule.pattern !== undefined && !rule.pattern.test(text)) return foundText(text);
  return undefined;
}

function problemText(name: MessageName, problems: readonly string[]): string {
  return `${name}: ${problems.join('; ')}. Example: ${exampleOf(name)}`;
}
