/** Names are a wire format: they stand in histories, on cluster objects and in people's scripts. A golden test guards them. */

export const WORKFLOWS = {
  deployService: 'deployService',
  restoreService: 'restoreService',
  ownership: 'ownership',
  guardOwnership: 'guardOwnership',
  backUpDatabase: 'backUpDatabase',
  verifyRestore: 'verifyRestore',
  keepTemporary: 'keepTemporary',
  sweepTemporaries: 'sweepTemporaries',
  dumpDatabase: 'dumpDatabase',
  backUpCluster: 'backUpCluster',
  backUpCache: 'backUpCache',
} as const;

/** Updates, signals and queries of an operation (a deployment, a restore). */
export const MESSAGES = {
  approve: 'approve',
  reject: 'reject',
  pause: 'pause',
  resume: 'resume',
  skipStep: 'skipStep',
  promoteNow: 'promoteNow',
  abort: 'abort',
  acceptUnrestored: 'acceptUnrestored',
  status: 'status',
  ownershipGranted: 'ownershipGranted',
  ownershipLost: 'ownershipLost',
  replaceRequested: 'replaceRequested',
} as const;

/** Updates, signals and queries of an ownership entity. */
export const OWNERSHIP_MESSAGES = {
  acquire: 'acquire',
  deposit: 'deposit',
  release: 'release',
  withdraw: 'withdraw',
  ownerEnded: 'ownerEnded',
  ownership: 'ownership',
} as const;

export const TASK_QUEUES = { main: 'mainstay', watch: 'mainstay-watch' } as const;

/** Annotations and labels on cluster objects. */
export const MARKS = {
  /** `<term>/<change>` on objects that one service owns alone. */
  fence: 'mainstay.dev/fence',
  /** On a shared route: one key per service, `mainstay.dev/fence-<service>`. */
  fenceOf: (service: string): string => `mainstay.dev/fence-${service}`,
  /** Which operation wrote last: its workflow id. */
  operation: 'mainstay.dev/operation',
  /** Label that tells stable from canary pods; the stable Service must select on it. */
  track: 'mainstay.dev/track',
  /** On a Service that splits by pods: the shares asked for, and the track of the stable pods. */
  podRatio: 'mainstay.dev/pod-ratio',
  /** On a route without a status: when the weights that stand there were written. One key per service. */
  writtenAtOf: (service: string): string => `mainstay.dev/written-${service}`,
  /** Label on the objects Mainstay creates: the service they belong to. */
  service: 'mainstay.dev/service',
  /** Label on the objects Mainstay creates. */
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

export const MEMO = { status: 'mainstayStatus', report: 'mainstayReport' } as const;

export function ownershipId(environment: string, kind: 'service' | 'database', name: string): string {
  return `ownership/${environment}/${kind}/${name}`;
}

/** Name of the canary Deployment (and, with the service's name, of its Service). */
export function canaryName(stable: string, term: number): string {
  return `${stable}-canary-${term}`;
}

/** Signals of a keeper and of those it keeps for. */
export const KEEPER_MESSAGES = {
  /** To the keeper: delete, prove, end. */
  finish: 'finish',
  /** To the parent: the keeper runs and owns the name. */
  keeperReady: 'keeperReady',
  /** To the parent: a round proved nothing; the keeper goes on. */
  keeperReport: 'keeperReport',
} as const;

/** `verify-restore/production/crm/20261101T040000Z-3f2a/keeper` */
export function keeperId(verificationId: string): string {
  return `${verificationId}/keeper`;
}

/** `mainstay/backup/production/crm`; without a name the environment's own, as `mainstay/sweep/production`. */
export function scheduleId(kind: string, environment: string, name?: string): string {
  return ['mainstay', kind, environment, ...(name === undefined ? [] : [name])].join('/');
}
