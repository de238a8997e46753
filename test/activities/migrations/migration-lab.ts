import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MockActivityEnvironment } from '@temporalio/testing';
import {
  createMigrateDatabase,
  type MigrateDatabaseResult,
} from '../../../src/activities/migrations/migrate-database.ts';
import { readMigrationFolder } from '../../../src/clients/migrations/migration-folder.ts';
import { folderDigest } from '../../../src/core/migration/plan-migrations.ts';
import type { MigrationsPlan } from '../../../src/core/model/migration.ts';
import type { Fence } from '../../../src/core/model/operation.ts';
import type { DeployPlan } from '../../../src/core/model/plan.ts';
import { openDatabase, type PostgresChoice, type TestDatabase } from '../../harness/postgres.ts';
import { SOME_MIGRATIONS, somePlan } from '../../harness/some-plan.ts';
import { runActivity } from '../activity-context.ts';

export interface MigrationLab {
  readonly database: TestDatabase;
  readonly directory: string;
  /** Writes files; undefined deletes one. */
  files(files: Readonly<Record<string, string | undefined>>): Promise<void>;
  /** A plan of the files as they stand now. */
  plan(overrides?: Partial<MigrationsPlan>): Promise<DeployPlan>;
  migrate(options?: MigrateOptions): Promise<MigrateDatabaseResult>;
  /** Recorded names, `name!` for one that was begun only. */
  recorded(): Promise<string[]>;
  close(): Promise<void>;
}

export interface MigrateOptions {
  readonly plan?: DeployPlan;
  readonly fence?: Fence;
  readonly operation?: string;
  readonly context?: MockActivityEnvironment;
  readonly overrides?: Partial<MigrationsPlan>;
  /** Another address of the database. */
  readonly url?: string;
}

/** Secrets of these tests are variables: a client that is only handed on. */
const noCluster = () => ({});

/** A database, a directory, and the activity between them. */
export async function openMigrationLab(choice: PostgresChoice): Promise<MigrationLab> {
  const database = await openDatabase(choice);
  const directory = await mkdtemp(join(tmpdir(), 'mainstay-migrations-'));
  const { migrateDatabase } = createMigrateDatabase({ kubernetes: noCluster as never });
  const variables: string[] = [];
  let urls = 0;

  async function plan(overrides: Partial<MigrationsPlan> = {}): Promise<DeployPlan> {
    const files = await readMigrationFolder(directory);
    const found = { directory, digest: folderDigest(files), files: files.length };
    return somePlan({ migrations: { ...SOME_MIGRATIONS, ...found, ...overrides } });
  }

  return {
    database,
    directory,
    plan,
    files: async (files) => {
      for (const [name, text] of Object.entries(files)) {
        if (text === undefined) await rm(join(directory, name));
        else await writeFile(join(directory, name), text);
      }
    },
    migrate: async ({ fence = { term: 7, change: 2 }, operation = 'deploy/1', url = database.url, ...rest } = {}) => {
      const variable = `${database.name}_${(urls += 1)}`.toUpperCase();
      process.env[variable] = url;
      variables.push(variable);
      const given = rest.plan ?? (await plan(rest.overrides));
      const migrations = { ...SOME_MIGRATIONS, ...given.migrations, database: `env:${variable}` };
      return runActivity(migrateDatabase, { plan: { ...given, migrations }, fence, operation }, rest.context);
    },
    recorded: async () => {
      const rows = await database.query<{ name: string; done: boolean }>(
        'SELECT name, finished_at IS NOT NULL AS done FROM mainstay.migrations ORDER BY name',
      );
      return rows.map(({ name, done }) => (done ? name : `${name}!`));
    },
    close: async () => {
      for (const variable of variables) Reflect.deleteProperty(process.env, variable);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
