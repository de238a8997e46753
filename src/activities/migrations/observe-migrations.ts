/** What the preflight sees of migrations: files, record, and whether the database can be migrated. Changes nothing. */
import type { KubernetesClients } from '../../clients/kubernetes/port.ts';
import { readMigrationFolder, readReviewed } from '../../clients/migrations/migration-folder.ts';
import { readRecorded, whyNotMigrated } from '../../clients/migrations/migration-store.ts';
import { openDatabasePool } from '../../clients/postgres/pool.ts';
import { resolveSecret } from '../../clients/secrets/resolve-secret.ts';
import { parseMigration } from '../../core/migration/parse-file.ts';
import type { MigrationsFact, MigrationsPlan } from '../../core/model/migration.ts';
import type { Seen } from '../../core/model/observe.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { isCoded } from '../../errors/coded-error.ts';

const STATEMENT_TIMEOUT_MS = 5000;

/** Names and checksums, no texts. Throws what makes the database or the secret unreadable. */
export async function observeMigrations(
  plan: DeployPlan,
  migrations: MigrationsPlan,
  clusters: KubernetesClients,
  signal: AbortSignal,
): Promise<Seen<MigrationsFact>> {
  const texts = await readMigrationFolder(migrations.directory).catch((error: unknown) => {
    if (isCoded(error, 'NotFound')) return undefined;
    throw error;
  });
  if (texts === undefined) return { seen: 'missing' };
  const files = texts.map((text) => parseMigration({ name: text.name, checksum: text.checksum }, text.text).file);
  const { reviewed: listName } = migrations;
  const reviewed = listName === undefined ? undefined : await readReviewed(migrations.directory, listName);
  const url = await resolveSecret(migrations.database, { kubernetes: clusters(plan.workload.cluster) }, signal);
  const applicationName = `mainstay preflight ${plan.service}`;
  const database = openDatabasePool({
    url,
    applicationName,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    maxConnections: 1,
  });
  try {
    const recorded = await readRecorded(database, plan.service, signal);
    const refusal = await whyNotMigrated(database, signal);
    return {
      seen: 'present',
      files,
      recorded,
      ...(refusal !== undefined && { refusal }),
      ...(reviewed && { reviewed }),
    };
  } finally {
    await database.close();
  }
}
