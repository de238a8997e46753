/**
 * The page's figures for delays (reference of the judge, section 11; Kayenta's from the delivery reference, section 5.2).
 * Written as printed: share found if not 100 %, then the median minute; `none` where nothing is found.
 */
export interface PageFault {
  readonly k: number;
  readonly fl0: string;
  readonly fl3: string;
  /** With the page's own tuned setting for the group. */
  readonly one: string;
  readonly each: string;
  readonly sequential: string;
  readonly kayenta?: string;
}

export interface DelayGroup {
  readonly id: string;
  readonly rps: number;
  readonly w: number;
  readonly cv: number;
  /** The page's tuned threshold, 0..1, and limit. */
  readonly setting: readonly [threshold: number, limit: number];
  /** False rollbacks in per cent. */
  readonly equal: { readonly fl0: number; readonly fl3: number; readonly one: number; readonly sequential: number };
  readonly faults: readonly PageFault[];
  readonly marked?: true;
}

type Row = readonly [
  k: number,
  fl0: string,
  fl3: string,
  one: string,
  each: string,
  sequential: string,
  kayenta?: string,
];

function faults(...rows: readonly Row[]): readonly PageFault[] {
  return rows.map(([k, fl0, fl3, one, each, sequential, kayenta]) => ({
    k,
    fl0,
    fl3,
    one,
    each,
    sequential,
    ...(kayenta === undefined ? {} : { kayenta }),
  }));
}

