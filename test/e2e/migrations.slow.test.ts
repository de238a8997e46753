import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useE2e } from '../harness/e2e.ts';
import { openDatabase } from '../harness/postgres.ts';
import { isMissing } from '../harness/tools.ts';

const [ONE, TWO, THREE, LAST] = [
  '0001_orders.expand.sql',
  '0002_note.expand.sql',
  '0003_orders_by_note.expand.sql',
  '0004_note.contract.sql',
] as const;
const BROKEN = 'CREATE VIEW open_orders AS SELECT * FROM orders WHERE is_open;';
const MENDED = 'CREATE VIEW open_orders AS SELECT * FROM orders WHERE note <> $$done$$;';

describe.skipIf(isMissing('temporal'))('migrations before a canary', () => {
  const e2e = useE2e({ versions: ['v1.4.2'] });

  it('stop a deployment at the file that fails, with traffic untouched, and the next one goes on behind it', async () => {
    const database = await openDatabase();
    const directory = join(e2e().folder, 'migrations');
    await mkdir(directory);
    const write = (name: string, text: string) => writeFile(join(directory, name), text);
    await write(ONE, 'CREATE TABLE orders (id int PRIMARY KEY);');
    await write(TWO, "ALTER TABLE orders ADD COLUMN note text NOT NULL DEFAULT '';");
    await write(THREE, BROKEN);
    await write(LAST, 'ALTER TABLE orders DROP COLUMN note;');
    const secret = join(e2e().folder, 'database-url');
    await writeFile(secret, database.url, { mode: 0o600 });
    const stage = await e2e().stage('migrations', { migrations: { database: `file:${secret}`, directory } });
    const before = await stage.standing();
    const deploy = async (id: string, ...more: string[]) => {
      const ended = await e2e().mainstay([
        'deploy',
        'crm-api',
        '-e',
        'migrations',
        '-V',
        'v1.4.2',
        '--workflow-id',
        id,
        ...more,
      ]);
      return { ended, result: await stage.run(id).result() };
    };

    const dry = await deploy('deploy/migrations/crm-api/dry', '--dry-run');
    expect(dry.result.migrations).toMatchObject({
      applied: [],
      pending: [{ name: ONE }, { name: TWO }, { name: THREE }],
      contract: [LAST],
    });
    // Lines are wrapped.
    expect(dry.ended.stdout.replaceAll(/\s+/g, '')).toContain(
      `${ONE}(sha256${dry.result.migrations?.pending[0]?.checksum}`,
    );
    expect(await database.query("SELECT to_regclass('orders') AS made")).toEqual([{ made: null }]);

    const failed = await deploy('deploy/migrations/crm-api/failed');
    expect(failed.ended.code).toBe(11);
    expect(failed.result).toMatchObject({
      outcome: 'rejected',
      reasonCode: 'MigrationFailed',
      reason: expect.stringMatching(/0003_orders_by_note.* 42703 no such column: .*is_open.*2 applied before it stay/),
      migrations: { applied: [{ name: ONE }, { name: TWO }], failed: { name: THREE } },
    });
    expect(await stage.whyNotS1(before)).toBeUndefined();
    expect(await stage.version()).toBe('v1.4.1');

    await write(THREE, MENDED);
    const mended = await deploy('deploy/migrations/crm-api/mended');
    expect(mended.ended.code).toBe(0);
    expect(mended.result).toMatchObject({
      outcome: 'promoted',
      migrations: { applied: [{ name: THREE }], contract: [LAST] },
    });
    expect(await stage.version()).toBe('v1.4.2');
    const rows = await database.query(
      "SELECT name, operation FROM mainstay.migrations WHERE service = 'crm-api' ORDER BY name",
    );
    expect(rows).toEqual([
      { name: ONE, operation: 'deploy/migrations/crm-api/failed' },
      { name: TWO, operation: 'deploy/migrations/crm-api/failed' },
      { name: THREE, operation: 'deploy/migrations/crm-api/mended' },
    ]);
    // What is kept of it in histories: names and checksums, neither texts nor the password.
    const history = textOf(await stage.run('deploy/migrations/crm-api/failed').handle.fetchHistory());
    expect(history).toContain(THREE);
    for (const secretText of [new URL(database.url).password, BROKEN]) expect(history).not.toContain(secretText);
  });
});

/** Everything that stands in a history, payloads as text. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.values(value).map(textOf).join('\n');
}
