/** Whether the gate before 100 % opens for a canary without a difference, and stays shut for one as bad as `mustDetect`. */
import { ERROR_DEFAULTS } from '../../../src/core/analysis/sequential/constants.ts';
import { gateEvidence, gateLimit } from '../../../src/core/analysis/sequential/gate.ts';
import { checkMedian, checkShare, MARKED, medianOf, percentText, type Check } from '../compare.ts';
import type { Cell, Columns, Measure, Section } from '../measure.ts';
import { PAGE_RUNS, type Profile } from '../profiles.ts';
import { planOf, rollbackSlot } from '../rules/sequential.ts';
import { Random } from '../streams/random.ts';
import { LADDER, Stream } from '../streams/stream.ts';

interface GatePage {
  readonly pass: number;
  /** Median minute of the first pass, where the page has it. */
  readonly minute?: number;
  /** Passes of a canary exactly at `mustDetect`; per cent like `pass`. */
  readonly bad: number;
}

const RATES = [2, 10, 100, 2_000] as const;
/** The page's table of section 6, one entry for each of `RATES`. */
const ROWS: readonly { readonly base: number; readonly cv: number; readonly page: readonly GatePage[] }[] = [
  { base: 0, cv: 0, page: [gate(100, 18.5, 0.5), gate(100, 6.3, 0.2), gate(100, 0.7, 0), gate(100, 0.2, 0)] },
  { base: 0.002, cv: 0, page: [gate(92, 24.5, 0), gate(100, 10.5, 0.5), gate(100, 1.2, 0), gate(100, 0.2, 0)] },
  { base: 0.002, cv: 1, page: [gate(79, 28.7, 0.5), gate(100, 14.5, 0.2), gate(100, 8.2, 0), gate(100, 7.2, 0.3)] },
  { base: 0.008, cv: 0, page: [gate(17, undefined, 0.2), gate(87, 16.7, 0), gate(100, 2.7, 0), gate(100, 0.3, 0)] },
  {
    base: 0.008,
    cv: 1,
    page: [gate(11, undefined, 0.3), gate(27, undefined, 0.5), gate(45, 34, 0.3), gate(43, 36, 0.3)],
  },
  { base: 0.02, cv: 0, page: [gate(52, 27, 0.2), gate(100, 9.2, 0.2), gate(100, 1.5, 0), gate(100, 0.2, 0)] },
];

function gate(pass: number, minute: number | undefined, bad: number): GatePage {
  return { pass, bad, ...(minute === undefined ? {} : { minute }) };
}

interface Set {
  readonly key: string;
  readonly row: (typeof ROWS)[number];
  readonly rps: number;
  readonly isBad: boolean;
  readonly page: GatePage;
}

const SETS: readonly Set[] = ROWS.flatMap((row) =>
  RATES.flatMap((rps, at) => {
    const page = row.page[at] ?? gate(0, undefined, 0);
    const key = `${row.base}/${row.cv}/${rps}`;
    return [
      { key, row, rps, isBad: false, page },
      { key: `${key}/bad`, row, rps, isBad: true, page },
    ];
  }),
);

function cells({ gate: runs, onlyMarked }: Profile): Cell[] {
  const wanted = SETS.filter(({ row, rps }) => !onlyMarked || (rps !== 2_000 && row.base > 0));
  return wanted.map(({ key }) => ({ key, runs }));
}

/** `passed`: 1 when the gate is open at the ladder's end and nothing was rolled back; `first`: slot of the first pass. */
function simulate(key: string, seed: number, from: number, to: number): Columns {
  const set = SETS.find((one) => one.key === key);
  if (!set) throw new Error(`no cell is named ${key}`);
  const { base, cv } = set.row;
  const { mustDetect } = ERROR_DEFAULTS;
  const canary = set.isBad ? Math.max(mustDetect.ratio * base, mustDetect.objective ?? 0) : base;
  const bursts = cv === 0 ? ({ kind: 'none' } as const) : ({ kind: 'gamma', cv, minutes: 1 } as const);
  const stream = new Stream({ rps: set.rps, base, canary, bursts, steps: LADDER });
  const passed = new Float64Array(to - from);
  const first = new Float64Array(to - from);
  const limit = gateLimit(ERROR_DEFAULTS);
  for (let run = from; run < to; run += 1) {
    const at = run - from;
    stream.draw(new Random(seed, 'gate', key, run));
    const plan = planOf(stream.record);
    const { record } = plan;
    if (record.kind === 'too-short') throw new Error(`gate ${key}: the record is too short (${record.bins} bins)`);
    rollbackSlot(plan, stream, (slot, state) => {
      const isLast = slot === stream.slots;
      if (!isLast && (set.isBad || first[at] !== 0)) return false;
      const isOpen = gateEvidence(state.gate, state.open, record, mustDetect) >= limit;
      if (isOpen && first[at] === 0) first[at] = slot;
      if (isOpen && isLast) passed[at] = 1;
      return false;
    });
  }
  return { passed, first };
}

function report(found: ReadonlyMap<string, Columns>): Section {
  const checks: Check[] = [];
  const rows = ROWS.flatMap((row) => {
    const sets = SETS.filter((set) => set.row === row && found.has(set.key));
    if (sets.length === 0) return [];
    const texts = RATES.map((rps) =>
      cellText(
        sets.filter((set) => set.rps === rps),
        found,
        checks,
      ),
    );
    return [[`${row.base * 100} %, ${row.cv}`, ...texts]];
  });
  return {
    title: 'The gate before 100 %',
    notes: [
      'Ladder of 10, 25, 50 and 75 %, 10 min each, objective 1 %, record 240 min. Passed at minute 40 (median minute of the first pass) without a difference | passed, canary exactly at `mustDetect`: the higher of twice the base and 1 %. The specification’s figures in square brackets, per cent.',
    ],
    tables: [{ title: 'Passed', head: ['base, cv', ...RATES.map((rps) => `${rps} rps`)], rows }],
    checks,
  };
}

function cellText(sets: readonly Set[], found: ReadonlyMap<string, Columns>, checks: Check[]): string {
  return sets
    .map(({ key, isBad, page, row, rps }) => {
      const { passed, first } = found.get(key) ?? {};
      if (!passed || !first) return '';
      const share = { count: passed.reduce((sum, value) => sum + value, 0), runs: passed.length };
      const what = `gate, base ${row.base * 100} %, cv ${row.cv}, ${rps} requests/s`;
      const text = percentText(share.count / share.runs);
      if (isBad) {
        const check = checkShare(`${what}, at mustDetect`, share, page.bad, PAGE_RUNS.gate);
        checks.push(check);
        return `${text} [${page.bad}]${mark(check)}`;
      }
      const check = checkShare(`${what}, passed`, share, page.pass, PAGE_RUNS.gate, 0.5);
      const minutes = Array.from(first, (slot) => (slot === 0 ? Number.POSITIVE_INFINITY : slot / 6));
      const median = medianOf(minutes);
      const shown = Number.isFinite(median) ? ` (${median.toFixed(1)})` : '';
      checks.push(check);
      if (page.minute === undefined) return `${text}${shown} [${page.pass}]${mark(check)}`;
      const timing = checkMedian(`${what}, first pass`, minutes, page.minute, PAGE_RUNS.gate);
      checks.push(timing);
      return `${text}${shown} [${page.pass} (${page.minute})]${mark(check)}${mark(timing)}`;
    })
    .join(' \\| ');
}

function mark(check: Check): string {
  return check.errors > MARKED ? ' (!)' : '';
}

export const gatePasses: Measure = { name: 'gate', cells, simulate, report };
