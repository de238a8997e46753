import { delays } from './measures/delays.ts';
import { falseRollbacks } from './measures/false-rollbacks.ts';
import { gatePasses } from './measures/gate.ts';
import { latency } from './measures/latency.ts';
import type { Measure } from './measure.ts';
import { noData } from './measures/no-data.ts';
import { preflight } from './measures/preflight.ts';

/** In the order in which they are printed. */
export const MEASURES: readonly Measure[] = [falseRollbacks, delays, gatePasses, latency, preflight, noData];
