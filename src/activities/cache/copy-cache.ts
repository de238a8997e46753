import type { AwsClients } from '../../clients/aws/port.ts';
import type { KubernetesClients } from '../../clients/kubernetes/port.ts';
import { openRedis, type RedisCommands } from '../../clients/redis/commands.ts';
import { streamRdb } from '../../clients/redis/replication-stream.ts';
import { readSavedFile } from '../../clients/redis/saved-file.ts';
import { redisTarget } from '../../clients/redis/target.ts';
import { resolveSecret } from '../../clients/secrets/resolve-secret.ts';
import { MANAGED_BY, PURPOSES, tagValue } from '../../core/backup/names.ts';
import { stableSamples, total } from '../../core/cache-backup/assess-copy.ts';
import { COPY_PARTS, COPY_PROOFS, copiesRoot, copyFolder } from '../../core/cache-backup/cache-place.ts';
import type { ObjectReference } from '../../core/model/backup.ts';
import type { CacheManifest, KeySample, RedisFacts } from '../../core/model/cache.ts';
import { AWS_TAGS } from '../../core/model/temporary.ts';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import { readJson, storeStream, writeJson } from '../dumps/store-stream.ts';
import { type Transfer, withTransfer } from '../dumps/transfer.ts';
import type { CacheCopyFacts, CopyCacheInput, CopyCacheResult } from './types.ts';

export interface CacheDeps {
  readonly aws: AwsClients;
  readonly kubernetes: KubernetesClients;
}

export function createCopyCache(deps: CacheDeps) {
  return {
    /**
     * The RDB of a running server, streamed to S3. Counts and samples are taken before and after; the manifest is written
     * last. A whole copy of this operation is adopted. Throws what is transient.
     */
    async copyCache(input: CopyCacheInput): Promise<CopyCacheResult> {
      return withTransfer(input.plan.deadlineMs, async (transfer) => {
        const found = await adopted(deps, input, transfer.signal);
        if (found !== undefined) return found;
        try {
          return await copyAnew(deps, input, transfer);
        } catch (error) {
          transfer.signal.throwIfAborted();
          const isFinal =
            isCoded(error) && ['Forbidden', 'PreconditionFailed', 'NotFound', 'BadResponse'].includes(error.code);
          if (!isFinal) throw error;
          return { outcome: 'couldNotCopy', reason: error.message };
        }
      });
    },
  };
}

export function cacheFolder({ plan, nominalAtMs, mark }: CopyCacheInput): string {
  return copyFolder(copiesRoot(plan.prefix, plan.environment, plan.cache), nominalAtMs, mark);
}

async function adopted(
  { aws }: CacheDeps,
  input: CopyCacheInput,
  signal: AbortSignal,
): Promise<CopyCacheResult | undefined> {
  const { plan } = input;
  const store = aws.objects(plan.region);
  const folder = cacheFolder(input);
  const place = { bucket: plan.bucket, key: `${folder}${COPY_PROOFS.manifest}` };
  const manifest = await readJson<CacheManifest>(store, place, signal);
  if (manifest?.format !== 1) return undefined;
  const [rdb, beside] = await Promise.all([store.head(manifest.rdb, signal), store.head(place, signal)]);
  if (rdb?.bytes !== manifest.rdb.bytes || beside === undefined) return undefined;
  const reference = { region: store.region, ...place, bytes: beside.bytes, sha256: beside.sha256 ?? '' };
  return { outcome: 'copied', copy: factsOf(folder, manifest, reference), adopted: true, notes: [] };
}

async function copyAnew(deps: CacheDeps, input: CopyCacheInput, transfer: Transfer): Promise<CopyCacheResult> {
  const { plan, mark } = input;
  const { signal } = transfer;
  const sources = { kubernetes: deps.kubernetes(plan.cluster ?? {}), awsSecrets: deps.aws.secrets };
  const target = redisTarget(await resolveSecret(plan.connection, sources, signal));
  const redis = await openRedis(target, signal);
  try {
    const startedAtMs = Date.now();
    const before = await redis.facts();
    const early = await sampleAll(redis, before, plan.samples);
    const rdbVersion = { seen: 0 };
    const pieces = (): AsyncIterable<Buffer> =>
      withMagic(
        plan.source.kind === 'replication'
          ? streamRdb(target, { signal })
          : readSavedFile(redis, plan.source.path, signal),
        rdbVersion,
      );
    const rdb = await storeRdb(deps, input, pieces, transfer);
    const after = await redis.facts();
    const late = await sampleAgain(redis, early);
    const { cache, environment } = plan;
    const manifest: CacheManifest = {
      format: 1,
      cache,
      environment,
      mark,
      rdb,
      rdbVersion: rdbVersion.seen,
      before,
      after,
      stable: stableSamples(early, late),
      startedAtMs,
      endedAtMs: Date.now(),
    };
    const folder = cacheFolder(input);
    const place = { bucket: plan.bucket, key: `${folder}${COPY_PROOFS.manifest}`, encryption: encryptionOf(plan) };
    const reference = await writeJson(deps.aws.objects(plan.region), place, manifest, signal);
    return { outcome: 'copied', copy: factsOf(folder, manifest, reference), adopted: false, notes: notesOf(before) };
  } finally {
    redis.close();
  }
}