export const DELAY_GROUPS: readonly DelayGroup[] = [
  {
    id: 'A 100 rps cv 0',
    rps: 100,
    w: 0.1,
    cv: 0,
    setting: [0.008, 2],
    equal: { fl0: 4.4, fl3: 0, one: 0.7, sequential: 0.3 },
    faults: faults(
      [2, '78 %, 29', '5 %', '90 %, 33', '90 %, 33', '14.5', '97 %, 30'],
      [4, '3', '13', '5', '5', '2.3', '10'],
      [10, '1', '4', '3', '1', '0.5', '10'],
      [50, '1', '4', '3', '1', '0.2', '10'],
    ),
    marked: true,
  },
  {
    id: 'A 100 rps cv 0.5',
    rps: 100,
    w: 0.1,
    cv: 0.5,
    setting: [0.01, 2],
    equal: { fl0: 22, fl3: 0, one: 0.1, sequential: 0.3 },
    faults: faults(
      [2, '96 %, 13', '43 %', '65 %, 48', '97 %, 36', '97 %, 23'],
      [4, '2', '12', '9', '7', '4.8', '10'],
      [10, '1', '5', '3', '1', '2.2'],
      [50, '1', '4', '3', '1', '1.2'],
    ),
  },
  {
    id: 'A 100 rps cv 1',
    rps: 100,
    w: 0.1,
    cv: 1,
    setting: [0.012, 3],
    equal: { fl0: 69, fl3: 3.2, one: 0.3, sequential: 0.4 },
    faults: faults(
      [2, '7', '89 %, 35', '58 %, 55', '78 %, 44', '69 %, 42'],
      [4, '3', '13', '17', '16', '9.3', '83 %, 40'],
      [10, '1', '6', '7', '3', '3.2'],
      [50, '1', '4', '4', '1', '1.2'],
    ),
    marked: true,
  },
  {
    id: 'A 100 rps cv 2',
    rps: 100,
    w: 0.1,
    cv: 2,
    setting: [0.04, 1],
    equal: { fl0: 96, fl3: 41, one: 0.1, sequential: 0.8 },
    faults: faults(
      [4, '3', '17', '78 %, 34', '95 %, 29', '90 %, 24', '2 %'],
      [10, '2', '11', '11', '10', '9.2'],
      [50, '1', '7', '5', '3', '4.2'],
    ),
  },
  {
    id: 'B 2 rps cv 0',
    rps: 2,
    w: 0.1,
    cv: 0,
    setting: [0.0022, 5],
    equal: { fl0: 75, fl3: 5.5, one: 0.4, sequential: 0.1 },
    faults: faults(
      [4, '7', '82 %, 40', '47 %', '47 %', '24 %', '0 %'],
      [10, '3', '17', '26', '26', '97 %, 23.5', '1.5 %'],
      [50, '1', '5', '8', '5', '4.8', '91 %, 30'],
    ),
    marked: true,
  },
  {
    id: 'B 2 rps cv 1',
    rps: 2,
    w: 0.1,
    cv: 1,
    setting: [0.08, 3],
    equal: { fl0: 76, fl3: 5.1, one: 0.5, sequential: 0.1 },
    faults: faults([10, '4', '19', '91 %, 32', '98 %, 29', '92 %, 27'], [50, '1', '7', '9', '4', '5.7']),
  },
  {
    id: 'D 2,000 rps cv 0',
    rps: 2_000,
    w: 0.05,
    cv: 0,
    setting: [0.005, 0],
    equal: { fl0: 0, fl3: 0, one: 0, sequential: 0.1 },
    faults: faults(
      [1.5, 'none', 'none', '25 %', '15', '6.2', '10'],
      [2, 'none', 'none', '6', '3', '1.8', '10'],
      [4, '93 %, 16', '28 %', '1', '1', '0.3', '10'],
      [10, '1', '4', '1', '1', '0.2'],
    ),
  },
  {
    id: 'D 2,000 rps cv 0.5',
    rps: 2_000,
    w: 0.05,
    cv: 0.5,
    setting: [0.01, 0],
    equal: { fl0: 0.1, fl3: 0, one: 0.1, sequential: 0.6 },
    faults: faults(
      [2, '58 %, 51', '1 %', '58 %, 51', '16', '10.2'],
      [4, '3', '14', '3', '3', '3.2'],
      [10, '1', '4', '1', '1', '1.2'],
      [50, '1', '4', '1', '1', '1.2'],
    ),
    marked: true,
  },
  {
    id: 'D 2,000 rps cv 1',
    rps: 2_000,
    w: 0.05,
    cv: 1,
    setting: [0.012, 2],
    equal: { fl0: 38, fl3: 0.2, one: 0.1, sequential: 0.6 },
    faults: faults(
      [2, '8', '75 %, 43', '59 %, 51', '93 %, 34', '86 %, 28'],
      [4, '2', '13', '12', '9', '7.2'],
      [10, '1', '6', '5', '2', '3.2'],
      [50, '1', '4', '3', '1', '1.2'],
    ),
  },
];

/** Group A, cv 0, with a record of 60 min instead of 240: median minutes by k. */
export const SHORT_RECORD: Readonly<Record<number, string>> = { 2: '18.2', 4: '3.7', 10: '1.5', 50: '1.2' };
/** Group A, cv 0: the 10-failures rule. */
export const TEN_FAILURES: Readonly<Record<number, string>> = { 4: '36', 10: '11' };

/** Streams that Kayenta's figures were made from: 150 to 300 a cell, 60 where errors come in bursts. */
export const KAYENTA_RUNS = { even: 150, bursts: 60 };

export interface PageOutcome {
  /** Share found, per cent. */
  readonly percent: number;
  /** Median minute; undefined where under half are found. */
  readonly minute?: number;
}

/** Example: `78 %, 29` is 78 % at minute 29; `14.5` all; `5 %` has no median. */
export function parseOutcome(text: string): PageOutcome {
  if (text === 'none') return { percent: 0 };
  const match = /^(?:([\d.]+) %)?(?:, )?([\d.]+)?$/.exec(text);
  if (!match) throw new Error(`"${text}" is no figure of the page: expected "78 %, 29", "14.5" or "5 %"`);
  const [, percent, minute] = match;
  return {
    percent: percent === undefined ? 100 : Number(percent),
    ...(minute === undefined ? {} : { minute: Number(minute) }),
  };
}
