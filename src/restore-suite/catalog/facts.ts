/** What a server says of itself. Whatever this role may not ask is left out. */
import { CANARY_SCHEMA, PREPARED_TABLE } from '../names.ts';
import { type SuiteSession, problemOf } from '../open-suite.ts';

export interface ServerFacts {
  readonly serverVersion: number;
  readonly serverMajor: number;
  readonly database: string;
  readonly inRecovery: boolean;
  readonly systemIdentifier?: string;
  readonly timelineId?: number;
  /** Oldest running and next transaction id of this snapshot, 64 bits, as texts. */
  readonly oldestXid: string;
  readonly nextXid: string;
  readonly databaseBytes: number;
  readonly hasChecksums: boolean;
  readonly nowMs: number;
  readonly largeObjects: number;
  /** As `prepareCopy` found it, before it changed anything. */
  readonly prepared?: { readonly xid: string; readonly refused: string | null };
  readonly hasCanaryTable: boolean;
}

interface FactRow extends Record<string, unknown> {
  readonly version: number;
  readonly database: string;
  readonly recovery: boolean;
  readonly oldest: string;
  readonly next: string;
  readonly checksums: string;
  readonly now_ms: string;
  readonly objects: string;
  readonly canary: boolean;
}

const FACTS = `select current_setting('server_version_num')::int as version, current_database()::text as database,
  pg_is_in_recovery() as recovery, pg_snapshot_xmin(pg_current_snapshot())::text as oldest,
  pg_snapshot_xmax(pg_current_snapshot())::text as next, current_setting('data_checksums') as checksums,
  (extract(epoch from clock_timestamp()) * 1000)::bigint::text as now_ms,
  (select count(*) from pg_largeobject_metadata)::text as objects,
  exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = '${CANARY_SCHEMA}' and c.relname = 'canary') as canary`;

/** What everybody may ask, also inside a transaction. */
export async function readFacts(session: SuiteSession): Promise<Omit<ServerFacts, keyof GuardedFacts>> {
  const [row] = await session.read<FactRow>('ask the server for its facts', FACTS);
  if (!row) throw new Error('facts: a query without a row');
  return {
    serverVersion: row.version,
    serverMajor: Math.floor(row.version / 10_000),
    database: row.database,
    inRecovery: row.recovery,
    oldestXid: row.oldest,
    nextXid: row.next,
    largeObjects: Number(row.objects),
    hasChecksums: row.checksums === 'on',
    nowMs: Number(row.now_ms),
    hasCanaryTable: row.canary,
  };
}

export type GuardedFacts = Pick<ServerFacts, 'systemIdentifier' | 'timelineId' | 'databaseBytes' | 'prepared'>;

/** What needs rights; outside a transaction, since each may fail. */
export async function readGuardedFacts(session: SuiteSession): Promise<GuardedFacts> {
  const [control] = await ifAllowed(
    session.read<{ system: string; timeline: number }>(
      'ask for the system identifier',
      `select system_identifier::text as system, timeline_id as timeline from pg_control_system(), pg_control_checkpoint()`,
    ),
  );
  const [size] = await ifAllowed(
    session.read<{ bytes: string }>('ask for the size', 'select pg_database_size(current_database())::text as bytes'),
  );
  const [prepared] = await ifAllowed(
    session.read<{ xid: string; refused: string | null }>(
      'ask how it was prepared',
      `select xid, refused from ${PREPARED_TABLE} where started = pg_postmaster_start_time()`,
    ),
  );
  return {
    ...(control ? { systemIdentifier: control.system, timelineId: control.timeline } : {}),
    databaseBytes: Number(size?.bytes ?? 0),
    ...(prepared ? { prepared } : {}),
  };
}

/** No rows where the role has no right or the object is absent; other errors are thrown. */
export async function ifAllowed<T>(asking: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await asking;
  } catch (error) {
    const state = problemOf(error)?.sqlState;
    if (state !== undefined && /^(?:42501|42P01|42703|42883|3F000|0A000)$/.test(state)) return [];
    throw error;
  }
}
