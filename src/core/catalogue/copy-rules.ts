/** Defaults and rules of `clusterBackup` and `caches`; paths are relative to the part. */
import type { CacheEntry, CacheOverride, ClusterBackupEntry } from '../model/catalogue-copies.ts';
import { BACKED_UP_KIND_NAMES } from '../cluster-backup/kinds.ts';
import { mergeKeys } from './merge.ts';
import type { BrokenRule } from './rules.ts';

export const CLUSTER_BACKUP_DEFAULTS = { prefix: 'cluster', keep: '90d', deadline: '30m' } as const;
export const CACHE_DEFAULTS = {
  prefix: 'caches',
  keep: '30d',
  deadline: '1h',
  samples: 200,
  verifyUpToBytes: 2_000_000_000,
} as const;
/** Of both, where none is written. */
export const DEFAULT_COPY_SCHEDULE = { cron: '0 3 * * 0' } as const;

/** The cache as one environment sees it; undefined where it has none. */
export function cacheIn(entry: CacheEntry, environment: string): CacheOverride | undefined {
  if (!Object.hasOwn(entry.environments, environment)) return undefined;
  const { environments, ...base } = entry;
  return mergeKeys(base, environments[environment]) as CacheOverride;
}

export function brokenClusterBackupRules(entry: ClusterBackupEntry, region: string | undefined): BrokenRule[] {
  const { customKinds = [], kinds = [] } = entry;
  const names = customKinds.map(({ kind }) => kind);
  return [
    ...(region === undefined
      ? [{ path: ['bucket'], expected: 'a region of the environment, where the bucket is', found: 'no region' }]
      : []),
    ...names.flatMap((kind, index) =>
      BACKED_UP_KIND_NAMES.includes(kind) || names.indexOf(kind) < index
        ? [{ path: ['customKinds', index, 'kind'], expected: 'a kind that is not named elsewhere', found: kind }]
        : [],
    ),
    ...kinds.flatMap((kind, index) =>
      kinds.indexOf(kind) < index ? [{ path: ['kinds', index], expected: 'each kind once', found: kind }] : [],
    ),
  ];
}

export function brokenCacheRules({ bucket, connection, region }: CacheOverride, own: string | undefined): BrokenRule[] {
  const missing = (path: string, what: string): BrokenRule => ({
    path: [path],
    expected: `${what}, here or in the cache itself`,
    found: 'nothing',
  });
  return [
    ...(bucket === undefined ? [missing('bucket', 'the name of an S3 bucket')] : []),
    ...(connection === undefined ? [missing('connection', 'a secret reference of a Redis URL')] : []),
    ...(region === undefined && own === undefined ? [missing('region', 'a region, as the environment has none')] : []),
  ];
}
