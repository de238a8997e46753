/** Heaps, indexes, foreign keys, sequences: what can be checked of a copy by itself. */
import type { Manifest } from '../../core/model/restore.ts';
import { assessSequence } from '../../core/restore/assess-sequence.ts';
import { countInWords, finding } from '../../core/restore/finding.ts';
import type { Amcheck } from '../catalog/amcheck.ts';
import type { ForeignKey } from '../catalog/foreign-keys.ts';
import type { Index, Relation } from '../catalog/indexes.ts';
import { type OwnedSequence, readSequence } from '../catalog/sequences.ts';
import type { SuiteSession } from '../open-suite.ts';
import { problemOf } from '../open-suite.ts';
import { assessSqlError, isLostConnection } from '../../core/restore/sql-state.ts';
import { type Outcome, type Task, outcome } from './task.ts';

/** How many complaints of one heap are told. */
const MOST_COMPLAINTS = 5;

const objectOf = ({ name, of }: Relation): string => (name.startsWith('pg_toast.') ? `${name} (TOAST of ${of})` : name);

export interface IndexCheck {
  readonly amcheck: Amcheck;
  /** A copy that was prepared for this: nobody writes there, so the check that keeps writers away may be used. */
  readonly isOurs: boolean;
}

/** `bt_index_check(...)` of the index, with every row of its table; undefined: there is no checker for it. */
function indexCall(index: Index, { amcheck, isOurs }: IndexCheck): string | undefined {
  const relation = `'${index.oid}'::oid::regclass`;
  if (index.method === 'gin') return amcheck.gin && `${amcheck.gin.call}(${relation})`;
  if (index.method !== 'btree') return undefined;
  const { btree, btreeParent } = amcheck;
  // The system's own indexes are never locked.
  if (btreeParent && isOurs && !index.isSystem) {
    return `${btreeParent.call}(${relation}, true, false${btreeParent.checksUnique ? ', true' : ''})`;
  }
  return btree && `${btree.call}(${relation}, true${btree.checksUnique ? ', true' : ''})`;
}

export function indexTasks(indexes: readonly Index[], how: IndexCheck): readonly Task[] {
  const checkable = indexes.filter(
    (index) => index.isValid && !index.isUnlogged && indexCall(index, how) !== undefined,
  );
  const system = checkable.filter(({ isSystem }) => isSystem);
  const user = checkable.filter(({ isSystem }) => !isSystem);
  const check = (index: Index) => async (session: SuiteSession) => {
    await session.read(`index ${index.name}`, `select ${indexCall(index, how)}`);
    return finding('pass', wordsOf(index, how));
  };
  return [
    ...user.map(
      (index): Task => ({
        kind: 'index',
        object: objectOf(index),
        // The index is read once and the table once more for every row to be found in it.
        cost: index.bytes * 4,
        run: async (session) => [outcome('index', objectOf(index), await check(index)(session))],
      }),
    ),
    ...together('index', 'pg_catalog', system, (index) => check(index)),
    ...duplicateTasks(user.filter((index) => index.method === 'btree' && how.amcheck.btree?.checksUnique === false)),
  ];
}

function wordsOf(index: Index, { amcheck, isOurs }: IndexCheck): string {
  const links = isOurs && amcheck.btreeParent && index.method === 'btree' ? ', its levels linked' : '';
  const unique = index.isUnique && index.method === 'btree' && amcheck.btree?.checksUnique ? ', and unique' : '';
  return `in order${links}, with every row of its table${unique}`;
}

/** Before version 17 amcheck does not look for duplicates: equal keys are counted. */
function duplicateTasks(indexes: readonly Index[]): readonly Task[] {
  return indexes.flatMap((index) => {
    const { uniqueSql } = index;
    if (uniqueSql === null) return [];
    const object = `${index.name} (unique)`;
    const run = async (session: SuiteSession) => {
      const [row] = await session.transaction(object, async (inner) => {
        await inner.read(object, IN_ORDER);
        return inner.read<{ keys: string }>(object, uniqueSql);
      });
      const keys = Number(row?.keys);
      const said =
        keys === 0
          ? finding('pass', `no key stands twice in ${index.of}`)
          : finding('fail', `${countInWords(keys)} keys stand in ${index.of} more than once`);
      return [outcome('index', object, said)];
    };
    return [{ kind: 'index', object, cost: index.bytes * 3, run }];
  });
}

/**
 * Through the index, in its order: four times as fast as without. That every row of the table is in the index, and that
 * it is in order, is the other check's to say.
 */
const IN_ORDER =
  'set local enable_hashagg = off; set local enable_sort = off; set local enable_seqscan = off; set local enable_indexonlyscan = on';

