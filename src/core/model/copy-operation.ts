/** Copies of caches and of a cluster's objects: what they are asked. Their results are those of every backup. */

/** Input of `backUpCluster`; a name only, resolved by the first activity. */
export interface BackUpClusterInput {
  readonly environment: string;
  /** Who asks: a role or an account, or a schedule; claimed, not proven. */
  readonly requestedBy?: string | undefined;
  readonly reason?: string | undefined;
  /** Plan only; nothing is copied. */
  readonly dryRun?: boolean | undefined;
  /** Refuse when the worker's catalogue has another digest (8 characters or more). */
  readonly expectCatalogue?: string | undefined;
}

/** Input of `backUpCache`. */
export interface BackUpCacheInput extends BackUpClusterInput {
  readonly cache: string;
}

/** How a cluster's copy is called where a database has its name. */
export const CLUSTER_NAME = 'cluster';
