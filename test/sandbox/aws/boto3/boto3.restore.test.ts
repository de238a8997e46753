import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MotoProcess, startMoto } from '../../../../src/sandbox/aws/moto/moto-process.ts';
import { type SandboxAws, startSandboxAws } from '../../../../src/sandbox/aws/start-aws.ts';
import { isMissing, requireTool } from '../../../harness/tools.ts';
import { until } from '../../../harness/until.ts';
import { driveScript, type Look } from './drive.ts';
import { MOTO_DIFFERS, TRUTH } from './truth.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mainstay-boto3-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function query(port: number, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'crm',
    password: 'correct-horse-battery',
    database: 'crm',
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

const count = async (port: number): Promise<unknown> => (await query(port, 'select count(*)::int n from orders'))[0]?.n;

describe.skipIf(isMissing('moto'))('boto3 drives', () => {
  it("the sandbox's RDS through snapshot, restore, point in time, replica and promotion, on real data", async () => {
    const problems: string[] = [];
    const aws: SandboxAws = await startSandboxAws({
      stateDir: join(folder, 'sandbox'),
      clockFactor: 0.0005,
      logUploadMs: 500,
      reportProblem: (part, { message }) => problems.push(`${part}: ${message}`),
    });
    const looked: Record<string, unknown> = {};
    const onLook = async ({ look, port }: Look): Promise<void> => {
      switch (look) {
        case 'fill':
          await query(port, 'create table orders (id int primary key)');
          await query(port, 'insert into orders select generate_series(1, 100)');
          break;
        case 'after snapshot':
          await query(port, 'insert into orders select generate_series(101, 150)');
          break;
        case 'replica':
          await until('the replica has what its source has', async () => (await count(port)) === 150 || undefined);
          looked[look] = (await query(port, 'select pg_is_in_recovery() as r'))[0]?.r;
          break;
        case 'promoted':
          await query(port, 'insert into orders values (999)');
          looked[look] = await count(port);
          break;
        default:
          looked[look] = await count(port);
      }
    };
    try {
      const seen = await driveScript({ python: requireTool('moto'), url: aws.url, onLook });
      expect({ seen, problems }).toEqual({ seen: TRUTH, problems: [] });
    } finally {
      await aws.close();
    }
    // Whether the 50 later rows had been archived yet when the newest time was asked for is a matter of half a second.
    expect(looked).toEqual({
      restored: 100,
      'restored to a time': expect.toSatisfy((rows) => rows === 100 || rows === 150) as number,
      replica: true,
      promoted: 151,
    });
  });

  it('moto by the same script, which sees what is known to differ and nothing else', async () => {
    const moto: MotoProcess = await startMoto({ python: requireTool('moto'), folder: join(folder, 'moto') });
    try {
      const seen = await driveScript({ python: requireTool('moto'), url: `http://127.0.0.1:${moto.port}` });
      const expected = Object.fromEntries(
        Object.entries(TRUTH).map(([name, value]) => [name, MOTO_DIFFERS[name]?.seen ?? value]),
      );
      expect(seen).toEqual(expected);
    } finally {
      await moto.close();
    }
  });
});

it('lists no difference that is none', () => {
  for (const [name, { seen, why }] of Object.entries(MOTO_DIFFERS)) {
    expect([name, TRUTH[name]]).not.toEqual([name, seen]);
    expect(why.length).toBeGreaterThan(10);
  }
});
