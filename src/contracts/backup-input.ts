/** Contracts of the inputs of the operations on backups. */
import type { z } from 'zod';
import type { BackUpInput, SweepInput, VerifyRestoreInput } from '../core/model/backup-operation.ts';
import type { Problem } from '../core/model/problem.ts';
import { problemsOf } from './problems.ts';
import { flag, mapping, text } from './schema.ts';

const LONGEST_REASON = 2000;
const SNAPSHOT = 'latest, random, oldest, or the identifier (or ARN) of a snapshot';

const asked = {
  requestedBy: text('who asks: a role or an account of at most 200 characters')
    .max(200, { error: 'who asks: a role or an account of at most 200 characters' })
    .optional(),
  reason: text(`a text of at most ${LONGEST_REASON} characters`)
    .max(LONGEST_REASON, { error: `a text of at most ${LONGEST_REASON} characters` })
    .optional(),
};
const environment = text('the name of an environment of the catalogue, such as "production"');
const backUp = {
  database: text('the name of a database of the catalogue, such as "crm"'),
  environment,
  ...asked,
  dryRun: flag.optional(),
  expectCatalogue: text(
    '8 or more characters of the catalogue digest (hexadecimal)',
    /^(sha256:)?[0-9a-f]{8,64}$/,
  ).optional(),
};

export const backUpInputSchema = mapping(backUp) satisfies z.ZodType<BackUpInput>;
export const verifyRestoreInputSchema = mapping({
  ...backUp,
  snapshot: text(SNAPSHOT, /^[A-Za-z0-9:/_.-]+$/)
    .max(512, { error: SNAPSHOT })
    .optional(),
}) satisfies z.ZodType<VerifyRestoreInput>;
export const sweepInputSchema = mapping({ environment, ...asked }) satisfies z.ZodType<SweepInput>;

/** The input, or everything that is wrong with it. */
export function parseInput<Input>(
  schema: z.ZodType<Input>,
  input: unknown,
): { readonly input: Input } | { readonly problems: readonly Problem[] } {
  const parsed = schema.safeParse(input);
  return parsed.success ? { input: parsed.data } : { problems: problemsOf(parsed.error, input) };
}
