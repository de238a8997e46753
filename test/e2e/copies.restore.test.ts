/** Dumps and copies as a person makes them: real servers of every kind, the worker in a process of its own. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { createObjectStore } from '../../src/clients/aws/object-store.ts';
import { type ApiServer, startApiServer } from '../../src/sandbox/cluster/api/server.ts';
import { awsEnvironment } from '../../src/sandbox/aws/aws-environment.ts';
import { type SandboxAws, startSandboxAws } from '../../src/sandbox/aws/start-aws.ts';
import { fill } from '../activities/cluster-backup/some-objects.ts';
import { type CommandEnd, runMainstay, startMainstay } from '../harness/command-line.ts';
import { type DevServer, startDevServer, startWorkerProcess, type WorkerProcess } from '../harness/e2e/processes.ts';
import { openDatabase, type TestDatabase } from '../harness/postgres.ts';
import { startTestRedis, type TestRedis } from '../harness/redis.ts';
import { isMissing } from '../harness/tools.ts';
import { until } from '../harness/until.ts';

const BIN = '/usr/lib/postgresql/15/bin';
const BUCKET = 'crm-backups';
const REGION = 'eu-central-1';
const KEY = 'a key of at least thirty-two characters';
const isSkipped =
  ['temporal', 'moto', 'redis-server'].some((name) => isMissing(name as 'temporal')) ||
  !existsSync(join(BIN, 'pg_dump'));

describe.skipIf(isSkipped)('dumps and copies, end to end', () => {
  let folder: string;
  let api: ApiServer;
  let aws: SandboxAws;
  let redis: TestRedis;
  let database: TestDatabase;
  let server: DevServer;
  let worker: WorkerProcess;
  let env: Record<string, string>;
  const secrets = ['redis-secret-word', KEY, 'bm8tc3VjaC13b3Jk'];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-copies-'));
    [api, aws, redis, database, server] = await Promise.all([
      startApiServer({ namespaces: ['default', 'crm', 'other'] }),
      startSandboxAws({ stateDir: join(folder, 'aws'), buckets: [{ name: BUCKET, region: REGION }] }),
      startTestRedis({ requirepass: 'redis-secret-word', 'repl-diskless-sync': 'yes' }),
      openDatabase({ name: 'Postgres 15', binaries: BIN }),
      startDevServer(folder, []),
    ]);
    secrets.push(decodeURIComponent(new URL(database.url).password));
    await fill(api.url);
    await database.query(
      'CREATE TABLE orders AS SELECT n AS id, md5(n::text) AS note FROM generate_series(1, 60000) n',
    );
    for (let at = 0; at < 300; at += 1) await redis.redis.command('SET', `page:${at}`, `value ${at}`);
    env = {
      ...awsEnvironment(aws.url, REGION),
      TEMPORAL_ADDRESS: server.address,
      MAINSTAY_CONFIG: await catalogueIn(folder, api.url, database.name),
      MAINSTAY_LEDGER: 'off',
      MAINSTAY_PG_BIN_15: await slowOnce(folder),
      TEST_CRM_URL: database.url,
      TEST_REDIS_URL: redis.url,
      TEST_CLUSTER_KEY: KEY,
    };
    worker = await startWorkerProcess({ folder, name: 'copies', namespace: 'default', server, env });
  });
  afterAll(async () => {
    await worker?.kill();
    await server?.stop();
    await Promise.all([api?.close(), aws?.close(), redis?.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  it('a dump survives kill -9 of the worker in its middle: one whole archive, no part of another', async () => {
    const id = 'dump/demo/crm/killed';
    const running = startMainstay(['dump', 'crm', '-e', 'demo', '--by', 'release-manager', '--workflow-id', id], env);
    await until(
      'the dump is in its middle',
      () => (existsSync(join(folder, 'pg', 'begun')) ? true : undefined),
      60_000,
    );
    await worker.kill();
    await worker.start();
    const end = await running.end;
    mustEnd(end, 0);
    const store = createObjectStore(REGION, {
      endpoint: aws.url,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    const found = await store.list({ bucket: BUCKET, prefix: 'dumps/' });
    expect(found.map(({ key }) => key.split('/').at(-1) ?? '').toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      'archive.dump',
      'manifest.json',
      'verified.json',
    ]);
    expect(await unfinished()).toBe(0);
    await expectNoSecretIn(id);
  });

  it('the objects of the cluster are copied, tried, and can be shown again with their Secrets', async () => {
    const id = 'backup-cluster/demo/1';
    const end = await runMainstay(
      ['backup-cluster', '-e', 'demo', '--by', 'release-manager', '--workflow-id', id],
      env,
    );
    mustEnd(end, 0);
    await expectNoSecretIn(id);
    const store = createObjectStore(REGION, {
      endpoint: aws.url,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    const keys = (await store.list({ bucket: BUCKET, prefix: 'cluster/' })).map(({ key }) => key);
    const show = (part: string, ...more: string[]) =>
      runMainstay(['cluster-backup', 'show', `s3://${BUCKET}/${keys.find((key) => key.endsWith(part))}`, ...more], env);
    const [objects, sealed, closed] = await Promise.all([
      show('objects.yaml.gz'),
      show('secrets.enc', '--key', 'env:TEST_CLUSTER_KEY'),
      show('secrets.enc'),
    ]);
    expect(objects.stdout).toContain('"kind": "Deployment"');
    expect(objects.stdout).not.toContain('bm8tc3VjaC13b3Jk');
    expect(sealed.stdout).toContain('"password": "bm8tc3VjaC13b3Jk"');
    expect(closed).toMatchObject({ code: 64, stderr: expect.stringContaining('--key') });
  });

  it('the cache is copied and loaded; a wrong name is told with what there is', async () => {
    const id = 'backup-cache/demo/sessions/1';
    const end = await runMainstay(
      ['backup-cache', 'sessions', '-e', 'demo', '--by', 'release-manager', '--workflow-id', id],
      env,
    );
    mustEnd(end, 0);
    expect(end.stdout).toMatch(/300 keys/);
    await expectNoSecretIn(id);
    const wrong = await runMainstay(['backup-cache', 'sesions', '-e', 'demo'], env);
    mustEnd(wrong, 65);
    expect(wrong.stdout + wrong.stderr).toContain('sessions');
  });

  async function unfinished(): Promise<number> {
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const sdk = new S3Client({ region: REGION, endpoint: aws.url, credentials, forcePathStyle: true });
    const found = await sdk.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
    sdk.destroy();
    return found.Uploads?.length ?? 0;
  }

  /** Neither in history nor in what the worker wrote. */
  async function expectNoSecretIn(workflowId: string): Promise<void> {
    const client = new Client({ connection: server.connection });
    const history = await client.workflow.getHandle(workflowId).fetchHistory();
    const payloads = textOf(history);
    expect(payloads).toContain('release-manager');
    for (const secret of secrets) {
      expect(payloads.includes(secret)).toBe(false);
      expect(worker.log().includes(secret)).toBe(false);
    }
  }
});

