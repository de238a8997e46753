/** Counts and digests, table by table. */
import type { Manifest, TableDigest } from '../../core/model/restore.ts';
import {
  type Measured,
  type TableContext,
  type TableSeen,
  compareTable,
  needsOldRows,
} from '../../core/restore/compare-table.ts';
import { finding, rowsInWords } from '../../core/restore/finding.ts';
import type { Table } from '../catalog/tables.ts';
import { type DigestRequest, digestAlgorithm, digestSql, oldRowsSql, sampleShare } from '../digest-sql.ts';
import { isDigested } from '../names.ts';
import type { SuiteSession } from '../open-suite.ts';
import { type Outcome, type Task, outcome } from './task.ts';

/** Majors whose digests were compared with each other: equal values give equal hashes. */
const COMPARED_MAJORS: readonly number[] = [15, 18];

export interface TableChecks {
  readonly manifest: Manifest | undefined;
  /** What stands in the way of a comparison as a whole: another database, another digest. */
  readonly whyNot?: { readonly state: 'skip' | 'couldNotVerify'; readonly says: string };
  readonly physical: boolean;
  readonly quiet: boolean;
  readonly serverMajor: number;
  readonly sampleAboveBytes: number;
  readonly allowedLosses: Readonly<Record<string, number>>;
}

export function tableTasks(tables: readonly Table[], checks: TableChecks): readonly Task[] {
  const here = new Map(tables.map((table) => [`${table.schema}.${table.table}`, table]));
  const expected = checks.whyNot ? [] : (checks.manifest?.tables ?? []);
  const compared = expected.map((digest) => {
    const table = here.get(`${digest.schema}.${digest.table}`);
    here.delete(`${digest.schema}.${digest.table}`);
    return table ? compareTask(digest, table, checks) : missingTask(digest);
  });
  const rest = [...here.values()].filter(holdsRows).map((table) => readTask(table, checks));
  return [...compared, ...rest];
}

function holdsRows({ schema, kind, isPopulated, isUnlogged }: Table): boolean {
  return isDigested(schema) && (kind === 'table' || kind === 'materializedView') && isPopulated && !isUnlogged;
}

function missingTask({ schema, table, rows }: TableDigest): Task {
  const object = `${schema}.${table}`;
  const run = async () => [
    outcome('counts', object, finding('fail', `the table is missing; the manifest has ${rowsInWords(rows)}`)),
    outcome('digest', object, finding('skip', 'the table is missing')),
  ];
  return { kind: 'counts', object, cost: 0, run };
}

interface DigestRow extends Record<string, unknown> {
  readonly rows: string;
  readonly range_rows: string;
  readonly digest: string;
  readonly whole_digest?: string;
}

function compareTask(expected: TableDigest, table: Table, checks: TableChecks): Task {
  const object = table.name;
  const { manifest, physical, quiet, serverMajor } = checks;
  if (!table.isPopulated) {
    const said = finding('fail', `not populated; the manifest has ${rowsInWords(expected.rows)}`);
    return { kind: 'counts', object, cost: 0, run: async () => [outcome('counts', object, said)] };
  }
  const allowedLoss = allowanceOf(table, checks.allowedLosses);
  const context: TableContext = {
    physical,
    quiet,
    comparable: manifest?.serverMajor === serverMajor || isCompared(manifest?.serverMajor, serverMajor),
    ...(allowedLoss === undefined ? {} : { allowedLoss }),
  };
  const request: DigestRequest = {
    table,
    algorithm: digestAlgorithm(serverMajor),
    sampled: expected.sampled,
    ...(expected.where === undefined ? {} : { where: expected.where }),
  };
  return {
    kind: 'digest',
    object,
    cost: table.bytes,
    dependants: ['counts'],
    async run(session) {
      const seen = await readSeen(session, object, request);
      const old =
        manifest && needsOldRows(expected, seen, context)
          ? await readOld(session, object, request, manifest.xid)
          : undefined;
      const found = compareTable(expected, old ? { ...seen, old } : seen, context);
      return [{ ...outcome('counts', object, found.counts), rows: seen.rows }, outcome('digest', object, found.digest)];
    },
  };
}

function isCompared(one: number | undefined, other: number): boolean {
  return one !== undefined && COMPARED_MAJORS.includes(one) && COMPARED_MAJORS.includes(other);
}

/** By the table's own name or, for a leaf, by the partitioned table's. */
function allowanceOf({ schema, table, root }: Table, losses: Readonly<Record<string, number>>): number | undefined {
  return losses[`${schema}.${table}`] ?? (root ? losses[`${root.schema}.${root.table}`] : undefined);
}

async function readSeen(session: SuiteSession, object: string, request: DigestRequest): Promise<TableSeen> {
  const [row] = await session.read<DigestRow>(`digest ${object}`, digestSql(request));
  if (!row) throw new Error(`digest ${object}: a sum without a row`);
  const rows = Number(row.rows);
  return {
    rows,
    hashed: { rows: Number(row.range_rows), digest: row.digest },
    ...(row.whole_digest === undefined ? {} : { whole: { rows, digest: row.whole_digest } }),
  };
}

async function readOld(
  session: SuiteSession,
  object: string,
  request: DigestRequest,
  xid: string,
): Promise<Measured | undefined> {
  const [row] = await session.read<{ rows: string; digest: string }>(
    `digest ${object}: rows older than the manifest`,
    oldRowsSql(request, xid),
  );
  return row && { rows: Number(row.rows), digest: row.digest };
}

/** Every row is read, TOAST included, so that what cannot be read is found; there is nothing to compare it with. */
function readTask(table: Table, checks: TableChecks): Task {
  const object = table.name;
  const sampled = sampleShare(table.bytes, checks.sampleAboveBytes);
  const request = { table, algorithm: digestAlgorithm(checks.serverMajor), sampled };
  const why = whyNothingToCompare(checks);
  return {
    kind: 'counts',
    object,
    cost: table.bytes,
    async run(session): Promise<readonly Outcome[]> {
      const { rows } = await readSeen(session, object, request);
      const said = finding('unproven', `${rowsInWords(rows)} could be read; ${why}`);
      return [{ ...outcome('counts', object, said), rows }];
    },
  };
}

function whyNothingToCompare({ manifest, whyNot }: TableChecks): string {
  if (whyNot) return whyNot.says;
  return manifest ? 'the table is not in the manifest' : 'no manifest to compare them with';
}
