/** What a database is at this moment, in one snapshot that all connections share. */
import type { ClosedRange, Manifest, SequenceMark, TableDigest } from '../core/model/restore.ts';
import { isBehind } from '../core/restore/assess-sequence.ts';
import { isLostConnection } from '../core/restore/sql-state.ts';
import { CodedError } from '../errors/coded-error.ts';
import { readFacts, readGuardedFacts } from './catalog/facts.ts';
import { DEFAULT_SETTINGS, readSettings } from './catalog/settings.ts';
import { type OwnedSequence, listSequences, readSequence } from './catalog/sequences.ts';
import { type Table, listTables } from './catalog/tables.ts';
import { listAnalysed, readWrites } from './catalog/statistics.ts';
import { digestAlgorithm, digestSql, sampleShare } from './digest-sql.ts';
import { hashFingerprint, readFingerprint } from './fingerprint/read-fingerprint.ts';
import { isDigested } from './names.ts';
import { type Suite, type SuiteSession, openSuite, problemOf } from './open-suite.ts';
import type { TakeManifestOptions } from './port.ts';
import { WorkQueue } from './work-queue.ts';
import { writeCanary } from './write-canary.ts';

/**
 * Throws Unavailable, Forbidden, Timeout ... as the connection fails, InvalidInput when a closed range names no table,
 * and the signal's reason. A table that cannot be read stands in the manifest without digest, with the reason.
 */
export async function takeManifest(options: TakeManifestOptions): Promise<Manifest> {
  const { url, connections, signal } = options;
  const written = options.canary ? await canaryOf(url, signal) : { whyNot: 'no canary row: not asked for' };
  const suite = openSuite({ url, connections, isolation: 'repeatable read', signal });
  try {
    return await suite.session('take the manifest', (session) => inOneSnapshot(suite, session, options, written));
  } finally {
    await suite.close();
  }
}

type Canary = Awaited<ReturnType<typeof writeCanary>>;

async function canaryOf(url: string, signal: AbortSignal | undefined): Promise<Canary> {
  const suite = openSuite({ url, connections: 1, readOnly: false, signal });
  try {
    return await writeCanary(suite);
  } finally {
    await suite.close();
  }
}

async function inOneSnapshot(
  suite: Suite,
  outside: SuiteSession,
  options: TakeManifestOptions,
  written: Canary,
): Promise<Manifest> {
  const guarded = await readGuardedFacts(outside);
  const { systemIdentifier, timelineId } = guarded;
  if (systemIdentifier === undefined || timelineId === undefined) {
    throw new CodedError('Forbidden', 'manifest: expected the right to call pg_control_system(), found none');
  }
  return outside.transaction('take the manifest', async (session) => {
    const [exported] = await session.read<{ id: string }>('export the snapshot', 'select pg_export_snapshot() as id');
    const facts = await readFacts(session);
    const tables = (await listTables(session)).filter(({ schema }) => isDigested(schema));
    const wished = rangesOf(options.closedRanges, tables);
    const sequences = await listSequences(session);
    const read = await readAll(suite, exported?.id ?? '', options, {
      tables: tables.filter(holdsRows),
      sequences,
      wished,
      algorithm: digestAlgorithm(facts.serverMajor),
      writes: await readWrites(session),
    });
    const fingerprint = await readFingerprint(session);
    const withVersion = fingerprint.filter(({ kind }) => kind === 'extension');
    return {
      format: 1,
      algorithm: digestAlgorithm(facts.serverMajor),
      takenAtMs: options.nowMs ?? facts.nowMs,
      database: facts.database,
      serverVersion: facts.serverVersion,
      serverMajor: facts.serverMajor,
      systemIdentifier,
      timelineId,
      xid: facts.oldestXid,
      ...read,
      fingerprint,
      schemaHash: hashFingerprint(fingerprint),
      extensions: withVersion.map(({ name, definition }) => ({
        name,
        version: /^version ([^;]*)/.exec(definition)?.[1] ?? '',
      })),
      settings: await readSettings(session, options.settings ?? DEFAULT_SETTINGS),
      analysed: await listAnalysed(session),
      ...('canary' in written ? { canary: written.canary } : {}),
      notCovered: [...('whyNot' in written ? [written.whyNot] : []), ...notCovered(tables, facts.largeObjects)],
    };
  });
}

function holdsRows({ kind, isUnlogged, isPopulated }: Table): boolean {
  return (kind === 'table' || kind === 'materializedView') && !isUnlogged && isPopulated;
}

/** What no digest covers, by name. */
export function notCovered(tables: readonly Table[], largeObjects: number): readonly string[] {
  return [
    ...tables.flatMap(({ name, kind, isUnlogged, isPopulated }) => {
      if (kind === 'foreign') return [`${name}: a foreign table; its rows are elsewhere`];
      if (isUnlogged) return [`${name}: an unlogged table; it is empty after a crash`];
      return isPopulated ? [] : [`${name}: a materialized view that is not populated`];
    }),
    ...(largeObjects > 0 ? [`${largeObjects} large objects: no digest`] : []),
  ];
}

