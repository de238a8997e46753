/** What is computed before a release beside what then happens. */
import { ERROR_DEFAULTS } from '../../../src/core/analysis/sequential/constants.ts';
import { detectionChances } from '../../../src/core/analysis/sequential/preflight-chance.ts';
import { checkMedian, checkSame, checkShare, MARKED, medianOf, shareText, type Check } from '../compare.ts';
import type { Cell, Columns, Measure, Section } from '../measure.ts';
import { PAGE_RUNS, type Profile } from '../profiles.ts';
import { planOf, rollbackSlot } from '../rules/sequential.ts';
import { Random } from '../streams/random.ts';
import { LADDER, Stream } from '../streams/stream.ts';
import { parseOutcome } from './delays-page.ts';

const BASE = 0.002;

interface Case {
  readonly rps: number;
  readonly k: number;
  readonly cv: number;
  readonly simulated: string;
  readonly computed: string;
}

/** The page's table of section 9. */
const CASES: readonly Case[] = [
  { rps: 2, k: 4, cv: 0, simulated: '25 %', computed: '22 %' },
  { rps: 2, k: 10, cv: 0, simulated: '98.6 %, 17.2', computed: '98 %, 16.7' },
  { rps: 10, k: 2, cv: 0, simulated: '19 %', computed: '17 %' },
  { rps: 10, k: 4, cv: 0.5, simulated: '98 %, 18.2', computed: '97 %, 17.5' },
  { rps: 100, k: 2, cv: 0, simulated: '100 %, 12.5', computed: '100 %, 12.5' },
  { rps: 100, k: 2, cv: 0.5, simulated: '95 %, 18.3', computed: '94 %, 18.2' },
  { rps: 100, k: 2, cv: 1, simulated: '50 %, 39.5', computed: '49 %' },
  { rps: 100, k: 4, cv: 1, simulated: '99.8 %, 9.2', computed: '100 %, 8.2' },
  { rps: 2_000, k: 2, cv: 0.5, simulated: '99.8 %, 9.2', computed: '100 %, 8.5' },
  { rps: 2_000, k: 2, cv: 1, simulated: '62.5 %, 31.2', computed: '63 %, 31.2' },
];

function keyOf({ rps, k, cv }: Case): string {
  return `${rps}/${k}/${cv}`;
}

function cells({ preflight, onlyMarked }: Profile): Cell[] {
  return CASES.filter(({ rps }) => !onlyMarked || rps === 100).map((one) => ({ key: keyOf(one), runs: preflight }));
}

function simulate(key: string, seed: number, from: number, to: number): Columns {
  const one = CASES.find((candidate) => keyOf(candidate) === key);
  if (!one) throw new Error(`no cell is named ${key}`);
  const bursts = one.cv === 0 ? ({ kind: 'none' } as const) : ({ kind: 'gamma', cv: one.cv, minutes: 1 } as const);
  const stream = new Stream({ rps: one.rps, base: BASE, canary: BASE * one.k, bursts, steps: LADDER });
  const slot = new Float64Array(to - from);
  for (let run = from; run < to; run += 1) {
    stream.draw(new Random(seed, 'preflight', key, run));
    slot[run - from] = rollbackSlot(planOf(stream.record), stream);
  }
  return { slot };
}

/** `98 %, 16.7`: the product's own computation with the true dispersion, floored and capped as a full record's is. */
function computed({ rps, k, cv }: Case): string {
  const v = Math.max(0.01, cv ** 2);
  const { alpha, minErrors, tolerance, blockSlots, capFloor, capScale, slotMs } = ERROR_DEFAULTS;
  const cap = Math.max(capFloor, capScale / v);
  const judge = { v, cap, block: blockSlots, alpha, minErrors, tolerance, slotMs };
  const chances = detectionChances({ rps, r: BASE, canaryRatio: BASE * k, ladder: LADDER, ...judge });
  const median = chances.findIndex((chance) => chance >= 0.5);
  const share = `${((chances.at(-1) ?? 0) * 100).toFixed(0)} %`;
  return median < 0 ? share : `${share}, ${((median + 1) / 6).toFixed(1)}`;
}

function report(found: ReadonlyMap<string, Columns>): Section {
  const checks: Check[] = [];
  const rows = CASES.flatMap((one) => {
    const slots = found.get(keyOf(one))?.slot;
    if (!slots) return [];
    const what = `preflight, ${one.rps} requests/s, ${one.k} times, cv ${one.cv}`;
    const minutes = Array.from(slots, (slot) => (slot === 0 ? Number.POSITIVE_INFINITY : slot / 6));
    const share = { count: minutes.filter(Number.isFinite).length, runs: minutes.length };
    const page = parseOutcome(one.simulated);
    const own = computed(one);
    const half = Number.isInteger(page.percent) ? 0.5 : 0.05;
    const mine = [
      checkSame(`${what}, computed`, own, one.computed),
      checkShare(`${what}, share seen`, share, page.percent, PAGE_RUNS.preflight, half),
      ...(page.minute === undefined ? [] : [checkMedian(`${what}, median`, minutes, page.minute, PAGE_RUNS.preflight)]),
    ];
    checks.push(...mine);
    const median = medianOf(minutes);
    const seen = `${shareText(share)} %${Number.isFinite(median) ? `, ${median.toFixed(1)}` : ''}`;
    const marks = mine.some(({ errors }) => errors > MARKED) ? '(!)' : '';
    return [[`${one.rps} rps, ${one.k} times, cv ${one.cv}`, seen, one.simulated, own, one.computed, marks]];
  });
  return {
    title: 'Preflight: what is computed beside what is simulated',
    notes: [`Ladder of 10, 25, 50 and 75 %, 10 min each, base 0.2 %. Chance to be seen, and the median minute.`],
    tables: [
      { title: 'Chance and median', head: ['case', 'simulated', 'specified', 'computed', 'specified', ''], rows },
    ],
    checks,
  };
}

export const preflight: Measure = { name: 'preflight', cells, simulate, report };
