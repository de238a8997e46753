/** What a table is made of: cells that are simulated in workers, and a report on what was found. */
import type { Check } from './compare.ts';
import type { Profile } from './profiles.ts';

/** A set of streams of one kind. */
export interface Cell {
  readonly key: string;
  readonly runs: number;
}

/** What a cell's runs gave, by name: one number, or a fixed count of numbers, for each run in order. */
export type Columns = Readonly<Record<string, Float64Array>>;

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Section {
  readonly title: string;
  readonly notes: readonly string[];
  readonly tables: readonly Table[];
  /** Our figures beside the page's. */
  readonly checks: readonly Check[];
}

export interface Measure {
  readonly name: string;
  readonly cells: (profile: Profile) => readonly Cell[];
  /** Runs `from` up to `to`, exclusive, of a cell. Pure: the seed and the run's number decide everything. */
  readonly simulate: (key: string, seed: number, from: number, to: number) => Columns;
  readonly report: (found: ReadonlyMap<string, Columns>, profile: Profile) => Section;
}

/** Column `name` of the cell `key`; undefined when the profile leaves the cell out. */
export function columnOf(found: ReadonlyMap<string, Columns>, key: string, name: string): Float64Array | undefined {
  return found.get(key)?.[name];
}
