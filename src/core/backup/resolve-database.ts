/** From a name of the catalogue to the complete plan of a database: every default written out, every problem at once. */
import { DATABASE_DEFAULTS, databaseIn, DEFAULT_RETENTION } from '../catalogue/database-rules.ts';
import type { BackupEntry, DatabaseOverride, DumpEntry, VerificationEntry } from '../model/catalogue-database.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { BackupPlan, DatabaseName, DatabasePlan, DumpPlan, VerificationPlan } from '../model/database.ts';
import { oneOfText } from '../model/did-you-mean.ts';
import { durationMs } from '../model/duration.ts';
import type { Problem } from '../model/problem.ts';

export type ResolvedDatabase = { readonly plan: DatabasePlan } | { readonly problems: readonly Problem[] };

/** The catalogue has passed its contract. */
export function resolveDatabase(
  { catalogue, digest }: { readonly catalogue: Catalogue; readonly digest: string },
  { database, environment }: DatabaseName,
): ResolvedDatabase {
  const databases = catalogue.databases ?? {};
  const place = Object.hasOwn(catalogue.environments, environment) ? catalogue.environments[environment] : undefined;
  const entry = Object.hasOwn(databases, database) ? databases[database] : undefined;
  const problems = [
    ...(entry ? [] : [unknown('database', 'a database', database, Object.keys(databases))]),
    ...(place ? [] : [unknown('environment', 'an environment', environment, Object.keys(catalogue.environments))]),
  ];
  if (!entry || !place) return { problems };
  const effective = databaseIn(entry, environment);
  if (!effective) {
    const expected = `an environment that has the database ${database}, ${oneOfText(environment, Object.keys(entry.environments))}`;
    return { problems: [{ path: 'environment', expected, found: JSON.stringify(environment) }] };
  }
  const region = effective.region ?? place.region;
  const { instance, connection, backup = {}, verification = {}, objectives = {} } = effective;
  const { manifests } = backup;
  const { parameterGroup, securityGroupIds } = verification;
  const unset = unsetIn(place.cluster.kubeconfig, connection);
  if (unset !== undefined) {
    const expected = `environment variable ${unset} set for the worker: ${connection} is read from that cluster`;
    return { problems: [{ path: `environments.${environment}.cluster.kubeconfig`, expected, found: 'not set' }] };
  }
  if (!region || !instance || !connection || !manifests || !parameterGroup || !securityGroupIds) {
    // The rules of the catalogue refuse a file that lacks one of them.
    throw new Error(`databases.${database} in ${environment}: a catalogue that passed its rules lacks a key`);
  }
  return {
    plan: {
      database,
      environment,
      region,
      cluster: place.cluster,
      instance,
      databaseName: effective.databaseName ?? database,
      connection,
      masterUsername: effective.masterUsername ?? 'postgres',
      rtoMs: durationMs(objectives.rto ?? DATABASE_DEFAULTS.rto),
      rpoMs: durationMs(objectives.rpo ?? DATABASE_DEFAULTS.rpo),
      backup: backupPlan(backup, manifests),
      ...dumpPlan(effective.dump),
      verification: verificationPlan(effective, { parameterGroup, securityGroupIds }),
      catalogueDigest: digest,
    },
  };
}

/** Each database in each environment that has it. */
export function databasesOf(catalogue: Catalogue): readonly DatabaseName[] {
  return Object.entries(catalogue.databases ?? {}).flatMap(([database, { environments }]) =>
    Object.keys(environments).map((environment) => ({ database, environment })),
  );
}

function unknown(path: string, what: string, written: string, known: readonly string[]): Problem {
  return {
    path,
    expected: `the name of ${what} of the catalogue, ${oneOfText(written, known)}`,
    found: JSON.stringify(written),
  };
}

/** A cluster whose kubeconfig is not known here is wanted only where the connection lies in it. */
function unsetIn(kubeconfig: string | undefined, connection: string | undefined): string | undefined {
  if (connection?.startsWith('k8s:') !== true) return undefined;
  return /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/.exec(kubeconfig ?? '')?.[1];
}

function backupPlan(entry: BackupEntry, manifests: NonNullable<BackupEntry['manifests']>): BackupPlan {
  const { copyTo, exportTo } = entry;
  return {
    ...(typeof copyTo === 'object' && { copyTo }),
    ...(typeof exportTo === 'object' && { exportTo: { ...exportTo, prefix: exportTo.prefix ?? 'archive' } }),
    manifests: { bucket: manifests.bucket, prefix: manifests.prefix ?? 'mainstay' },
    retention: (entry.retention ?? DEFAULT_RETENTION).map(({ name, keep, every }) => ({
      name,
      keepMs: durationMs(keep),
      everyMs: durationMs(every),
    })),
    verifiedFloor: entry.verifiedFloor ?? 2,
    deadlineMs: durationMs(entry.deadline ?? DATABASE_DEFAULTS.backupDeadline),
  };
}

function dumpPlan(entry: DumpEntry | 'off' | undefined): { readonly dump?: DumpPlan } {
  if (entry === undefined || entry === 'off') return {};
  return {
    dump: {
      bucket: entry.bucket,
      prefix: entry.prefix ?? 'dumps',
      ...(entry.kmsKeyId !== undefined && { kmsKeyId: entry.kmsKeyId }),
      keepMs: durationMs(entry.keep ?? DATABASE_DEFAULTS.dumpKeep),
      deadlineMs: durationMs(entry.deadline ?? DATABASE_DEFAULTS.dumpDeadline),
    },
  };
}

function verificationPlan(
  { verification: entry = {} }: DatabaseOverride,
  quarantine: Pick<VerificationPlan, 'parameterGroup' | 'securityGroupIds'>,
): VerificationPlan {
  const ms = (key: Exclude<keyof typeof DATABASE_DEFAULTS & keyof VerificationEntry, never>): number =>
    durationMs(entry[key] ?? DATABASE_DEFAULTS[key]);
  return {
    choice: entry.choice ?? 'latest',
    windowMs: ms('window'),
    ...(entry.instanceClass !== undefined && { instanceClass: entry.instanceClass }),
    ...quarantine,
    ...(entry.subnetGroup !== undefined && { subnetGroup: entry.subnetGroup }),
    expiryMs: ms('expiry'),
    readyWithinMs: ms('readyWithin'),
    goneWithinMs: ms('goneWithin'),
    pollMs: ms('poll'),
    keeperQuestionMs: ms('keeperQuestion'),
    connections: entry.connections ?? 2,
    checkTimeoutMs: ms('checkTimeout'),
    sampleAboveBytes: entry.sampleAboveBytes ?? 100_000_000_000,
    criticalTables: entry.criticalTables ?? [],
    closedRanges: entry.closedRanges ?? [],
    allowedLosses: entry.allowedLosses ?? {},
    rules: (entry.rules ?? []).map((rule) => ({ ...rule, severity: rule.severity ?? 'fail' })),
    ...(entry.freshness !== undefined && { freshnessSql: entry.freshness }),
    probes: (entry.probes ?? []).map(({ name, sql, within }) => ({ name, sql, withinMs: durationMs(within) })),
  };
}
