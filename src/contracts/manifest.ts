/** Contract of a manifest: it comes back from a file or a bucket, maybe written by another version. */
import { z } from 'zod';
import type { Manifest } from '../core/model/restore.ts';
import type { Problem } from '../core/model/problem.ts';
import { problemsOf } from './problems.ts';

const text = z.string();
const digits = z.string().regex(/^-?\d+$/, { error: 'a whole number as a text' });
const count = z.number().int().nonnegative();

/** Unknown keys are left alone: a newer version may say more. */
const manifestSchema = z.object({
  format: z.literal(1, { error: '1: a manifest of this version' }),
  algorithm: text,
  takenAtMs: z.number(),
  database: text,
  serverVersion: count,
  serverMajor: count,
  systemIdentifier: digits,
  timelineId: count,
  xid: digits,
  tables: z.array(
    z.object({
      schema: text,
      table: text,
      rows: count,
      digest: digits.nullable(),
      where: text.optional(),
      rangeRows: count.optional(),
      wholeDigest: digits.optional(),
      closed: z.boolean(),
      unchanged: z.literal(true).optional(),
      writes: digits.optional(),
      sampled: z.number().positive().max(1),
      note: text.optional(),
    }),
  ),
  fingerprint: z.array(z.object({ kind: text, name: text, definition: text })),
  schemaHash: text,
  extensions: z.array(z.object({ name: text, version: text })),
  settings: z.record(text, text),
  sequences: z.array(z.object({ schema: text, sequence: text, table: text, column: text, behind: z.boolean() })),
  canary: z.object({ token: text, atMs: z.number() }).optional(),
  analysed: z.array(text).optional(),
  notCovered: z.array(text),
}) satisfies z.ZodType<Manifest>;

/** The manifest, or everything that is wrong with it. */
export function parseManifest(
  input: unknown,
): { readonly manifest: Manifest } | { readonly problems: readonly Problem[] } {
  const parsed = manifestSchema.safeParse(input);
  return parsed.success ? { manifest: parsed.data } : { problems: problemsOf(parsed.error, input) };
}
