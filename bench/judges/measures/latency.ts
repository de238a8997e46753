/** The same judge on slow requests: log-normal times (median 100 ms, sigma 0.8), slow being the slowest 1 or 5 %. */
import { normalProbability } from '../../../src/core/analysis/sequential/normal.ts';
import { SLOW_REQUEST_DEFAULTS } from '../../../src/core/analysis/sequential/constants.ts';
import { checkAtMost, checkMedian, checkShare, MARKED, percentText, type Check } from '../compare.ts';
import type { Cell, Columns, Measure, Section } from '../measure.ts';
import { PAGE_RUNS, type Profile } from '../profiles.ts';
import { normalQuantile } from '../rules/rank-test.ts';
import { planOf, rollbackSlot } from '../rules/sequential.ts';
import { Random } from '../streams/random.ts';
import { hourAt, Stream } from '../streams/stream.ts';
import { outcomeText } from './delays.ts';
import { parseOutcome } from './delays-page.ts';

const SIGMA = 0.8;
/** No cell without a difference is above this, in per cent. */
const MOST_FALSE = 0.7;

type Fault =
  | { readonly kind: 'none' }
  | { readonly kind: 'times'; readonly times: number }
  | { readonly kind: 'pushed' };

interface Set {
  readonly rps: number;
  readonly cv: number;
  /** Part of the stable requests that are not slow. */
  readonly p: number;
  readonly tolerance: number;
  readonly fault: Fault;
  /** As printed; absent for `none`, which has a bound. */
  readonly page?: string;
}

const PLACES = [
  { rps: 2, cv: 0 },
  { rps: 10, cv: 0 },
  { rps: 100, cv: 0 },
  { rps: 100, cv: 0.5 },
] as const;
const TOLERANT: Readonly<Record<number, readonly (readonly [times: string, pushed: string])[]>> = {
  0.95: [
    ['13.8', '12 %'],
    ['3.0', '82 %, 36'],
    ['0.5', '6.2'],
    ['5.3', '68 %, 43'],
  ],
  0.99: [
    ['87 %, 32.8', '70 %, 44'],
    ['6.5', '8.7'],
    ['0.8', '1.0'],
    ['4.2', '4.8'],
  ],
};

const SETS: readonly Set[] = [
  ...[0.95, 0.99].flatMap((p) =>
    PLACES.flatMap(({ rps, cv }, at): Set[] => {
      const [times = '', pushed = ''] = TOLERANT[p]?.[at] ?? [];
      const set = { rps, cv, p, tolerance: 1 };
      return [
        { ...set, fault: { kind: 'none' } },
        { ...set, fault: { kind: 'times', times: 1.5 }, page: times },
        { ...set, fault: { kind: 'pushed' }, page: pushed },
      ];
    }),
  ),
  ...(
    [
      [1.1, '0 %'],
      [1.2, '65 %, 47'],
      [1.5, '1.7'],
      [2, '0.3'],
    ] as const
  ).map(([times, page]): Set => ({ rps: 100, cv: 0, p: 0.99, tolerance: 1.5, fault: { kind: 'times', times }, page })),
];

function keyOf({ rps, cv, p, tolerance, fault }: Set): string {
  return [rps, cv, p, tolerance, faultText(fault)].join('/');
}

function cells({ latency, onlyMarked }: Profile): Cell[] {
  return SETS.filter(({ rps, cv }) => !onlyMarked || (rps === 100 && cv === 0)).map((set) => ({
    key: keyOf(set),
    runs: latency,
  }));
}

/** Part of the canary's requests above the time that `1 - p` of the stable ones exceed. */
export function slowRatio(p: number, fault: Fault): number {
  if (fault.kind === 'none') return 1 - p;
  if (fault.kind === 'pushed') return 1 - p + 0.02 * p;
  return 1 - normalProbability(normalQuantile(p) - Math.log(fault.times) / SIGMA);
}

function simulate(key: string, seed: number, from: number, to: number): Columns {
  const set = SETS.find((one) => keyOf(one) === key);
  if (!set) throw new Error(`no cell is named ${key}`);
  const { rps, cv, p, tolerance, fault } = set;
  const bursts = cv === 0 ? ({ kind: 'none' } as const) : ({ kind: 'gamma', cv, minutes: 1 } as const);
  const stream = new Stream({ rps, base: 1 - p, canary: slowRatio(p, fault), bursts, steps: hourAt(0.1) });
  const slot = new Float64Array(to - from);
  for (let run = from; run < to; run += 1) {
    stream.draw(new Random(seed, 'latency', key, run));
    slot[run - from] = rollbackSlot(planOf(stream.record, { ...SLOW_REQUEST_DEFAULTS, tolerance }), stream);
  }
  return { slot };
}

function report(found: ReadonlyMap<string, Columns>): Section {
  const checks: Check[] = [];
  const rows = SETS.flatMap((set) => {
    const slots = found.get(keyOf(set))?.slot;
    if (!slots) return [];
    const minutes = Array.from(slots, (slot) => (slot === 0 ? Number.POSITIVE_INFINITY : slot / 6));
    const mine = checksOf(set, minutes);
    checks.push(...mine);
    const marks = mine.some(({ errors }) => errors > MARKED) ? '(!)' : '';
    const place = `${set.rps} rps${set.cv > 0 ? `, cv ${set.cv}` : ''}`;
    const found100 = minutes.filter(Number.isFinite).length / minutes.length;
    const ours = set.page === undefined ? `${percentText(found100)} %` : outcomeText(minutes);
    return [
      [
        `p ${set.p}, tolerance ${set.tolerance}`,
        place,
        faultText(set.fault),
        ours,
        set.page ?? `<= ${MOST_FALSE} %`,
        marks,
      ],
    ];
  });
  return {
    title: 'Latency: the ratio of slow requests',
    notes: [
      'Log-normal times, median 100 ms, sigma 0.8; one hour at 10 %, record 240 min, no warm-up. Slow is above the time that 1 - p of the stable requests exceed, taken exactly (a histogram’s bucket is near it). Share found if not 100 %, then the median minute.',
    ],
    tables: [{ title: 'Slow requests', head: ['judge', 'traffic', 'canary', 'ours', 'specified', ''], rows }],
    checks,
  };
}

function checksOf(set: Set, minutes: readonly number[]): readonly Check[] {
  const what = `latency, p ${set.p}, tolerance ${set.tolerance}, ${set.rps} requests/s, cv ${set.cv}, ${faultText(set.fault)}`;
  const share = { count: minutes.filter(Number.isFinite).length, runs: minutes.length };
  if (set.page === undefined) return [checkAtMost(what, share, MOST_FALSE)];
  const page = parseOutcome(set.page);
  const found = checkShare(`${what}, share found`, share, page.percent, PAGE_RUNS.latency, 0.5);
  return page.minute === undefined
    ? [found]
    : [found, checkMedian(`${what}, median`, minutes, page.minute, PAGE_RUNS.latency)];
}

function faultText(fault: Fault): string {
  if (fault.kind === 'none') return 'no difference';
  return fault.kind === 'pushed' ? '2 % pushed past T' : `times ${fault.times}`;
}

export const latency: Measure = { name: 'latency', cells, simulate, report };
