import { FAULT_CLASSES } from '../../test/restore-suite/faults/fault.ts';
import { table } from '../world/numbers.ts';
import { type Found, type Tool, TOOLS } from './detection.ts';
import type { Speed } from './speed.ts';

const GOAL_S: Readonly<Record<string, number>> = { 'finding set': 2, everything: 4 };
const GOAL_ROWS = 2_500_000;

const write = (text: string) => process.stdout.write(`${text}\n`);

/** Found of tried, by class and tool; `-` where there is no such program. */
export function printDetection(found: readonly Found[]): void {
  for (const major of new Set(found.map((one) => one.major))) {
    for (const checksums of new Set(found.map((one) => one.checksums))) {
      const here = found.filter((one) => one.major === major && one.checksums === checksums);
      if (here.length === 0) continue;
      write(`\nPostgres ${major}, page checksums ${checksums ? 'on' : 'off'}: faults found and named of those made`);
      const score = (part: readonly Found[], tool: Tool): string => {
        const asked = part.filter(({ said }) => said[tool] !== undefined);
        return asked.length === 0 ? '-' : `${asked.filter(({ said }) => said[tool]).length}/${asked.length}`;
      };
      const lines = FAULT_CLASSES.flatMap((group) => {
        const part = here.filter(({ fault }) => fault.class === group);
        return part.length === 0 ? [] : [[group, ...TOOLS.map((tool) => score(part, tool))]];
      });
      write(table([['fault', ...TOOLS], ...lines, ['all', ...TOOLS.map((tool) => score(here, tool))]]));
    }
  }
}

export function printMisses(found: readonly Found[], falseFails: readonly string[]): void {
  const missing = found.filter(({ said }) => !said.suite);
  for (const { fault, major, checksums, missed } of missing)
    write(
      `${missed ? 'known' : 'NEW  '} miss: ${fault.name} (${major}, checksums ${checksums ? 'on' : 'off'}): ${missed ?? 'it must be found'}`,
    );
  write(`copies that are well and did not pass: ${falseFails.length === 0 ? 'none' : falseFails.join('; ')}`);
}

export function printSpeed(speeds: readonly Speed[]): void {
  for (const { major, rows, timed } of speeds) {
    process.stdout.write(`\nPostgres ${major}, ${rows.toLocaleString('en')} rows\n`);
    const lines = timed.map(({ what, connections, wallS, cpuS, load }) => [
      what,
      connections === undefined ? '' : String(connections),
      wallS.toFixed(2),
      cpuS.toFixed(2),
      goalOf(what, rows, connections),
      load.toFixed(1),
    ]);
    process.stdout.write(`${table([['', 'connections', 'wall s', 'CPU s', 'goal s', 'load before'], ...lines])}\n`);
  }
}

/** The goal is set for two connections on two cores. */
function goalOf(what: string, rows: number, connections: number | undefined): string {
  const goal = GOAL_S[what];
  return goal === undefined || rows !== GOAL_ROWS || connections !== 2 ? '' : `<= ${goal}`;
}
