/** The page's figures: false rollbacks in per cent (reference of the judge, section 10). */
import type { Bursts } from '../streams/bursts.ts';

/** One hour at 10 % with a record of 240, 60 and 20 min; the ladder with 240; the plain mixture, one hour with 240. */
export type PageRates = readonly [min240: number, min60: number, min20: number, ladder: number, plain: number];

export interface BurstRow {
  readonly label: string;
  readonly bursts: Bursts;
  readonly at100: PageRates;
  readonly at2000: PageRates;
  /** Also part of a quick run. */
  readonly marked?: true;
}

const gamma = (cv: number, minutes: 1 | 5 = 1): Bursts => ({ kind: 'gamma', cv, minutes });
const logNormal = (cv: number): Bursts => ({ kind: 'log-normal', cv, minutes: 1 });

export const BURST_ROWS: readonly BurstRow[] = [
  { label: 'none', bursts: { kind: 'none' }, at100: [0.2, 0.1, 0, 0.3, 0.5], at2000: [0, 0, 0, 0, 0.2], marked: true },
  {
    label: 'gamma, 1 min, cv 0.3',
    bursts: gamma(0.3),
    at100: [0.4, 0.2, 0, 0.4, 1.2],
    at2000: [0.6, 0.2, 0, 0.4, 25.9],
  },
  {
    label: 'gamma, 1 min, cv 0.5',
    bursts: gamma(0.5),
    at100: [0.2, 0.3, 0, 0.1, 3.6],
    at2000: [0.2, 0.4, 0, 0.4, 52.7],
  },
  {
    label: 'gamma, 1 min, cv 1',
    bursts: gamma(1),
    at100: [0.5, 0.7, 0.5, 0.5, 17.9],
    at2000: [0.5, 0.8, 0.4, 0.3, 76.6],
    marked: true,
  },
  {
    label: 'gamma, 1 min, cv 2',
    bursts: gamma(2),
    at100: [0.9, 1.5, 3.2, 0.5, 49.5],
    at2000: [0.8, 1.5, 5.0, 0.7, 85.2],
    marked: true,
  },
  {
    label: 'log-normal, 1 min, cv 1',
    bursts: logNormal(1),
    at100: [0.4, 0.9, 0.4, 0.5, 16.3],
    at2000: [0.4, 1.1, 0.3, 0.1, 73.5],
  },
  {
    label: 'log-normal, 1 min, cv 2',
    bursts: logNormal(2),
    at100: [0.5, 1.4, 2.5, 0.4, 37.5],
    at2000: [0.4, 1.5, 4.0, 0.4, 82.1],
  },
  {
    label: 'spikes in 2 % of minutes, cv 0.5',
    bursts: { kind: 'spikes', cv: 0.5 },
    at100: [0.4, 0.3, 0, 0.5, 2.7],
    at2000: [1.8, 0.4, 0, 1.1, 32.7],
  },
  {
    label: 'spikes in 2 % of minutes, cv 1',
    bursts: { kind: 'spikes', cv: 1 },
    at100: [0.5, 0.6, 0.1, 0.6, 13.0],
    at2000: [0.7, 0.3, 0.1, 0.8, 47.3],
  },
  {
    label: 'gamma, 5 min, cv 0.5',
    bursts: gamma(0.5, 5),
    at100: [0.1, 0.4, 1.1, 0.2, 16.9],
    at2000: [0.3, 0.7, 2.0, 0.1, 64.5],
  },
  {
    label: 'gamma, 5 min, cv 1',
    bursts: gamma(1, 5),
    at100: [0.5, 1.2, 28, 0.4, 42.1],
    at2000: [0.5, 1.2, 43, 0.2, 76.8],
    marked: true,
  },
  {
    label: 'log-normal, 3 min memory, cv 0.5',
    bursts: { kind: 'memory', cv: 0.5 },
    at100: [2.5, 2.9, 1.0, 1.9, 14.9],
    at2000: [5.7, 6.3, 1.3, 3.8, 63.1],
  },
  {
    label: 'log-normal, 3 min memory, cv 1',
    bursts: { kind: 'memory', cv: 1 },
    at100: [3.0, 6.7, 17, 2.2, 37.1],
    at2000: [4.3, 10, 25, 2.4, 73.1],
    marked: true,
  },
];

/** Both arms times 20 in minutes 10 to 15, with own bursts by the minute of this cv. */
export const SHOCK_ROWS: readonly { readonly cv: number; readonly at100: number; readonly at2000: number }[] = [
  { cv: 0, at100: 0.2, at2000: 0.1 },
  { cv: 0.3, at100: 0.9, at2000: 0.9 },
  { cv: 0.5, at100: 0.7, at2000: 1.2 },
  { cv: 1, at100: 3.4, at2000: 3.5 },
];

/** No cell is above this at 2 requests per second. */
export const MOST_AT_2_RPS = 0.5;

/** Half a unit of the last place in which a figure is printed: `10`, `17` and the like stand without decimals. */
export const WHOLE_PERCENT: readonly number[] = [10, 17, 25, 28, 43];
