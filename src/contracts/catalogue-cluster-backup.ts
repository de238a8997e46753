/** Structure of `clusterBackup:` of an environment and of `caches:`. */
import { z } from 'zod';
import { BACKED_UP_KIND_NAMES } from '../core/cluster-backup/kinds.ts';
import { oneOfText } from '../core/model/did-you-mean.ts';
import { parseSecretReference, SECRET_REFERENCE_EXPECTED } from '../core/model/secret-reference.ts';
import { scheduleSchema } from './catalogue-databases.ts';
import { choice, duration, flag, kubernetesName, list, mapping, oneOf, text, wholeNumber } from './schema.ts';

/** Names of folders and of schedules. */
const LONGEST_CACHE_NAME = 30;

/** The text that is refused is not shown: it may be the secret itself. See `problems.ts`. */
const secretReference = text(SECRET_REFERENCE_EXPECTED).refine(
  (written) => parseSecretReference(written) !== undefined,
  { error: SECRET_REFERENCE_EXPECTED },
);
const schedule = z
  .union([scheduleSchema, z.literal('off', { error: 'off' })], { error: 'a mapping, or off' })
  .optional();
const bucket = text('the name of an S3 bucket', /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/);
const prefix = text('a key prefix without / at the beginning', /^[^/].*$/);
const kmsKeyId = text('id, alias or ARN of a KMS key');

const kindName = text('the name of a kind').refine((written) => BACKED_UP_KIND_NAMES.includes(written), {
  error: (issue) =>
    typeof issue.input === 'string'
      ? `${oneOfText(issue.input, BACKED_UP_KIND_NAMES)}; others under customKinds`
      : 'the name of a kind',
});

const customKind = mapping({
  kind: text('a kind, such as Certificate', /^[A-Z][A-Za-z0-9]*$/),
  group: text('an API group, such as cert-manager.io', /^[a-z0-9.-]+$/),
  version: text('a version, such as v1', /^v[0-9a-z]+$/),
  plural: text('the name in addresses, such as certificates', /^[a-z0-9]+$/),
  namespaced: flag.optional(),
});

export const clusterBackupSchema = mapping({
  bucket,
  prefix: prefix.optional(),
  kmsKeyId: kmsKeyId.optional(),
  namespaces: list(kubernetesName(63, 'the name of a namespace'), 'a list of namespaces')
    .min(1, { error: 'at least one namespace' })
    .optional(),
  selector: text('a label selector, such as app.kubernetes.io/part-of=crm', /^[A-Za-z0-9./_!=,() -]+$/).optional(),
  kinds: list(kindName, 'a list of kinds').min(1, { error: 'at least one kind' }).optional(),
  customKinds: list(customKind, 'a list of kinds with group, version and plural').optional(),
  secrets: choice(
    'mode',
    ['references', 'encrypted'],
    [
      mapping({ mode: z.literal('references'), digestKey: secretReference.optional() }),
      mapping({ mode: z.literal('encrypted'), encryptionKey: secretReference }),
    ],
  ).optional(),
  keep: duration.optional(),
  deadline: duration.optional(),
  verify: oneOf(['dryRun', 'none']).optional(),
  schedule,
});

const cacheParts = {
  region: text('the name of a region, such as eu-central-1', /^[a-z0-9-]+$/).optional(),
  connection: secretReference.optional(),
  source: choice(
    'kind',
    ['replication', 'file'],
    [
      mapping({ kind: z.literal('replication') }),
      mapping({ kind: z.literal('file'), path: text('an absolute path that the worker can read', /^\//) }),
    ],
  ).optional(),
  bucket: bucket.optional(),
  prefix: prefix.optional(),
  kmsKeyId: kmsKeyId.optional(),
  keep: duration.optional(),
  deadline: duration.optional(),
  samples: wholeNumber(1, 10_000).optional(),
  verifyUpToBytes: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional(),
  schedule,
};

export const cachePartsSchema = mapping(cacheParts);

export const cachesSchema = z.record(
  kubernetesName(LONGEST_CACHE_NAME, 'the name of a cache'),
  mapping({
    ...cacheParts,
    environments: z.record(kubernetesName(63, 'the name of an environment'), cachePartsSchema, {
      error: (issue) => (issue.code === 'invalid_key' ? undefined : 'a mapping from environments to what they change'),
    }),
  }),
  { error: (issue) => (issue.code === 'invalid_key' ? undefined : 'a mapping from names to caches') },
);