/** Every text and every payload in it. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return `${value}\n`;
  if (value instanceof Uint8Array) return `${Buffer.from(value).toString()}\n`;
  return typeof value === 'object' && value !== null ? Object.values(value).map(textOf).join('') : '';
}

function mustEnd({ code, stdout, stderr }: CommandEnd, wanted: number): void {
  if (code !== wanted)
    throw new Error(`ended with ${code}, not ${wanted}: ${stdout.slice(-1500)}\n${stderr.slice(-1500)}`);
}

async function catalogueIn(folder: string, server: string, databaseName: string): Promise<string> {
  const kubeconfig = join(folder, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'sandbox',
    clusters: [{ name: 'sandbox', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'sandbox', user: {} }],
    contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user: 'sandbox' } }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const example = await readFile(new URL('../../examples/crm/mainstay.yaml', import.meta.url), 'utf8');
  const { services, apiVersion } = parse(example) as { services: unknown; apiVersion: string };
  const catalogue = {
    apiVersion,
    environments: {
      demo: {
        cluster: { kubeconfig, context: 'sandbox' },
        namespace: 'crm',
        region: REGION,
        clusterBackup: { bucket: BUCKET, secrets: { mode: 'encrypted', encryptionKey: 'env:TEST_CLUSTER_KEY' } },
      },
      production: { cluster: {}, namespace: 'crm', region: REGION },
    },
    services,
    databases: {
      crm: {
        instance: 'crm-demo',
        databaseName,
        connection: 'env:TEST_CRM_URL',
        backup: { manifests: { bucket: BUCKET } },
        dump: { bucket: BUCKET },
        verification: { parameterGroup: 'quarantine', securityGroupIds: ['sg-0'] },
        environments: { demo: {} },
      },
    },
    caches: { sessions: { connection: 'env:TEST_REDIS_URL', bucket: BUCKET, environments: { demo: {} } } },
  };
  const path = join(folder, 'mainstay.yaml');
  await writeFile(path, stringify(catalogue));
  return path;
}

/** Programs of Postgres 15, of which pg_dump stands still in the middle of its first run. */
async function slowOnce(folder: string): Promise<string> {
  const bin = join(folder, 'pg');
  await mkdir(bin);
  const dump = [
    '#!/bin/sh',
    `[ "$1" = --version ] || [ -e "$0.done" ] && exec ${BIN}/pg_dump "$@"`,
    'touch "$0.done"',
    `${BIN}/pg_dump "$@" | { head -c 200000; touch ${bin}/begun; sleep 30; cat; }`,
  ];
  await writeFile(join(bin, 'pg_dump'), `${dump.join('\n')}\n`);
  await writeFile(join(bin, 'pg_restore'), `#!/bin/sh\nexec ${BIN}/pg_restore "$@"\n`);
  for (const program of ['pg_dump', 'pg_restore']) await chmod(join(bin, program), 0o755);
  return bin;
}
