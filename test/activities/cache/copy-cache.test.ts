import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCopyCache } from '../../../src/activities/cache/copy-cache.ts';
import { createPruneCacheCopies } from '../../../src/activities/cache/prune-cache.ts';
import type { CopyCacheResult } from '../../../src/activities/cache/types.ts';
import { createVerifyCache } from '../../../src/activities/cache/verify-cache.ts';
import type { KubernetesClient } from '../../../src/clients/kubernetes/port.ts';
import { copyFolder } from '../../../src/core/cache-backup/cache-place.ts';
import type { CacheManifest, CachePlan } from '../../../src/core/model/cache.ts';
import { activityContext } from '../activity-context.ts';
import { createMemoryStore, type MemoryStore } from '../../harness/memory-store.ts';
import { startTestRedis, type TestRedis } from '../../harness/redis.ts';
import { isMissing } from '../../harness/tools.ts';

const NO_CLUSTER = () => ({}) as KubernetesClient;
const MARK = { operation: 'backup-cache/production/sessions/1', run: 'run-1' };
const NOMINAL = Date.parse('2026-11-01T03:00:00Z');

describe.skipIf(isMissing('redis-server'))('a copy of a cache', () => {
  const servers: TestRedis[] = [];
  let diskless: TestRedis;

  beforeAll(async () => {
    diskless = await startTestRedis({ requirepass: 'very-secret', 'repl-diskless-sync': 'yes' });
    servers.push(diskless);
    await fill(diskless);
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()));
  });

  it.each([
    { way: 'with a mark at the end', settings: { 'repl-diskless-sync': 'yes' } },
    { way: 'with its length', settings: { 'repl-diskless-sync': 'no' } },
  ])('comes by replication $way, is loaded and is the same', async ({ settings }) => {
    const server = await startTestRedis({ ...settings, databases: '20' });
    servers.push(server);
    await fill(server);
    const memory = createMemoryStore();
    const copied = mustBeCopied(await copy(memory, planOf(server)));
    expect(copied).toMatchObject({
      adopted: false,
      copy: { keysBefore: 2103, keysAfter: 2103, server: expect.stringContaining('redis 7') },
    });
    const manifest = manifestIn(memory, copied.copy.manifest.key);
    expect(manifest.stable.length).toBeGreaterThan(50);
    expect(new Set(manifest.stable.map(({ index }) => index))).toEqual(new Set([0, 15]));
    const verified = await verify(memory, planOf(server), copied.copy);
    expect(verified).toMatchObject({ outcome: 'verified', keys: 2103 });
    expect(leftOver()).toEqual([]);
  });

  it('is adopted by a second run of the same operation, and made anew by another', async () => {
    const memory = createMemoryStore();
    const first = mustBeCopied(await copy(memory, planOf(diskless)));
    const second = mustBeCopied(await copy(memory, planOf(diskless)));
    expect(second).toMatchObject({ adopted: true, copy: { rdb: first.copy.rdb, folder: first.copy.folder } });
    const other = mustBeCopied(await copy(memory, planOf(diskless), { ...MARK, run: 'run-2' }));
    expect(other.copy.folder).not.toBe(first.copy.folder);
    memory.objects.delete(`backups/${first.copy.rdb.key}`);
    expect(await copy(memory, planOf(diskless))).toMatchObject({ outcome: 'copied', adopted: false });
  });

  it('survives a lost reply at its very end', async () => {
    const memory = createMemoryStore();
    memory.faults.loseUploadReply = true;
    const copied = mustBeCopied(await copy(memory, planOf(diskless)));
    expect(await verify(memory, planOf(diskless), copied.copy)).toMatchObject({ outcome: 'verified' });
  });

  it('gives up what a killed attempt left, and leaves nothing itself when S3 fails', async () => {
    const memory = createMemoryStore();
    Object.assign(memory.faults, { failUploadAfter: 10, leaveUpload: true });
    await expect(copy(memory, planOf(diskless))).rejects.toMatchObject({ type: 'Unavailable' });
    expect([...memory.open]).toEqual([]);
    memory.open.add(`backups/${folder()}dump.rdb`);
    expect(await copy(memory, planOf(diskless))).toMatchObject({ outcome: 'copied' });
    expect([...memory.open]).toEqual([]);
  });

  it('says what is wrong with a password, and does not show it', async () => {
    process.env.TEST_CACHE_URL = diskless.url.replace('very-secret', 'not-the-one');
    const refused = await copy(createMemoryStore(), { ...planOf(diskless), connection: 'env:TEST_CACHE_URL' });
    expect(refused).toMatchObject({ outcome: 'couldNotCopy', reason: expect.stringContaining('WRONGPASS') });
    expect(JSON.stringify(refused)).not.toMatch(/not-the-one|very-secret/);
  });

  it('is cut off by a cancellation in the middle: no object, no upload', async () => {
    const memory = createMemoryStore();
    const environment = activityContext();
    memory.faults.onUpload = () => environment.cancel();
    await expect(copy(memory, planOf(diskless), MARK, environment)).rejects.toThrow();
    expect([...memory.objects.keys()]).toEqual([]);
    expect([...memory.open]).toEqual([]);
  });

  it('is tried again when the server dies in the middle', async () => {
    const server = await startTestRedis();
    servers.push(server);
    await fill(server);
    const memory = createMemoryStore();
    memory.faults.onUpload = () => server.kill();
    // What was sent may have been all of it: then the count afterwards finds nobody.
    await expect(copy(memory, planOf(server))).rejects.toMatchObject({ type: 'Unavailable' });
    expect([...memory.open]).toEqual([]);
    expect([...memory.objects.keys()].filter((key) => key.endsWith('manifest.json'))).toEqual([]);
  });

  it('comes from the file of a BGSAVE where that is configured', async () => {
    const path = join(diskless.folder, 'dump.rdb');
    const memory = createMemoryStore();
    const plan: CachePlan = { ...planOf(diskless), source: { kind: 'file', path } };
    const copied = mustBeCopied(await copy(memory, plan));
    expect(await verify(memory, plan, copied.copy)).toMatchObject({ outcome: 'verified', keys: 2103 });
    const elsewhere: CachePlan = { ...plan, source: { kind: 'file', path: '/nowhere/dump.rdb' } };
    expect(await copy(createMemoryStore(), elsewhere)).toMatchObject({
      outcome: 'couldNotCopy',
      reason: expect.stringContaining('/nowhere/dump.rdb'),
    });
  });

  it('that is damaged, or lacks keys, is found and named without its keys', async () => {
    const memory = createMemoryStore();
    const plan = planOf(diskless);
    const { copy: made } = mustBeCopied(await copy(memory, plan));
    const name = `backups/${made.rdb.key}`;
    const whole = memory.objects.get(name) ?? Buffer.alloc(0);

    memory.objects.set(name, flipped(whole, 500));
    expect(await verify(memory, plan, made)).toMatchObject({
      outcome: 'failed',
      says: [expect.stringContaining('sha256')],
    });

    // Damaged before it was stored: the checksum of ours is that of the damage, the RDB's own finds it.
    const bad = flipped(whole, 500);
    memory.objects.set(name, bad);
    const asIfRight = { ...made, rdb: { ...made.rdb, sha256: shaOf(bad) } };
    expect(await verify(memory, plan, asIfRight)).toMatchObject({
      outcome: 'failed',
      says: [expect.stringMatching(/a server ended over the RDB/)],
    });

    memory.objects.set(name, whole);
    const manifest = manifestIn(memory, made.manifest.key);
    const [sample] = manifest.stable;
    if (sample === undefined) throw new Error('no sample');
    const lost = { ...sample, key: Buffer.from('session:alice-token').toString('base64') };
    const more = { ...manifest, stable: [lost], before: plusKeys(manifest), after: plusKeys(manifest) };
    memory.objects.set(`backups/${made.manifest.key}`, Buffer.from(JSON.stringify(more)));
    const verdict = await verify(memory, plan, made);
    expect(verdict).toMatchObject({ outcome: 'failed' });
    expect(JSON.stringify(verdict)).toMatch(/expected 2\d+ keys that do not expire, found .*session:\.\.\.\(19 bytes/);
    expect(JSON.stringify(verdict)).not.toContain('alice');
    expect(memory.objects.has(`backups/${made.folder}verified.json`)).toBe(false);
    expect(leftOver()).toEqual([]);
  });

  it('could not be verified without a server, or above the size that is loaded', async () => {
    const memory = createMemoryStore();
    const plan = planOf(diskless);
    const { copy: made } = mustBeCopied(await copy(memory, plan));
    const absent = createVerifyCache({ aws: memory.aws, kubernetes: NO_CLUSTER, findServer: async () => undefined });
    const without = await run(() => absent.verifyCache({ plan, copy: made }));
    expect(without).toMatchObject({ outcome: 'couldNotVerify', says: [expect.stringContaining('MAINSTAY_REDIS')] });
    expect(await verify(memory, { ...plan, verifyUpToBytes: 10 }, made)).toMatchObject({ outcome: 'couldNotVerify' });
  });

  it('is pruned by age, but never the last verified one', async () => {
    const memory = createMemoryStore();
    const plan = { ...planOf(diskless), keepMs: 86_400_000 };
    const old = mustBeCopied(await copy(memory, plan));
    await verify(memory, plan, old.copy);
    const nowMs = NOMINAL + 40 * 86_400_000;
    const next = mustBeCopied(
      await run(() =>
        createCopyCache({ aws: memory.aws, kubernetes: NO_CLUSTER }).copyCache({
          plan,
          mark: { ...MARK, run: 'later' },
          nominalAtMs: nowMs,
        }),
      ),
    );
    const prune = () =>
      run(() => createPruneCacheCopies(memory).pruneCacheCopies({ plan, own: next.copy.folder, nowMs }));
    expect(await prune()).toEqual({ removed: [], kept: 2 });
    await verify(memory, plan, next.copy);
    expect(await prune()).toMatchObject({ removed: [{ folder: old.copy.folder }], kept: 1 });
    expect([...memory.objects.keys()].filter((key) => key.includes(old.copy.folder))).toEqual([]);
  });

  function planOf(server: TestRedis): CachePlan {
    const name = `TEST_CACHE_${server.port}`;
    process.env[name] = server.url;
    return {
      cache: 'sessions',
      environment: 'production',
      region: 'eu-central-1',
      connection: `env:${name}`,
      source: { kind: 'replication' },
      bucket: 'backups',
      prefix: 'caches',
      keepMs: 30 * 86_400_000,
      deadlineMs: 60_000,
      samples: 100,
      verifyUpToBytes: 1e9,
      catalogueDigest: 'x',
    };
  }
});

