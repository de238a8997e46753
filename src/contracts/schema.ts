/** Building blocks of every contract. The `error` text of each is what a problem says was *expected*. */
import { z } from 'zod';
import { oneOfText } from '../core/model/did-you-mean.ts';
import { DURATION_EXPECTED, DURATION_PATTERN, parseDurationMs } from '../core/model/duration.ts';

/** Separates the texts of several unknown keys that zod reports in one issue. */
export const KEY_SEPARATOR = '\u0000';

/** A mapping that refuses unknown keys and suggests the one that was meant. */
export function mapping<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => oneOfText(key, known)).join(KEY_SEPARATOR)
        : `a mapping with ${known.join(', ')}`,
  });
}

/** A choice between mappings by the value of one key. */
export function choice<Options extends readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]]>(
  key: string,
  values: readonly string[],
  options: Options,
) {
  return z.discriminatedUnion(key, options, {
    error: (issue) =>
      typeof issue.input === 'object' && issue.input !== null && !Array.isArray(issue.input)
        ? `one of ${values.join(', ')}`
        : `a mapping with ${key}: ${values.join(' or ')}`,
  });
}

/** A mapping from names that people choose to entries of one kind; at least one. */
export function namedEntries<Value extends z.ZodType>(name: z.ZodString, value: Value, expected: string) {
  return z
    .record(name, value, { error: (issue) => (issue.code === 'invalid_key' ? undefined : expected) })
    .refine((entries) => Object.keys(entries).length > 0, { error: expected });
}

export function list<Item extends z.ZodType>(item: Item, expected: string) {
  return z.array(item, { error: expected });
}

export function text(expected: string, pattern?: RegExp) {
  const schema = z.string({ error: expected }).min(1, { error: expected });
  return (pattern === undefined ? schema : schema.regex(pattern, { error: expected })).describe(expected);
}

export function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, {
    error: (issue) =>
      typeof issue.input === 'string' ? oneOfText(issue.input, values) : `one of ${values.join(', ')}`,
  });
}

export const flag = z.boolean({ error: 'true or false' });

export function wholeNumber(least: number, most: number) {
  const expected = `a whole number from ${least} to ${most}`;
  return z.int({ error: expected }).min(least, { error: expected }).max(most, { error: expected });
}

/** Longer than zero. */
export const duration = durationOf((ms) => ms > 0, `${DURATION_EXPECTED}, longer than zero and at most 366d`);
export const durationOrZero = durationOf(() => true, `${DURATION_EXPECTED}, at most 366d`);

function durationOf(isAllowed: (ms: number) => boolean, expected: string) {
  return z
    .string({ error: expected })
    .regex(DURATION_PATTERN, { error: expected })
    .refine((written) => isAllowed(parseDurationMs(written) ?? -1), { error: expected })
    .describe(expected);
}

/** RFC 1123 label: names of Deployments, namespaces, containers, services of ours. */
export function kubernetesName(maxLength: number, what = 'a Kubernetes name') {
  const expected = `${what}: lower-case letters, digits and hyphens, a letter or digit at both ends, at most ${maxLength} characters`;
  return text(expected, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    .max(maxLength, { error: expected })
    .describe(expected);
}

/** RFC 1035 label: Services begin with a letter. */
export function serviceName(maxLength: number) {
  const expected = `the name of a Kubernetes Service: lower-case letters, digits and hyphens, beginning with a letter, at most ${maxLength} characters`;
  return text(expected, /^[a-z]([-a-z0-9]*[a-z0-9])?$/)
    .max(maxLength, { error: expected })
    .describe(expected);
}
