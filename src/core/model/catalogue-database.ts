/**
 * Databases and schedules as they are written in `mainstay.yaml`, after their structure was checked. `resolveDatabase`
 * turns a database into a plan with every default written out, `resolveSchedules` the schedules.
 *
 * Overrides: under `databases.X.environments.<name>` every mapping is merged key by key; lists and plain values are
 * replaced. `dump: off`, `copyTo: off`, `exportTo: off` and a schedule `off` take away what the database has elsewhere.
 */
import type { DurationText } from './catalogue.ts';
import type { SnapshotChoice } from './database.ts';

/** Takes away what stands elsewhere. */
export type Off = 'off';

export const OVERLAPS = ['skip', 'bufferOne', 'bufferAll', 'allowAll'] as const;
export type OverlapName = (typeof OVERLAPS)[number];

/** When something runs by itself. Exactly one of `cron` and `every`. */
export interface ScheduleEntry {
  /** Five fields (minute, hour, day of month, month, day of week), in `timeZone`: `0 2 * * *`. */
  readonly cron?: string;
  readonly every?: DurationText;
  /** IANA name. The one of `schedules.timeZone`, else UTC. */
  readonly timeZone?: string;
  /** A random delay up to this long, so that not everything begins in the same second. 0 s by default. */
  readonly jitter?: DurationText;
  /** What happens when the one before still runs. `skip` by default. */
  readonly overlap?: OverlapName;
  /** How late one may still begin after the server was away. 12 h by default. */
  readonly catchUp?: DurationText;
  readonly paused?: boolean;
}

/** `schedules:` at the top: what all schedules share, and the ones that belong to no database. */
export interface SchedulesEntry {
  /** Tells the catalogues apart that share a namespace of the server; `mainstay` by default. */
  readonly owner?: string;
  /** Environments whose schedules `mainstay schedules apply` makes; all by default. */
  readonly environments?: readonly string[];
  /** UTC by default. */
  readonly timeZone?: string;
  readonly jitter?: DurationText;
  readonly overlap?: OverlapName;
  readonly catchUp?: DurationText;
  readonly paused?: boolean;
  /** The sweep for what is past its time, one for each environment with databases. Every 15 min by default. */
  readonly sweep?: ScheduleEntry | Off;
}

export interface RetentionEntry {
  readonly name: string;
  readonly keep: DurationText;
  /** One backup of each so long. */
  readonly every: DurationText;
}

export interface BackupEntry {
  /** Of the recovery region; `off` where another environment copies. */
  readonly copyTo?: { readonly region: string; readonly kmsKeyId?: string } | Off;
  readonly exportTo?:
    | { readonly bucket: string; readonly prefix?: string; readonly roleArn: string; readonly kmsKeyId: string }
    | Off;
  /** Where manifests and full reports lie. */
  readonly manifests?: { readonly bucket: string; readonly prefix?: string };
  /** daily 30 d, weekly 90 d, monthly 365 d by default. */
  readonly retention?: readonly RetentionEntry[];
  /** 2 by default. */
  readonly verifiedFloor?: number;
  /** 6 h by default. */
  readonly deadline?: DurationText;
}

export interface DumpEntry {
  readonly bucket: string;
  readonly prefix?: string;
  readonly kmsKeyId?: string;
  /** 30 d by default. */
  readonly keep?: DurationText;
  /** 4 h by default. */
  readonly deadline?: DurationText;
}

export interface IntegrityRuleEntry {
  readonly name: string;
  readonly sql: string;
  /** `= 0`, `> 0`, `>= 1000`. */
  readonly expect: string;
  /** `fail` by default. */
  readonly severity?: 'fail' | 'warn';
}

export interface ProbeEntry {
  readonly name: string;
  readonly sql: string;
  readonly within: DurationText;
}

export interface VerificationEntry {
  /** `latest` by default. */
  readonly choice?: Exclude<SnapshotChoice, 'named'>;
  /** 31 d by default. */
  readonly window?: DurationText;
  /** The source's by default. */
  readonly instanceClass?: string;
  readonly parameterGroup?: string;
  readonly securityGroupIds?: readonly string[];
  readonly subnetGroup?: string;
  /** 12 h by default. */
  readonly expiry?: DurationText;
  /** 3 h by default. */
  readonly readyWithin?: DurationText;
  /** 1 h by default. */
  readonly goneWithin?: DurationText;
  /** 15 s by default. */
  readonly poll?: DurationText;
  /** 1 min by default. */
  readonly keeperQuestion?: DurationText;
  /** 2 by default. */
  readonly connections?: number;
  /** 30 min by default. */
  readonly checkTimeout?: DurationText;
  /** 100,000,000,000 by default. */
  readonly sampleAboveBytes?: number;
  readonly criticalTables?: readonly string[];
  readonly closedRanges?: readonly { readonly table: string; readonly where?: string }[];
  readonly allowedLosses?: Readonly<Record<string, number>>;
  readonly rules?: readonly IntegrityRuleEntry[];
  readonly freshness?: string;
  readonly probes?: readonly ProbeEntry[];
}

export interface DatabaseSchedulesEntry {
  /** Daily at 02:00 by default. */
  readonly backup?: ScheduleEntry | Off;
  /** On the 1st of each month at 04:00 by default. */
  readonly verification?: ScheduleEntry | Off;
  /** Every 6 h by default, where there is a `dump`. */
  readonly dump?: ScheduleEntry | Off;
}

interface DatabaseParts {
  /** The environment's by default. */
  readonly region?: string;
  /** Identifier of the RDS instance. */
  readonly instance?: string;
  /** Database in the instance; the name of the entry by default. */
  readonly databaseName?: string;
  /** Secret reference of a postgres:// URL whose role may take the manifest. */
  readonly connection?: string;
  /** `postgres` by default. */
  readonly masterUsername?: string;
  /** RTO 2 h, RPO 1 h by default. */
  readonly objectives?: { readonly rto?: DurationText; readonly rpo?: DurationText };
  readonly backup?: BackupEntry;
  readonly dump?: DumpEntry | Off;
  readonly verification?: VerificationEntry;
  readonly schedules?: DatabaseSchedulesEntry;
}

export type DatabaseOverride = DatabaseParts;

export interface DatabaseEntry extends DatabaseParts {
  /** Where the database is, and what is different there; an environment that is not named has none. */
  readonly environments: Readonly<Record<string, DatabaseOverride>>;
}