async function fill({ redis }: TestRedis): Promise<void> {
  const send = (...words: string[]) => redis.command(...words);
  await Promise.all(Array.from({ length: 2000 }, (_, at) => send('SET', `page:${at}`, `value ${at} `.repeat(at % 50))));
  await Promise.all(Array.from({ length: 50 }, (_, at) => send('SET', `session:${at}`, `token ${at}`, 'EX', '3600')));
  await send('HSET', 'user:1', 'name', 'a', 'plan', 'b');
  await send('RPUSH', 'queue', 'x', 'y', 'z');
  await send('XADD', 'events', '*', 'kind', 'login');
  await send('SELECT', '15');
  await Promise.all(Array.from({ length: 50 }, (_, at) => send('ZADD', `score:${at}`, '1', 'one', '2', 'two')));
  await send('SELECT', '0');
}

function run<T>(body: () => Promise<T>, environment = activityContext()): Promise<T> {
  return environment.run(body);
}

function copy(memory: MemoryStore, plan: CachePlan, mark = MARK, environment = activityContext()) {
  const { copyCache } = createCopyCache({ aws: memory.aws, kubernetes: NO_CLUSTER });
  return run(() => copyCache({ plan, mark, nominalAtMs: NOMINAL }), environment);
}

function verify(
  memory: MemoryStore,
  plan: CachePlan,
  made: Parameters<ReturnType<typeof createVerifyCache>['verifyCache']>[0]['copy'],
) {
  const { verifyCache } = createVerifyCache({ aws: memory.aws, kubernetes: NO_CLUSTER });
  return run(() => verifyCache({ plan, copy: made }));
}

function mustBeCopied(result: CopyCacheResult): Extract<CopyCacheResult, { outcome: 'copied' }> {
  if (result.outcome !== 'copied') throw new Error(result.reason);
  return result;
}

function manifestIn(memory: MemoryStore, key: string): CacheManifest {
  return JSON.parse(memory.objects.get(`backups/${key}`)?.toString() ?? '{}') as CacheManifest;
}

function plusKeys({ before }: CacheManifest): CacheManifest['before'] {
  return { ...before, databases: before.databases.map((each) => ({ ...each, keys: each.keys + 100 })) };
}

function flipped(body: Buffer, at: number): Buffer {
  const copied = Buffer.from(body);
  copied[at] = (copied[at] ?? 0) ^ 0xff;
  return copied;
}

function shaOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

function folder(): string {
  return copyFolder('caches/production/sessions/', NOMINAL, MARK);
}

/** Folders of throwaway servers. */
function leftOver(): string[] {
  return readdirSync(tmpdir()).filter(
    (name) => name.startsWith('mainstay-cache-') && existsSync(join(tmpdir(), name, 'dump.rdb')),
  );
}
