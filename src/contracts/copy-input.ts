/** Contracts of the inputs of the copies of caches and clusters. */
import type { z } from 'zod';
import type { BackUpCacheInput, BackUpClusterInput } from '../core/model/copy-operation.ts';
import { backUpInputSchema } from './backup-input.ts';
import { mapping, text } from './schema.ts';

const { environment, requestedBy, reason, dryRun, expectCatalogue } = backUpInputSchema.shape;
const shared = { environment, requestedBy, reason, dryRun, expectCatalogue };

export const backUpClusterInputSchema = mapping(shared) satisfies z.ZodType<BackUpClusterInput>;
export const backUpCacheInputSchema = mapping({
  ...shared,
  cache: text('the name of a cache of the catalogue, such as "sessions"'),
}) satisfies z.ZodType<BackUpCacheInput>;
