/** Copies of a cluster's objects and of caches as they are written in `mainstay.yaml`. */
import type { DurationText } from './catalogue.ts';
import type { Off, ScheduleEntry } from './catalogue-database.ts';

/** Under an environment: `clusterBackup:`. */
export interface ClusterBackupEntry {
  readonly bucket: string;
  /** `cluster` by default. */
  readonly prefix?: string;
  readonly kmsKeyId?: string;
  /** The environment's by default. */
  readonly namespaces?: readonly string[];
  /** A label selector; every object by default. */
  readonly selector?: string;
  /** Names of kinds; all that are known by default. */
  readonly kinds?: readonly string[];
  /** Kinds of the team's own, applied after all others. */
  readonly customKinds?: readonly {
    readonly kind: string;
    readonly group: string;
    readonly version: string;
    readonly plural: string;
    /** True by default. */
    readonly namespaced?: boolean;
  }[];
  /** `references` by default. */
  readonly secrets?:
    | { readonly mode: 'references'; readonly digestKey?: string }
    | { readonly mode: 'encrypted'; readonly encryptionKey: string };
  /** 90 d by default. */
  readonly keep?: DurationText;
  /** 30 min by default. */
  readonly deadline?: DurationText;
  /** `dryRun` by default. */
  readonly verify?: 'dryRun' | 'none';
  /** Sundays at 03:00 by default. */
  readonly schedule?: ScheduleEntry | Off;
}

interface CacheParts {
  /** The environment's by default. */
  readonly region?: string;
  /** Secret reference of a redis:// or rediss:// URL. */
  readonly connection?: string;
  /** `replication` by default. */
  readonly source?: { readonly kind: 'replication' } | { readonly kind: 'file'; readonly path: string };
  readonly bucket?: string;
  /** `caches` by default. */
  readonly prefix?: string;
  readonly kmsKeyId?: string;
  /** 30 d by default. */
  readonly keep?: DurationText;
  /** 1 h by default. */
  readonly deadline?: DurationText;
  /** 200 by default. */
  readonly samples?: number;
  /** 2,000,000,000 by default. */
  readonly verifyUpToBytes?: number;
  /** Sundays at 03:00 by default. */
  readonly schedule?: ScheduleEntry | Off;
}

export type CacheOverride = CacheParts;

/** Under `caches:`. Mappings of an environment are merged key by key. */
export interface CacheEntry extends CacheParts {
  /** Where the cache is, and what is different there. */
  readonly environments: Readonly<Record<string, CacheOverride>>;
}