/** A broken index would hide the row it does not have, or show one that is gone. */
const WITHOUT_INDEXES =
  'set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off';

export function heapTasks(heaps: readonly Relation[], call: string): readonly Task[] {
  const check = (heap: Relation) => async (session: SuiteSession) => {
    const rows = await session.read<{ blkno: string; offnum: number | null; msg: string; total: string }>(
      `heap ${heap.name}`,
      `select blkno::text, offnum, msg, count(*) over ()::text as total
       from ${call}('${heap.oid}'::oid::regclass, check_toast => true) limit ${MOST_COMPLAINTS}`,
    );
    if (rows.length === 0) return finding('pass', 'tuple headers, line pointers and TOAST pointers are sound');
    const told = rows.map(
      ({ blkno, offnum, msg }) => `page ${blkno}${offnum === null ? '' : ` item ${offnum}`}: ${msg}`,
    );
    const more = Number(rows[0]?.total) - rows.length;
    return finding('fail', `${told.join('; ')}${more > 0 ? `; and ${countInWords(more)} more` : ''}`);
  };
  return [
    ...heaps
      .filter(({ isSystem }) => !isSystem)
      .map(
        (heap): Task => ({
          kind: 'heap',
          object: objectOf(heap),
          cost: heap.bytes,
          run: async (session) => [outcome('heap', objectOf(heap), await check(heap)(session))],
        }),
      ),
    ...together(
      'heap',
      'pg_catalog',
      heaps.filter(({ isSystem }) => isSystem),
      check,
    ),
  ];
}

/** The system's own relations are many and small: one result when all are well, one more for each that is not. */
function together<R extends Relation>(
  kind: 'heap' | 'index',
  object: string,
  relations: readonly R[],
  check: (relation: R) => (session: SuiteSession) => Promise<Outcome | ReturnType<typeof finding>>,
): readonly Task[] {
  if (relations.length === 0) return [];
  const cost = relations.reduce((sum, { bytes }) => sum + bytes, 0) * 4;
  async function run(session: SuiteSession): Promise<readonly Outcome[]> {
    const bad: Outcome[] = [];
    for (const relation of relations) {
      const found = await judged(() => check(relation)(session));
      if (found.state !== 'pass') bad.push(outcome(kind, objectOf(relation), found));
    }
    const worst = bad.some(({ state }) => state === 'fail') ? 'fail' : (bad[0]?.state ?? 'pass');
    const says = `${countInWords(relations.length - bad.length)} of ${countInWords(relations.length)} are sound`;
    return [...bad, outcome(kind, object, finding(worst, says))];
  }
  return [{ kind, object, cost, run }];
}

/** What the server says of one of many; a lost connection is for whoever runs the task. */
async function judged(check: () => Promise<ReturnType<typeof finding>>): Promise<ReturnType<typeof finding>> {
  try {
    return await check();
  } catch (error) {
    const problem = problemOf(error);
    if (!problem || isLostConnection(problem.sqlState)) throw error;
    return assessSqlError(problem.sqlState, problem.message);
  }
}

export function foreignKeyTasks(keys: readonly ForeignKey[]): readonly Task[] {
  return keys.map(({ name, child, parent, sql, bytes }) => ({
    kind: 'foreignKey',
    object: name,
    cost: bytes,
    run: async (session) => {
      const orphans = await session.transaction(`foreign key ${name}`, async (inner) => {
        await inner.read('without indexes', WITHOUT_INDEXES);
        const [row] = await inner.read<{ orphans: string }>(`foreign key ${name}`, sql);
        return Number(row?.orphans);
      });
      const said =
        orphans === 0
          ? finding('pass', `every row of ${child} finds its row in ${parent}`)
          : finding('fail', `${countInWords(orphans)} rows of ${child} refer to a row that is not in ${parent}`);
      return [outcome('foreignKey', name, said)];
    },
  }));
}

export function sequenceTasks(sequences: readonly OwnedSequence[], manifest: Manifest | undefined): readonly Task[] {
  return sequences.map((owned) => {
    const object = `${owned.schema}.${owned.sequence} of ${owned.table}.${owned.column}`;
    const mark = manifest?.sequences.find(
      (each) =>
        each.schema === owned.schema &&
        each.sequence === owned.sequence &&
        each.table === owned.table &&
        each.column === owned.column,
    );
    return {
      kind: 'sequence',
      object,
      cost: 1,
      run: async (session) => {
        const seen = await readSequence(session, owned);
        return [outcome('sequence', object, assessSequence(`${owned.table}.${owned.column}`, seen, mark?.behind))];
      },
    };
  });
}
