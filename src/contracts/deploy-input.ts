/** Contract of the input of `deployService`. */
import type { z } from 'zod';
import { type DeployInput, ON_BUSY } from '../core/model/plan.ts';
import type { Problem } from '../core/model/problem.ts';
import { problemsOf } from './problems.ts';
import { flag, mapping, oneOf, text } from './schema.ts';

/** Longer reasons belong in a ticket: this one stands in histories, memos and terminals. */
const LONGEST_REASON = 2000;

const reason = text(`a text of at most ${LONGEST_REASON} characters`).max(LONGEST_REASON, {
  error: `a text of at most ${LONGEST_REASON} characters`,
});

export const deployInputSchema = mapping({
  service: text('the name of a service of the catalogue, such as "crm-api"'),
  environment: text('the name of an environment of the catalogue, such as "production"'),
  version: text('the version to deploy, such as "v1.4.2"'),
  onBusy: oneOf(ON_BUSY).optional(),
  reason: reason.optional(),
  requestedBy: text('who asks: a role or an account of at most 200 characters')
    .max(200, { error: 'who asks: a role or an account of at most 200 characters' })
    .optional(),
  dryRun: flag.optional(),
  expectCatalogue: text(
    '8 or more characters of the catalogue digest (hexadecimal)',
    /^(sha256:)?[0-9a-f]{8,64}$/,
  ).optional(),
}) satisfies z.ZodType<DeployInput>;

/** The input, or everything that is wrong with it. */
export function parseDeployInput(
  input: unknown,
): { readonly input: DeployInput } | { readonly problems: readonly Problem[] } {
  const parsed = deployInputSchema.safeParse(input);
  return parsed.success ? { input: parsed.data } : { problems: problemsOf(parsed.error, input) };
}