/** Ranges by table. A range of a partitioned table holds for each of its leaves; a name must exist. */
function rangesOf(ranges: readonly ClosedRange[], tables: readonly Table[]): ReadonlyMap<string, ClosedRange> {
  const known = new Set(tables.map(({ schema, table }) => keyOf(schema, table)));
  for (const { schema, table } of ranges) {
    if (!known.has(keyOf(schema, table)))
      throw new CodedError('InvalidInput', `closed range: expected a table ${schema}.${table}, found none`);
  }
  return new Map(ranges.map((range) => [keyOf(range.schema, range.table), range]));
}

const keyOf = (schema: string, table: string): string => JSON.stringify([schema, table]);

interface Wanted {
  readonly tables: readonly Table[];
  readonly sequences: readonly OwnedSequence[];
  readonly wished: ReadonlyMap<string, ClosedRange>;
  readonly algorithm: string;
  readonly writes: ReadonlyMap<string, string>;
}

type Item = { readonly table: Table } | { readonly sequence: OwnedSequence };

async function readAll(
  suite: Suite,
  snapshot: string,
  options: TakeManifestOptions,
  wanted: Wanted,
): Promise<{ readonly tables: readonly TableDigest[]; readonly sequences: readonly SequenceMark[] }> {
  const digests = new Map<Table, TableDigest>();
  const marks = new Map<OwnedSequence, SequenceMark>();
  const queue = new WorkQueue<Item>([
    ...wanted.tables.map((table) => ({ doing: `digest ${table.name}`, cost: table.bytes, item: { table } })),
    ...wanted.sequences.map((sequence) => ({ doing: `sequence ${sequence.sequence}`, cost: 0, item: { sequence } })),
  ]);
  const tell = () => options.onProgress?.(queue.progress);

  async function work(): Promise<void> {
    await suite.session('take the manifest', async (session) => {
      for (let job = queue.take(); job; job = queue.take()) {
        tell();
        const { item } = job;
        if ('table' in item) digests.set(item.table, await digestTable(session, snapshot, item.table, options, wanted));
        else marks.set(item.sequence, await markSequence(session, snapshot, item.sequence));
        queue.finish(job);
      }
    });
  }

  const workers = Math.max(1, Math.min(options.connections, queue.total));
  await Promise.all(Array.from({ length: workers }, work));
  tell();
  return {
    tables: wanted.tables.flatMap((table) => digests.get(table) ?? []),
    sequences: wanted.sequences.flatMap((sequence) => marks.get(sequence) ?? []),
  };
}

/** Each object in a transaction of its own on the shared snapshot: one that cannot be read does not spoil the others. */
async function withSnapshot<T>(
  session: SuiteSession,
  snapshot: string,
  doing: string,
  body: (inner: SuiteSession) => Promise<T>,
): Promise<T> {
  return session.transaction(doing, async (inner) => {
    await inner.read(doing, `set transaction snapshot '${snapshot}'`);
    return body(inner);
  });
}

async function digestTable(
  session: SuiteSession,
  snapshot: string,
  table: Table,
  { sampleAboveBytes }: TakeManifestOptions,
  { wished, algorithm, writes }: Wanted,
): Promise<TableDigest> {
  const range =
    wished.get(keyOf(table.schema, table.table)) ??
    (table.root ? wished.get(keyOf(table.root.schema, table.root.table)) : undefined);
  const sampled = sampleShare(table.bytes, sampleAboveBytes);
  const where = range?.where;
  const base = {
    schema: table.schema,
    table: table.table,
    ...(where === undefined ? {} : { where }),
    closed: range !== undefined,
    sampled,
    ...(writes.has(table.oid) ? { writes: writes.get(table.oid) ?? '' } : {}),
  };
  const doing = `digest ${table.name}`;
  try {
    const text = digestSql({ table, algorithm, sampled, ...(where === undefined ? {} : { where }) });
    const [row] = await withSnapshot(session, snapshot, doing, (inner) => inner.read<DigestRow>(doing, text));
    if (!row) throw new Error(`${doing}: a sum without a row`);
    return { ...base, ...digestOf(row) };
  } catch (error) {
    const problem = problemOf(error);
    // Rights, or damage in the source itself: said in the manifest. A lost connection loses the snapshot.
    if (!problem || isLostConnection(problem.sqlState) || problem.sqlState === '57014') throw error;
    return { ...base, rows: 0, digest: null, note: problem.message };
  }
}

export interface DigestRow extends Record<string, unknown> {
  readonly rows: string;
  readonly range_rows: string;
  readonly digest: string;
  readonly whole_digest?: string;
}

function digestOf(row: DigestRow): Pick<TableDigest, 'rows' | 'digest' | 'rangeRows' | 'wholeDigest'> {
  return {
    rows: Number(row.rows),
    ...(row.range_rows === row.rows ? {} : { rangeRows: Number(row.range_rows) }),
    digest: row.digest,
    ...(row.whole_digest === undefined ? {} : { wholeDigest: row.whole_digest }),
  };
}

async function markSequence(session: SuiteSession, snapshot: string, owned: OwnedSequence): Promise<SequenceMark> {
  const { schema, sequence, table, column } = owned;
  const seen = await withSnapshot(session, snapshot, `sequence ${sequence}`, (inner) =>
    readSequence(inner, owned),
  ).catch((error: unknown) => {
    if (problemOf(error)?.sqlState === '42501') return undefined;
    throw error;
  });
  return { schema, sequence, table, column, behind: seen !== undefined && isBehind(seen) };
}
