/** Contract of `mainstay.yaml`: structure by zod, then the rules between values; everything that is wrong at once. */
import { z } from 'zod';
import { CATALOGUE_API_VERSION, type Catalogue } from '../core/model/catalogue.ts';
import {
  LONGEST_NAME,
  analysisSchema,
  approvalsSchema,
  buildSchema,
  clusterSchema,
  deadlinesSchema,
  freezeWindowSchema,
  intervalsSchema,
  preflightSchema,
  migrationsSchema,
  requiresSchema,
  strategySchema,
  trafficSchema,
  workloadSchema,
} from './catalogue-parts.ts';
import { cachesSchema, clusterBackupSchema } from './catalogue-cluster-backup.ts';
import { databasesSchema, schedulesSchema } from './catalogue-databases.ts';
import { prometheusSchema } from './catalogue-prometheus.ts';
import { brokenCatalogueRules } from './catalogue-rules.ts';
import { type LocatedProblem, locateIssues } from './problems.ts';
import { kubernetesName, list, mapping, namedEntries, text } from './schema.ts';

const environmentName = kubernetesName(LONGEST_NAME, 'the name of an environment');

const environmentSchema = mapping({
  cluster: clusterSchema,
  namespace: kubernetesName(63, 'the name of a namespace'),
  region: text('the name of a region').optional(),
  approvals: approvalsSchema.optional(),
  freezeWindows: list(freezeWindowSchema, 'a list of freeze windows').optional(),
  prometheus: prometheusSchema.optional(),
  clusterBackup: clusterBackupSchema.optional(),
});

const sharedByServiceAndOverride = {
  preflight: preflightSchema.optional(),
  requires: requiresSchema.optional(),
  migrations: migrationsSchema.optional(),
  deadlines: deadlinesSchema.optional(),
  intervals: intervalsSchema.optional(),
  approvals: approvalsSchema.optional(),
};

const overrideSchema = mapping({
  workload: mapping(optionalFields(workloadSchema.shape)).optional(),
  build: buildSchema.optional(),
  strategy: mapping(optionalFields(strategySchema.shape)).optional(),
  traffic: trafficSchema.optional(),
  analysis: mapping(optionalFields(analysisSchema.shape)).optional(),
  ...sharedByServiceAndOverride,
});

const serviceSchema = mapping({
  workload: workloadSchema,
  build: buildSchema,
  strategy: strategySchema,
  traffic: trafficSchema,
  analysis: analysisSchema,
  ...sharedByServiceAndOverride,
  environments: z
    .record(environmentName, overrideSchema, {
      error: (issue) => (issue.code === 'invalid_key' ? undefined : 'a mapping from environments to what they change'),
    })
    .optional(),
});

export const catalogueSchema = mapping({
  apiVersion: z.literal(CATALOGUE_API_VERSION, { error: CATALOGUE_API_VERSION }),
  environments: namedEntries(environmentName, environmentSchema, 'a mapping of at least one environment'),
  services: namedEntries(
    kubernetesName(LONGEST_NAME, 'the name of a service'),
    serviceSchema,
    'a mapping of at least one service',
  ),
  databases: databasesSchema.optional(),
  schedules: schedulesSchema.optional(),
  caches: cachesSchema.optional(),
}) satisfies z.ZodType<Catalogue>;

/** The catalogue, or everything that is wrong with it. `raw` is parsed YAML. Throws nothing. */
export function checkCatalogue(
  raw: unknown,
): { readonly catalogue: Catalogue } | { readonly problems: readonly LocatedProblem[] } {
  const parsed = catalogueSchema.safeParse(raw);
  const problems = [
    ...(parsed.success ? [] : locateIssues(parsed.error.issues, raw)),
    // The rules skip what is malformed, so that one wrong line does not hide the others.
    ...brokenCatalogueRules(raw),
  ];
  return parsed.success && problems.length === 0 ? { catalogue: parsed.data } : { problems };
}

/** JSON Schema (draft 2020-12) of the file, for editors. */
export function catalogueJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(catalogueSchema, {
    io: 'input',
    target: 'draft-2020-12',
    reused: 'ref',
  });
  return { $schema, $id: 'https://mainstay.dev/schemas/catalogue-v1.json', title: 'Mainstay catalogue', ...schema };
}

type Optional<Shape extends Record<string, z.ZodType>> = { [Key in keyof Shape]: z.ZodOptional<Shape[Key]> };

function optionalFields<Shape extends Record<string, z.ZodType>>(shape: Shape): Optional<Shape> {
  return Object.fromEntries(
    Object.entries(shape).map(([key, schema]) => [key, schema.optional()]),
  ) as unknown as Optional<Shape>;
}
