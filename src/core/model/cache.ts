/** A Redis cache of the catalogue with every default written out, and what is seen of it. */
import type { ObjectReference, OperationMark } from './backup.ts';
import type { ClusterRef } from './plan.ts';

/** `sessions` in `production`: names of the catalogue. */
export interface CacheName {
  readonly cache: string;
  readonly environment: string;
}

export interface CachePlan extends CacheName {
  readonly region: string;
  /** Cluster that `k8s:` references are read from; the environment's. */
  readonly cluster?: ClusterRef;
  /** Secret reference to a redis:// or rediss:// URL. */
  readonly connection: string;
  /**
   * `replication`: the server sends its RDB as to a replica. `file`: BGSAVE, then the file is read, for servers that
   * refuse replicas; the path must be readable by the worker.
   */
  readonly source: { readonly kind: 'replication' } | { readonly kind: 'file'; readonly path: string };
  readonly bucket: string;
  readonly prefix: string;
  /** `aws:kms` with a key, else `AES256`. */
  readonly kmsKeyId?: string;
  readonly keepMs: number;
  readonly deadlineMs: number;
  /** Keys that are compared with the loaded copy. */
  readonly samples: number;
  /** A copy above so many bytes is not loaded on the worker: COULD-NOT-VERIFY. */
  readonly verifyUpToBytes: number;
  readonly catalogueDigest: string;
}

/** What a server says of itself. */
export interface RedisFacts {
  /** `7.0.15` */
  readonly version: string;
  /** `redis`, `valkey`, ... */
  readonly server: string;
  readonly role: string;
  readonly isClusterNode: boolean;
  readonly usedMemoryBytes: number;
  readonly databases: readonly RedisKeyspace[];
  /** Names of loaded modules: their keys can only be loaded by a server that has them. */
  readonly modules: readonly string[];
}

/** Keys of one numbered database; `expires` of them have a time to live. */
export interface RedisKeyspace {
  readonly index: number;
  readonly keys: number;
  readonly expires: number;
}

/** One key, without its value. */
export interface KeySample {
  readonly index: number;
  /** The key's bytes in base64. */
  readonly key: string;
  readonly type: string;
  /** Bytes of a string, else members. */
  readonly size: number;
  /** Milliseconds since 1970; absent: it does not expire. */
  readonly expiresAtMs?: number;
  /** sha256 of the value of a string of at most 64 KiB. */
  readonly digest?: string;
}

/** The small object beside an RDB, written after it. Holds names of keys: as secret as the copy itself. */
export interface CacheManifest extends CacheName {
  readonly format: 1;
  readonly mark: OperationMark;
  readonly rdb: ObjectReference;
  readonly rdbVersion: number;
  readonly before: RedisFacts;
  readonly after: RedisFacts;
  /** Keys that were the same before and after the copy: they must be in it. */
  readonly stable: readonly KeySample[];
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}
