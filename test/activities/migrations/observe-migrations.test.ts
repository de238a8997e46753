import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { observeMigrations } from '../../../src/activities/migrations/observe-migrations.ts';
import type { MigrationsPlan } from '../../../src/core/model/migration.ts';
import { type MigrationLab, openMigrationLab } from './migration-lab.ts';

describe('observeMigrations', () => {
  let lab: MigrationLab;
  beforeEach(async () => {
    lab = await openMigrationLab({ name: 'packaged Postgres' });
    process.env.OBSERVED_DATABASE_URL = lab.database.url;
  });
  afterEach(async () => {
    delete process.env.OBSERVED_DATABASE_URL;
    await lab.close();
  });

  async function observe(overrides: Partial<MigrationsPlan> = {}) {
    const plan = await lab.plan();
    const migrations = { ...plan.migrations, database: 'env:OBSERVED_DATABASE_URL', ...overrides } as MigrationsPlan;
    return observeMigrations(plan, migrations, (() => ({})) as never, AbortSignal.timeout(10_000));
  }

  it('sees files, record and review by name and checksum, never a text, and changes nothing', async () => {
    await lab.files({ '0001_a.expand.sql': "INSERT INTO t VALUES ('a value of the file')" });
    const first = await observe({ reviewed: 'reviewed.sha256' });
    expect(first).toMatchObject({
      seen: 'present',
      recorded: [],
      files: [{ name: '0001_a.expand.sql', findings: [] }],
    });
    expect(first).not.toHaveProperty('reviewed');
    expect(JSON.stringify(first)).not.toContain('a value of the file');
    expect(await lab.database.query("SELECT to_regnamespace('mainstay') AS made")).toEqual([{ made: null }]);

    await lab.files({
      '0001_a.expand.sql': 'CREATE TABLE t (n int)',
      'reviewed.sha256': `${'a'.repeat(64)}  0001_a.expand.sql\n`,
    });
    await lab.migrate();
    expect(await observe({ reviewed: 'reviewed.sha256' })).toMatchObject({
      recorded: [{ name: '0001_a.expand.sql', finished: true, operation: 'deploy/1' }],
      reviewed: [{ name: '0001_a.expand.sql', checksum: 'a'.repeat(64) }],
    });
  });

  it('says when the user may not record', async () => {
    await lab.database.query("CREATE ROLE reader LOGIN PASSWORD 'secret'");
    try {
      process.env.OBSERVED_DATABASE_URL = lab.database.url.replace(/\/\/[^@]+@/, '//reader:secret@');
      expect(await observe()).toMatchObject({
        refusal: expect.stringMatching(/user reader may not create schema mainstay/),
      });
    } finally {
      await lab.database.query('DROP ROLE reader');
    }
  });

  it('says when there is no directory, no secret, no server', async () => {
    expect(await observe({ directory: '/nowhere/at/all' })).toEqual({ seen: 'missing' });
    await expect(observe({ database: 'env:NOT_SET_ANYWHERE' })).rejects.toMatchObject({ code: 'NotFound' });
    process.env.OBSERVED_DATABASE_URL = 'postgres://u:geheim@127.0.0.1:1/x';
    await expect(observe()).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.not.stringContaining('geheim'),
    });
  });
});
