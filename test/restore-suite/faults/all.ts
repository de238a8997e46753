/** Every fault there is, and the source they are made from. */
import { type Fault, isAbout, isOnDisk } from './fault.ts';
import { HEAP_FAULTS, TOAST_FAULTS } from './heap.ts';
import { INDEX_FAULTS, UNIQUE_FAULTS } from './index.ts';
import { KEY_FAULTS, ROW_FAULTS, SEQUENCE_FAULTS } from './rows.ts';
import { SCHEMA_FAULTS } from './schema.ts';
import { WHOLE_FAULTS } from './whole.ts';

/** Faults that do not touch each other: one copy can carry a whole group. */
export const GROUPS: Readonly<Record<string, readonly Fault[]>> = {
  'on disk': [...HEAP_FAULTS, ...TOAST_FAULTS, ...INDEX_FAULTS, ...SEQUENCE_FAULTS].filter(isOnDisk),
  'in the rows': [...UNIQUE_FAULTS, ...ROW_FAULTS, ...KEY_FAULTS, ...SEQUENCE_FAULTS].filter(
    (fault) => !isOnDisk(fault),
  ),
  'in the catalogue': SCHEMA_FAULTS,
  'of the whole': WHOLE_FAULTS,
};

export const ALL_FAULTS: readonly Fault[] = Object.values(GROUPS).flat();

/** SQL of a source with an object for every fault, all of them healthy. */
export function sourceSql(faults: readonly Fault[], major: number): readonly string[] {
  return [
    `CREATE SCHEMA harm`,
    `CREATE ROLE harm_reader`,
    `CREATE EXTENSION IF NOT EXISTS plpgsql`,
    `CREATE SUBSCRIPTION harm_feed CONNECTION 'host=127.0.0.1 port=1 dbname=none' PUBLICATION harm WITH (connect = false)`,
    ...faults.filter((fault) => isAbout(fault, major)).flatMap(({ setup }) => setup ?? []),
  ];
}
