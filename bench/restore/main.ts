/**
 * `npm run bench:restore`: which faults the restore suite finds beside pg_dump, pg_verifybackup, amcheck and row counts,
 * and how long it takes over 2.5 million rows. `--quick`: one fault of each class, without page checksums, 250,000 rows.
 * `--only detection` or `--only speed`, `--majors 15,18`, `--checksums off`, `--json`. Exit code 1 when a fault is missed that is not listed
 * with its reason, or when a copy that is well does not pass; never by a time.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { findServers } from '../../test/restore-suite/harness/programs.ts';
import { detect, type Found } from './detection.ts';
import { printDetection, printMisses, printSpeed } from './print.ts';
import { type Speed, timeIt } from './speed.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    majors: { type: 'string' },
    checksums: { type: 'string' },
  },
});
const isQuick = values.quick;
const servers = (await findServers()).filter(({ major }) => values.majors?.split(',').includes(String(major)) ?? true);
const settings = (values.checksums ?? (isQuick ? 'off' : 'off,on')).split(',').map((word) => word === 'on');
const say = (text: string) => process.stderr.write(`${text}\n`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
process.setMaxListeners(0);

const found: Found[] = [];
const falseFails: string[] = [];
if (values.only !== 'speed') {
  for (const programs of servers) {
    for (const checksums of settings) {
      const one = await detect(programs, checksums, { isQuick, onProgress: say });
      found.push(...one.found);
      falseFails.push(...one.falseFails);
      if (!values.json) printDetection(one.found);
    }
  }
}

const speeds: Speed[] = [];
if (values.only !== 'detection') {
  for (const programs of servers) {
    say(`Postgres ${programs.major}: time`);
    speeds.push(
      await timeIt(programs, {
        rows: isQuick ? 250_000 : 2_500_000,
        rounds: isQuick ? 1 : 3,
        connections: isQuick ? [2] : [1, 2, 4],
      }),
    );
  }
}

const unexpected = found.filter(({ said, missed }) => !said.suite && !missed);
if (values.json) {
  const rows = found.map(({ fault, ...rest }) => ({ fault: fault.name, class: fault.class, ...rest }));
  process.stdout.write(`${JSON.stringify({ found: rows, falseFails, speeds }, undefined, 1)}\n`);
} else {
  if (found.length > 0) printMisses(found, falseFails);
  process.stdout.write(`${cpus().length} cores, load ${(loadavg()[0] ?? 0).toFixed(1)}\n`);
  if (speeds.length > 0) printSpeed(speeds);
}
process.exit(unexpected.length > 0 || falseFails.length > 0 ? 1 : 0);
