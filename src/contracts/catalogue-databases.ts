/** Structure of `databases:` and `schedules:`. Relations between values are rules in core/catalogue/database-rules. */
import { z } from 'zod';
import { OVERLAPS } from '../core/model/catalogue-database.ts';
import { parseSecretReference, SECRET_REFERENCE_EXPECTED } from '../core/model/secret-reference.ts';
import {
  duration,
  durationOrZero,
  flag,
  kubernetesName,
  list,
  mapping,
  namedEntries,
  oneOf,
  text,
  wholeNumber,
} from './schema.ts';

/** Identifiers of what we make carry the name beside a time, or a digest: 30 leaves room in the 63 of RDS. */
export const LONGEST_DATABASE_NAME = 30;

const off = z.literal('off', { error: 'off' });

/** What a mapping can be replaced by in an override. The mapping stands first: see locateIssues. */
function orOff<Schema extends z.ZodType>(schema: Schema) {
  return z.union([schema, off], { error: 'a mapping, or off' }).optional();
}

const CRON =
  'five fields: minute, hour, day of month, month, day of week, such as "0 2 * * *"; each *, a number, a range, a list, */n';
const cron = text(CRON, /^\s*\S+(\s+\S+){4}\s*$/);
const timeZone = text('a time zone, such as Europe/Berlin', /^[A-Za-z][A-Za-z0-9_+\-/]*$/);

const shared = {
  timeZone: timeZone.optional(),
  jitter: durationOrZero.optional(),
  overlap: oneOf(OVERLAPS).optional(),
  catchUp: duration.optional(),
  paused: flag.optional(),
};

export const scheduleSchema = mapping({ cron: cron.optional(), every: duration.optional(), ...shared });

export const schedulesSchema = mapping({
  owner: kubernetesName(63, 'a name for this catalogue').optional(),
  environments: list(text('the name of an environment'), 'a list of environments').optional(),
  ...shared,
  sweep: orOff(scheduleSchema),
});

const region = text('the name of a region, such as eu-central-1', /^[a-z0-9-]+$/);
const identifier = text(
  'an RDS identifier: letters, digits and hyphens, beginning with a letter, at most 63 characters',
  /^[A-Za-z](?!.*--)[A-Za-z0-9-]{0,61}[A-Za-z0-9]$/,
);
const bucket = text('the name of an S3 bucket', /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/);
const prefix = text('a key prefix without / at the beginning', /^[^/].*$/);
const kmsKeyId = text('id, alias or ARN of a KMS key');
const tableName = text('schema.table', /^[^.\s]+\.[^\s].*$/);
/** One statement: a semicolon inside a text of the query is not worth a parser. */
const sql = text('one SELECT without a semicolon', /^\s*(select|with)\b[^;]*;?\s*$/is);
export const expectation = text(
  'a bound for one number: =, <, <=, > or >= and a number, such as "= 0"',
  /^(=|<=|>=|<|>)\s*-?\d+(\.\d+)?\s*%?$/,
);

const retention = mapping({ name: kubernetesName(30, 'a name for the tier'), keep: duration, every: duration });

const backup = mapping({
  copyTo: orOff(mapping({ region, kmsKeyId: kmsKeyId.optional() })),
  exportTo: orOff(
    mapping({
      bucket,
      prefix: prefix.optional(),
      roleArn: text('the ARN of a role that RDS may assume', /^arn:[^:]+:iam::\d{12}:role\/.+$/),
      kmsKeyId,
    }),
  ),
  manifests: mapping({ bucket, prefix: prefix.optional() }).optional(),
  retention: list(retention, 'a list of tiers with name, keep and every')
    .min(1, { error: 'a list of at least one tier' })
    .optional(),
  verifiedFloor: wholeNumber(1, 1000).optional(),
  deadline: duration.optional(),
});

const dump = mapping({
  bucket,
  prefix: prefix.optional(),
  kmsKeyId: kmsKeyId.optional(),
  keep: duration.optional(),
  deadline: duration.optional(),
});

const verification = mapping({
  choice: oneOf(['latest', 'random', 'oldest']).optional(),
  window: duration.optional(),
  instanceClass: text('an instance class, such as db.m7g.large', /^db\.[a-z0-9.]+$/).optional(),
  parameterGroup: text('the name of a DB parameter group').optional(),
  securityGroupIds: list(text('the id of a security group, sg-...', /^sg-[A-Za-z0-9]+$/), 'a list of security groups')
    .min(1, { error: 'at least one security group, without egress' })
    .optional(),
  subnetGroup: text('the name of a DB subnet group').optional(),
  expiry: duration.optional(),
  readyWithin: duration.optional(),
  goneWithin: duration.optional(),
  poll: duration.optional(),
  keeperQuestion: duration.optional(),
  connections: wholeNumber(1, 32).optional(),
  checkTimeout: duration.optional(),
  sampleAboveBytes: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional(),
  criticalTables: list(tableName, 'a list of schema.table').optional(),
  closedRanges: list(
    mapping({ table: tableName, where: text('an SQL condition').optional() }),
    'a list of tables, each with a condition',
  ).optional(),
  allowedLosses: z
    .record(tableName, wholeNumber(0, Number.MAX_SAFE_INTEGER), {
      error: (issue) => (issue.code === 'invalid_key' ? undefined : 'a mapping from schema.table to a number of rows'),
    })
    .optional(),
  rules: list(
    mapping({
      name: kubernetesName(63, 'a name for the rule'),
      sql,
      expect: expectation,
      severity: oneOf(['fail', 'warn']).optional(),
    }),
    'a list of rules with name, sql and expect',
  ).optional(),
  freshness: sql.optional(),
  probes: list(
    mapping({ name: kubernetesName(63, 'a name for the probe'), sql, within: duration }),
    'a list of probes with name, sql and within',
  ).optional(),
});

export const secretReference = z
  .string({ error: SECRET_REFERENCE_EXPECTED })
  .refine((written) => parseSecretReference(written) !== undefined, { error: SECRET_REFERENCE_EXPECTED })
  .describe(SECRET_REFERENCE_EXPECTED);

const parts = {
  region: region.optional(),
  instance: identifier.optional(),
  databaseName: text('the name of a database').optional(),
  connection: secretReference.optional(),
  masterUsername: text('the name of a role').optional(),
  objectives: mapping({ rto: duration.optional(), rpo: duration.optional() }).optional(),
  backup: backup.optional(),
  dump: orOff(dump),
  verification: verification.optional(),
  schedules: mapping({
    backup: orOff(scheduleSchema),
    verification: orOff(scheduleSchema),
    dump: orOff(scheduleSchema),
  }).optional(),
};

/** A database as one environment sees it: the override merged over the rest. */
export const databasePartsSchema = mapping(parts);

export const databaseSchema = mapping({
  ...parts,
  environments: namedEntries(
    kubernetesName(63, 'the name of an environment'),
    databasePartsSchema,
    'a mapping from the environments that have the database to what is different there ({} for nothing)',
  ),
});

export const databasesSchema = namedEntries(
  kubernetesName(LONGEST_DATABASE_NAME, 'the name of a database'),
  databaseSchema,
  'a mapping of at least one database',
);
