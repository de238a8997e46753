import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { findRedisServer, makePrivateFolder, startThrowawayServer } from '../../clients/redis/throwaway-server.ts';
import { assessCopy, total } from '../../core/cache-backup/assess-copy.ts';
import { COPY_PROOFS } from '../../core/cache-backup/cache-place.ts';
import type { CacheManifest, KeySample } from '../../core/model/cache.ts';
import { readJson, writeJson } from '../dumps/store-stream.ts';
import { withTransfer } from '../dumps/transfer.ts';
import { type CacheDeps, encryptionOf } from './copy-cache.ts';
import type { VerifyCacheInput, VerifyCacheResult } from './types.ts';

export interface VerifyCacheDeps extends CacheDeps {
  /** Program of a Redis server; the machine's own when left out, undefined when there is none. */
  readonly findServer?: () => Promise<string | undefined>;
}

export function createVerifyCache(deps: VerifyCacheDeps) {
  return {
    /**
     * Loads the copy into a server of our own, on this machine, reachable over a socket in a folder of ours, and compares:
     * checksum, numbers of keys, and the keys that stood unchanged while the copy was made. Server and file are gone
     * afterwards, also when this process is killed.
     */
    async verifyCache({ plan, copy }: VerifyCacheInput): Promise<VerifyCacheResult> {
      return withTransfer(plan.deadlineMs, async ({ signal, tell }): Promise<VerifyCacheResult> => {
        const startedAtMs = Date.now();
        const store = deps.aws.objects(copy.rdb.region);
        const place = `s3://${copy.rdb.bucket}/${copy.rdb.key}`;
        const manifest = await readJson<CacheManifest>(store, copy.manifest, signal);
        if (manifest === undefined) return { outcome: 'failed', says: [`${place}: expected its manifest, found none`] };
        if (copy.rdb.bytes > plan.verifyUpToBytes) {
          return couldNot(
            `${place}: ${copy.rdb.bytes} bytes, more than the ${plan.verifyUpToBytes} that are loaded here`,
          );
        }
        const program = await (deps.findServer ?? findRedisServer)();
        if (program === undefined) return couldNot('no redis-server here: set MAINSTAY_REDIS, or install redis-server');
        const folder = await makePrivateFolder();
        try {
          const seen = await download(await store.read(copy.rdb, signal), join(folder.path, 'dump.rdb'), (bytes) =>
            tell(`reading ${place} back`, bytes),
          );
          if (seen.sha256 !== copy.rdb.sha256 || seen.bytes !== copy.rdb.bytes) {
            const wanted = `${copy.rdb.bytes} bytes with sha256 ${copy.rdb.sha256}`;
            return {
              outcome: 'failed',
              says: [`${place}: expected ${wanted}, read ${seen.bytes} with ${seen.sha256}`],
            };
          }
          tell(`loading ${place}`, seen.bytes);
          const result = await loadAndCompare(program, folder.path, manifest, signal);
          if (result.outcome !== 'verified') return result;
          const proof = { format: 1, sha256: seen.sha256, verifiedAtMs: Date.now(), keys: result.keys };
          const key = `${copy.folder}${COPY_PROOFS.verified}`;
          await writeJson(store, { bucket: copy.rdb.bucket, key, encryption: encryptionOf(plan) }, proof, signal);
          return { ...result, tookMs: Date.now() - startedAtMs };
        } finally {
          await folder.remove();
        }
      });
    },
  };
}

async function loadAndCompare(
  program: string,
  folder: string,
  manifest: CacheManifest,
  signal: AbortSignal,
): Promise<VerifyCacheResult> {
  const server = startThrowawayServer(program, folder);
  try {
    const loaded = await server.loaded(signal);
    if (loaded.outcome !== 'loaded') {
      return loaded.outcome === 'unknownFormat'
        ? couldNot(`${program} cannot load this RDB: ${loaded.says}`)
        : { outcome: 'failed', says: [`a server ended over the RDB: ${loaded.says}`] };
    }
    const { redis } = loaded;
    try {
      const facts = await redis.facts();
      const samples: KeySample[] = [];
      for (const index of new Set(manifest.stable.map((sample) => sample.index))) {
        const keys = manifest.stable.filter((sample) => sample.index === index).map(({ key }) => key);
        samples.push(...(await redis.sample(index, keys)));
      }
      const verdict = assessCopy(manifest, { facts, samples, loadedAtMs: Date.now() });
      if (verdict.outcome === 'failed') return { outcome: 'failed', says: verdict.says.slice(0, 20) };
      return { outcome: 'verified', says: verdict.says, keys: total(facts, 'keys'), tookMs: 0 };
    } finally {
      redis.close();
    }
  } finally {
    await server.close();
  }
}

async function download(
  source: Readable,
  path: string,
  tell: (bytes: number) => void,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      tell(bytes);
      done(null, chunk);
    },
  });
  await pipeline(source, counted, createWriteStream(path, { mode: 0o600, flags: 'wx' }));
  return { sha256: hash.digest('hex'), bytes };
}

function couldNot(reason: string): VerifyCacheResult {
  return { outcome: 'couldNotVerify', says: [reason] };
}
