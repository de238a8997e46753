/** From names of the catalogue to complete plans of copies: every default written out, every problem at once. */
import { BACKED_UP_KINDS } from '../cluster-backup/kinds.ts';
import { CACHE_DEFAULTS, CLUSTER_BACKUP_DEFAULTS, cacheIn } from '../catalogue/copy-rules.ts';
import type { CacheName, CachePlan } from '../model/cache.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { ClusterBackupPlan } from '../model/cluster-backup.ts';
import { oneOfText } from '../model/did-you-mean.ts';
import { durationMs } from '../model/duration.ts';
import type { Problem } from '../model/problem.ts';

interface Loaded {
  readonly catalogue: Catalogue;
  readonly digest: string;
}

/** The catalogue has passed its contract. */
export function resolveCache(
  { catalogue, digest }: Loaded,
  { cache, environment }: CacheName,
): { readonly plan: CachePlan } | { readonly problems: readonly Problem[] } {
  const caches = catalogue.caches ?? {};
  const place = ownOf(catalogue.environments, environment);
  const entry = ownOf(caches, cache);
  if (entry === undefined || place === undefined) {
    return {
      problems: [
        ...(entry ? [] : [unknown('cache', 'a cache', cache, Object.keys(caches))]),
        ...(place ? [] : [unknown('environment', 'an environment', environment, Object.keys(catalogue.environments))]),
      ],
    };
  }
  const effective = cacheIn(entry, environment);
  if (effective === undefined) {
    const what = `an environment that has the cache ${cache}`;
    return { problems: [unknown('environment', what, environment, Object.keys(entry.environments))] };
  }
  const { bucket, connection, region = place.region, kmsKeyId } = effective;
  if (bucket === undefined || connection === undefined || region === undefined) {
    throw new Error(`caches.${cache} in ${environment}: a catalogue that passed its rules lacks a key`);
  }
  return {
    plan: {
      cache,
      environment,
      region,
      cluster: place.cluster,
      connection,
      source: effective.source ?? { kind: 'replication' },
      bucket,
      prefix: effective.prefix ?? CACHE_DEFAULTS.prefix,
      ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
      keepMs: durationMs(effective.keep ?? CACHE_DEFAULTS.keep),
      deadlineMs: durationMs(effective.deadline ?? CACHE_DEFAULTS.deadline),
      samples: effective.samples ?? CACHE_DEFAULTS.samples,
      verifyUpToBytes: effective.verifyUpToBytes ?? CACHE_DEFAULTS.verifyUpToBytes,
      catalogueDigest: digest,
    },
  };
}

/** The catalogue has passed its contract. */
export function resolveClusterBackup(
  { catalogue, digest }: Loaded,
  environment: string,
): { readonly plan: ClusterBackupPlan } | { readonly problems: readonly Problem[] } {
  const place = ownOf(catalogue.environments, environment);
  if (place === undefined) {
    return { problems: [unknown('environment', 'an environment', environment, Object.keys(catalogue.environments))] };
  }
  const { clusterBackup: entry, region } = place;
  if (entry === undefined || region === undefined) {
    const expected = 'clusterBackup: with a bucket';
    return { problems: [{ path: `environments.${environment}`, expected, found: 'none' }] };
  }
  const variable = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/.exec(place.cluster.kubeconfig ?? '')?.[1];
  if (variable !== undefined) {
    const expected = `environment variable ${variable} set for the worker`;
    return { problems: [{ path: `environments.${environment}.cluster.kubeconfig`, expected, found: 'not set' }] };
  }
  const { secrets = { mode: 'references' }, kinds, customKinds = [], kmsKeyId } = entry;
  const named = BACKED_UP_KINDS.filter(({ kind }) => kinds === undefined || kinds.includes(kind));
  return {
    plan: {
      environment,
      region,
      cluster: place.cluster,
      namespaces: entry.namespaces ?? [place.namespace],
      ...(entry.selector === undefined ? {} : { labelSelector: entry.selector }),
      kinds: [...named, ...customKinds.map((each) => ({ ...each, namespaced: each.namespaced ?? true }))],
      secrets: secrets.mode === 'encrypted' ? { mode: 'encrypted', key: secrets.encryptionKey } : secrets,
      bucket: entry.bucket,
      prefix: entry.prefix ?? CLUSTER_BACKUP_DEFAULTS.prefix,
      ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
      keepMs: durationMs(entry.keep ?? CLUSTER_BACKUP_DEFAULTS.keep),
      deadlineMs: durationMs(entry.deadline ?? CLUSTER_BACKUP_DEFAULTS.deadline),
      verify: entry.verify ?? 'dryRun',
      catalogueDigest: digest,
    },
  };
}

function ownOf<Value>(entries: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}

function unknown(path: string, what: string, written: string, known: readonly string[]): Problem {
  const expected =
    known.length === 0
      ? `the name of ${what} of the catalogue, which has none`
      : `the name of ${what} of the catalogue, ${oneOfText(written, known)}`;
  return { path, expected, found: JSON.stringify(written) };
}
