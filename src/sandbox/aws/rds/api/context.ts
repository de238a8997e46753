/** What every operation has at hand. */
import type { AwsFaults } from '../../front/fault-rules.ts';
import type { RdsEngine } from '../engine/port.ts';
import type { LogUploads } from './backups.ts';
import type { RdsClock } from './clock.ts';
import { RdsError } from './errors.ts';
import { arn, parseArn } from './identifiers.ts';
import type { QueryInput } from './query-input.ts';
import type { Instance, ParameterGroup, RdsEvent, RdsState, Region, Snapshot } from './state.ts';
import type { Timelines } from './timeline.ts';
import type { XmlObject } from './xml.ts';

/** What an export writes, and what it left out. */
export interface ExportOutcome {
  readonly bytes: number;
  /** A sentence for each table that was left out. */
  readonly skipped: readonly string[];
}

export interface ExportRequest {
  readonly region: string;
  readonly taskIdentifier: string;
  /** URL of the restored copy for its superuser, by database: a secret. */
  readonly urlOf: (database: string) => string;
  readonly bucket: string;
  readonly prefix: string | undefined;
  /** `database`, `database.schema` or `database.schema.table`; empty: everything. */
  readonly only: readonly string[];
  readonly signal: AbortSignal;
  readonly onProgress: (percent: number) => void;
}

/** The way into S3, handed in. */
export interface Exporter {
  bucketExists(region: string, bucket: string): Promise<boolean>;
  write(request: ExportRequest): Promise<ExportOutcome>;
}

export interface RdsContext {
  readonly state: RdsState;
  readonly engine: RdsEngine;
  readonly clock: RdsClock;
  readonly timelines: Timelines;
  readonly logUploads: LogUploads;
  readonly faults: AwsFaults;
  readonly exporter: Exporter;
  readonly quotas: { readonly instances: number; readonly manualSnapshots: number };
  readonly reportProblem: (part: string, problem: Error) => void;
}

export interface Call {
  readonly context: RdsContext;
  readonly region: Region;
  readonly input: QueryInput;
}

/** Content of `<OperationResult>`; undefined for operations that answer nothing. */
export type Operation = (call: Call) => XmlObject | undefined | Promise<XmlObject | undefined>;

/** By identifier, in any letters; an ARN of the same region is taken too. Throws DBInstanceNotFound. */
export function findInstance(region: Region, asked: string): Instance {
  const parsed = parseArn(asked);
  const name = parsed?.kind === 'db' && parsed.region === region.name ? parsed.name : asked;
  const found = region.instances.get(name.toLowerCase());
  if (found) return found;
  throw new RdsError('DBInstanceNotFound', `DBInstance ${asked} not found.`);
}

/** By identifier or ARN. Throws DBSnapshotNotFound. */
export function findSnapshot(region: Region, asked: string): Snapshot {
  const parsed = parseArn(asked);
  const name = parsed?.kind === 'snapshot' && parsed.region === region.name ? parsed.name : asked;
  const found = region.snapshots.get(name.toLowerCase());
  if (found) return found;
  throw new RdsError('DBSnapshotNotFound', `DBSnapshot not found: ${asked}`);
}

/** The group, made on the fly when it is a default one. Throws DBParameterGroupNotFound. */
export function findParameterGroup(region: Region, name: string): ParameterGroup {
  const found = region.parameterGroups.get(name.toLowerCase());
  if (found) return found;
  const family = /^default\.(postgres\d+)$/.exec(name)?.[1];
  if (family === undefined) throw new RdsError('DBParameterGroupNotFound', `DBParameterGroup not found: ${name}`);
  const group = { name, family, description: `Default parameter group for ${family}`, tags: {}, values: {} };
  region.parameterGroups.set(name, group);
  return group;
}

/** Only these may be changed, copied, snapshotted. */
export function isReady(instance: Instance): boolean {
  return instance.status === 'available' || instance.status === 'storage-optimization';
}

/** Throws InvalidDBInstanceState unless it is ready, and no change is about to begin. */
export function requireReady({ timelines }: RdsContext, instance: Instance, doing: string): void {
  if (isReady(instance) && !timelines.isBusy(instance)) return;
  const reason = isReady(instance) ? 'a change is under way' : `it is ${instance.status}`;
  throw new RdsError(
    'InvalidDBInstanceState',
    `Cannot ${doing}: DB instance ${instance.identifier} is not in available state: ${reason}.`,
  );
}

/** Where a timeline ends. */
export function resting(instance: Instance): () => string {
  return () => (instance.isOptimizing ? 'storage-optimization' : 'available');
}

const EVENTS_KEPT = 2000;

export function addEvent(
  region: Region,
  sourceType: RdsEvent['sourceType'],
  sourceIdentifier: string,
  category: string,
  message: string,
): void {
  const kind = sourceType === 'db-instance' ? 'db' : sourceType === 'db-snapshot' ? 'snapshot' : 'pg';
  const sourceArn = arn(region.name, kind, sourceIdentifier);
  const event = { atMs: Date.now(), sourceType, sourceIdentifier, sourceArn, categories: [category], message };
  region.events.push(event);
  if (region.events.length > EVENTS_KEPT) region.events.shift();
}
