/** How often a canary without a difference is rolled back. */
import { checkAtMost, checkShare, MARKED, percentText, shareError, type Check, type Share } from '../compare.ts';
import { columnOf, type Cell, type Columns, type Measure, type Section, type Table } from '../measure.ts';
import { PAGE_RUNS, type Profile } from '../profiles.ts';
import { plainRollbackSlot } from '../rules/plain-mixture.ts';
import { planOf, rollbackSlot } from '../rules/sequential.ts';
import { Random } from '../streams/random.ts';
import { hourAt, LADDER, Stream, type StreamSpec } from '../streams/stream.ts';
import { BURST_ROWS, MOST_AT_2_RPS, SHOCK_ROWS, WHOLE_PERCENT, type PageRates } from './false-rollbacks-page.ts';

const BASE = 0.002;
const RECORDS = [240, 60, 20] as const;
const SHOCK = { from: 60, to: 90, times: 20 };
const COLUMNS = ['240 min', '60 min', '20 min', 'ladder', 'plain mixture'] as const;

interface Set {
  readonly key: string;
  readonly label: string;
  readonly spec: StreamSpec;
  readonly isLadder: boolean;
  readonly marked: boolean;
  /** Rates of the page for the columns that this set fills; empty where the page gives only a bound. */
  readonly page: Readonly<Partial<Record<(typeof COLUMNS)[number], number>>>;
}

const SETS: readonly Set[] = [2, 100, 2_000].flatMap((rps) => [
  ...BURST_ROWS.flatMap(({ label, bursts, at100, at2000, marked = false }): Set[] => {
    const page = rps === 100 ? at100 : rps === 2_000 ? at2000 : undefined;
    const equal = { rps, base: BASE, canary: BASE, bursts };
    const set = { label, marked: marked && rps !== 2 };
    return [
      {
        ...set,
        key: `${label}/${rps}`,
        spec: { ...equal, steps: hourAt(0.1) },
        isLadder: false,
        page: hourRates(page),
      },
      {
        ...set,
        key: `${label}/${rps}/ladder`,
        spec: { ...equal, steps: LADDER },
        isLadder: true,
        page: page ? { ladder: page[3] } : {},
      },
    ];
  }),
  ...(rps === 2 ? [] : SHOCK_ROWS).map(({ cv, at100, at2000 }): Set => {
    const bursts = cv === 0 ? ({ kind: 'none' } as const) : ({ kind: 'gamma', cv, minutes: 1 } as const);
    const label = `both arms times 20 in minutes 10 to 15, own cv ${cv}`;
    return {
      key: `${label}/${rps}`,
      label,
      spec: { rps, base: BASE, canary: BASE, bursts, steps: hourAt(0.1), shock: SHOCK },
      isLadder: false,
      marked: cv === 0.5,
      page: { '240 min': rps === 100 ? at100 : at2000 },
    };
  }),
]);

function hourRates(page: PageRates | undefined): Set['page'] {
  return page ? { '240 min': page[0], '60 min': page[1], '20 min': page[2], 'plain mixture': page[4] } : {};
}

function cells({ falseRollbacks: { hour, ladder }, onlyMarked }: Profile): Cell[] {
  const wanted = SETS.filter(({ marked }) => marked || !onlyMarked);
  return wanted.map(({ key, isLadder }) => ({ key, runs: isLadder ? ladder : hour }));
}

/** 1 for a rollback, by record length; shock cells are judged with the full record only. */
function simulate(key: string, seed: number, from: number, to: number): Columns {
  const set = SETS.find((one) => one.key === key);
  if (!set) throw new Error(`no cell is named ${key}`);
  const stream = new Stream(set.spec);
  const columns: Record<string, Float64Array> = {};
  const put = (name: string, run: number, slot: number) => {
    const column = (columns[name] ??= new Float64Array(to - from));
    column[run - from] = slot > 0 ? 1 : 0;
  };
  for (let run = from; run < to; run += 1) {
    stream.draw(new Random(seed, 'false rollbacks', key, run));
    if (set.isLadder) {
      put('ladder', run, rollbackSlot(planOf(stream.record), stream));
      continue;
    }
    for (const minutes of set.spec.shock ? ([240] as const) : RECORDS) {
      put(`${minutes} min`, run, rollbackSlot(planOf(stream.record.slice(-minutes)), stream));
    }
    if (!set.spec.shock) put('plain mixture', run, plainRollbackSlot(stream));
  }
  return columns;
}

function report(found: ReadonlyMap<string, Columns>): Section {
  const checks: Check[] = [];
  const tables = [2, 100, 2_000].map((rps): Table => {
    const labels = [...new Set(SETS.filter((set) => set.spec.rps === rps).map(({ label }) => label))];
    const rows = labels.flatMap((label) => {
      const sets = SETS.filter((set) => set.label === label && set.spec.rps === rps && found.has(set.key));
      if (sets.length === 0) return [];
      return [[label, ...COLUMNS.map((column) => cellText(sets, column, found, checks))]];
    });
    return { title: `${rps} requests per second`, head: ['bursts, per arm, independent', ...COLUMNS], rows };
  });
  return {
    title: 'False rollbacks: no difference, base 0.2 %, alpha 0.01',
    notes: [
      'Per cent of streams rolled back: ours ± standard error, then the specification’s figure in brackets. One hour at 10 % with a record of 240, 60 and 20 min, the 40 min ladder with 240, and the mixture without tempering, cap and restart. `(!)` marks a distance of more than 3 standard errors.',
      `At 2 requests per second the specification says that every cell is at most ${MOST_AT_2_RPS} %.`,
    ],
    tables: tables.filter(({ rows }) => rows.length > 0),
    checks,
  };
}

function cellText(
  sets: readonly Set[],
  column: (typeof COLUMNS)[number],
  found: ReadonlyMap<string, Columns>,
  checks: Check[],
): string {
  const set = sets.find((one) => columnOf(found, one.key, column));
  const values = set && columnOf(found, set.key, column);
  if (!set || !values) return '';
  const share: Share = { count: values.reduce((sum, value) => sum + value, 0), runs: values.length };
  const ours = `${percentText(share.count / share.runs)} ± ${percentText(shareError(share))}`;
  const what = `${set.label}, ${set.spec.rps} requests/s, ${column}`;
  const page = set.page[column];
  if (page === undefined) {
    if (column === 'plain mixture') return ours;
    const check = checkAtMost(what, share, MOST_AT_2_RPS);
    checks.push(check);
    return `${ours}${check.errors > MARKED ? ' (!)' : ''}`;
  }
  const { hour, ladder } = PAGE_RUNS.falseRollbacks;
  const half = WHOLE_PERCENT.includes(page) ? 0.5 : 0.05;
  const check = checkShare(what, share, page, column === 'ladder' ? ladder : hour, half);
  checks.push(check);
  return `${ours} (${page})${check.errors > MARKED ? ' (!)' : ''}`;
}

export const falseRollbacks: Measure = { name: 'false-rollbacks', cells, simulate, report };
