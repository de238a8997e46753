/**
 * Postgres servers behind the sandbox's RDS instances: one data directory an instance, one folder a snapshot, one archive
 * of WAL a resource id. Knows nothing of AWS: names, statuses and clocks are the API's business.
 */

export interface ServerSpec {
  /** DbiResourceId: never given twice. */
  readonly resourceId: string;
  readonly masterUsername: string;
  readonly masterPassword: string;
  /** `name=value` for postgresql.conf; unknown ones were refused by the API. */
  readonly parameters: Readonly<Record<string, string>>;
}

export interface NewServerSpec extends ServerSpec {
  readonly major: number;
  readonly databaseName?: string;
}

export interface RunningServer {
  readonly host: '127.0.0.1';
  readonly port: number;
}

export interface SnapshotFacts {
  readonly sizeBytes: number;
  readonly major: number;
  /** The server's clock when the copy was complete: every commit until then is in it. */
  readonly databaseTimeMs: number;
}

export interface ReplicaState {
  readonly streaming: boolean;
  readonly replayLagBytes: number | null;
  readonly lastReplayedCommitMs: number | null;
}

/** Every call is awaited to its effect, may be repeated after a failure, and throws an Error that names folder and observation. */
export interface RdsEngine {
  /** Major versions whose programs were found: 18 (packaged), 15 where the system has it. */
  majors(): Promise<readonly number[]>;
  create(spec: NewServerSpec): Promise<RunningServer>;
  start(resourceId: string): Promise<RunningServer>;
  /** Fast shutdown. */
  stop(resourceId: string): Promise<void>;
  restart(resourceId: string): Promise<RunningServer>;
  setMasterPassword(resourceId: string, password: string): Promise<void>;
  /** Written at once; answers which of them wait for a restart. */
  setParameters(resourceId: string, parameters: Readonly<Record<string, string>>): Promise<readonly string[]>;
  /**
   * Archiving of WAL on (retention > 0) or off; a restart is done where one is needed. On takes the first base too, off
   * removes archive and bases, as RDS deletes automated backups when the retention becomes 0.
   */
  setArchiving(resourceId: string, on: boolean): Promise<void>;
  /** A further base: what a nightly automated backup is to a restore to a point in time. Only with archiving on. */
  takeBase(resourceId: string): Promise<void>;
  /** One commit and a new WAL file, so that an idle database can be restored to now. The API's clock calls it. */
  tick(resourceId: string): Promise<void>;
  /** Commit time of the newest archived tick; undefined without archive. */
  latestRestorableMs(resourceId: string): Promise<number | undefined>;
  /** Forgets what no restore to `keepFromMs` or later needs: the end of a retention period. The newest base stays always. */
  trimArchive?(resourceId: string, keepFromMs: number): Promise<void>;
  /** Stop time of the oldest base that the archive reaches from. */
  earliestRestorableMs(resourceId: string): Promise<number | undefined>;
  snapshot(resourceId: string, snapshotId: string): Promise<SnapshotFacts>;
  copySnapshot(from: string, to: string): Promise<SnapshotFacts>;
  deleteSnapshot(snapshotId: string): Promise<void>;
  /** Folder of the snapshot's data directory: tests make damage in it. */
  snapshotFolder(snapshotId: string): string;
  dataFolder(resourceId: string): string;
  /** URL of a running server for its superuser `rdsadmin`, which nobody outside RDS can be: a secret, for tests. */
  adminUrl(resourceId: string, database?: string): string;
  /** Roles and passwords are those of the snapshot, as on RDS: `spec.masterPassword` is not set. So with the next two. */
  restoreSnapshot(snapshotId: string, spec: ServerSpec): Promise<RunningServer>;
  /**
   * `latest` is everything that was archived. Only along the source's own timeline.
   * @throws RestoreLimitError when there is no archive, or the target lies before or after what it reaches.
   */
  restoreToTime(sourceResourceId: string, target: number | 'latest', spec: ServerSpec): Promise<RunningServer>;
  /** Streaming replication from the source. */
  createReplica(sourceResourceId: string, spec: ServerSpec): Promise<RunningServer>;
  promote(resourceId: string): Promise<void>;
  replicaState(resourceId: string): Promise<ReplicaState>;
  /** Immediate stop, gone confirmed, folder removed; the archive stays until `forget`. Done already is success. */
  destroy(resourceId: string): Promise<void>;
  /** Removes archive and bases of a resource id. */
  forget(resourceId: string): Promise<void>;
  /** Ends every server by its process id. */
  close(): Promise<void>;
}