function storeRdb(
  deps: CacheDeps,
  input: CopyCacheInput,
  pieces: () => AsyncIterable<Buffer>,
  { signal, tell }: Transfer,
): Promise<ObjectReference> {
  const { plan, mark } = input;
  return storeStream(pieces, {
    store: deps.aws.objects(plan.region),
    bucket: plan.bucket,
    key: `${cacheFolder(input)}${COPY_PARTS.rdb}`,
    contentType: 'application/octet-stream',
    encryption: encryptionOf(plan),
    tags: {
      [AWS_TAGS.managedBy]: MANAGED_BY,
      [AWS_TAGS.purpose]: PURPOSES.backup,
      [AWS_TAGS.operation]: tagValue(mark.operation),
      [AWS_TAGS.run]: tagValue(mark.run),
    },
    signal,
    tell: (bytes) => tell(`copying ${plan.cache}`, bytes),
  });
}

/** Ends with an error when what comes is no RDB: nothing else may lie there under that name. */
async function* withMagic(
  pieces: AsyncIterable<Buffer>,
  version: { seen: number },
): AsyncGenerator<Buffer, void, undefined> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const piece of pieces) {
    if (head === undefined) {
      yield piece;
      continue;
    }
    head = Buffer.concat([head, piece]);
    if (head.length < 9) continue;
    version.seen = versionOf(head);
    yield head;
    head = undefined;
  }
  if (head !== undefined) version.seen = versionOf(head);
}

function versionOf(head: Buffer): number {
  const magic = /^(?:REDIS|VALKEY)(\d{3,4})/.exec(head.subarray(0, 10).toString('latin1'));
  if (magic === null) {
    throw new CodedError(
      'BadResponse',
      `RDB: expected it to begin with REDIS and a version, found ${head.length} other bytes`,
    );
  }
  return Number(magic[1]);
}

async function sampleAll(redis: RedisCommands, facts: RedisFacts, most: number): Promise<readonly KeySample[]> {
  const samples: KeySample[] = [];
  const all = Math.max(1, total(facts, 'keys'));
  for (const { index, keys } of facts.databases) {
    const share = Math.max(1, Math.round((most * keys) / all));
    samples.push(...(await redis.sample(index, await redis.pick(index, share))));
  }
  return samples;
}

async function sampleAgain(redis: RedisCommands, early: readonly KeySample[]): Promise<readonly KeySample[]> {
  const samples: KeySample[] = [];
  for (const index of new Set(early.map((sample) => sample.index))) {
    const keys = early.filter((sample) => sample.index === index).map(({ key }) => key);
    samples.push(...(await redis.sample(index, keys)));
  }
  return samples;
}

function notesOf({ isClusterNode, role, modules }: RedisFacts): readonly string[] {
  return [
    ...(isClusterNode ? ['the server is one node of a cluster: the other shards are not in this copy'] : []),
    ...(role === 'slave' ? ['the server is a replica: what its primary had not sent yet is not in this copy'] : []),
    ...(modules.length > 0
      ? [`modules ${modules.join(', ')}: their keys can only be loaded by a server with them`]
      : []),
  ];
}

function factsOf(folder: string, manifest: CacheManifest, reference: ObjectReference): CacheCopyFacts {
  const { rdb, rdbVersion, before, after, startedAtMs, endedAtMs } = manifest;
  return {
    folder,
    rdb,
    manifest: reference,
    rdbVersion,
    server: `${before.server} ${before.version}`,
    keysBefore: total(before, 'keys'),
    keysAfter: total(after, 'keys'),
    takenAtMs: startedAtMs,
    tookMs: endedAtMs - startedAtMs,
  };
}

export function encryptionOf({ kmsKeyId }: { readonly kmsKeyId?: string }): { readonly kmsKeyId?: string } {
  return kmsKeyId === undefined ? {} : { kmsKeyId };
}
