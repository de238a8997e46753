/** Known-bad copies: every fault must be found, and named, on each version and with and without page checksums. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restoreSuite as suite } from '../../src/restore-suite/index.ts';
import { ALL_FAULTS, GROUPS } from './faults/all.ts';
import { type Fault, isAbout, isOnDisk, type Mode } from './faults/fault.ts';
import { atMost } from './harness/at-most.ts';
import { expectationsOf, findings, type Lab, openLab, type Trial, tryFaults, unaccounted } from './harness/lab.ts';
import { findServers } from './harness/programs.ts';

interface Load {
  readonly name: string;
  readonly faults: readonly Fault[];
  readonly mode: Mode;
}

const servers = await findServers();
const combinations = servers.flatMap((programs) => [
  ...[true, false].map((checksums) => ({ programs, checksums, source: 'quiet' as const })),
  { programs, checksums: programs.major >= 18, source: 'writing' as const },
]);

describe.each(combinations)('Postgres $programs.major, page checksums $checksums, $source source', (combination) => {
  const { programs, checksums, source } = combination;
  const unharmed: Load = { name: 'an unharmed copy', faults: [], mode: 'silent' };
  const loads = loadsOf(programs.major, checksums);
  const trials = new Map<Load, Promise<Trial>>();
  let lab: Lab;

  beforeAll(async () => {
    lab = await openLab(suite, programs, checksums, ALL_FAULTS, source);
    const inTurn = atMost(2);
    for (const load of [unharmed, ...loads]) {
      const trial = inTurn(() => tryFaults(suite, lab, load.faults, load.mode));
      trial.catch(() => undefined); // told by the tests that wait for it
      trials.set(load, trial);
    }
  });
  afterAll(async () => {
    await Promise.allSettled(trials.values());
    await lab?.close();
  });
  const reportOf = async (load: Load) => {
    const trial = await trials.get(load);
    if (!trial) throw new Error(`expected a trial of ${load.name}`);
    return trial;
  };

  it('an unharmed copy passes everything', async () => {
    const { report, prepared } = await reportOf(unharmed);
    expect(report.checks.filter(({ state }) => state === 'fail' || state === 'couldNotVerify')).toEqual([]);
    expect({ verdict: report.verdict, fails: report.reasons }).toMatchObject({ verdict: 'PASS' });
    expect(prepared.disarmed.join(' ')).toContain('harm_feed');
    expect(prepared.lacking).toEqual([]);
  });

  describe.each(loads)('$name', (load) => {
    it.each(load.faults)('$name', async (fault) => {
      const { report } = await reportOf(load);
      const missed = fault.missed?.(lab);
      for (const expectation of expectationsOf(fault, lab)) {
        const found = findings(report, fault, expectation, load.mode);
        // A page that its checksum gives away is found by whoever reads it, also where nothing else would.
        if (missed && load.mode === 'silent') expect({ missed, found }).toEqual({ missed, found: [] });
        if (!missed && found.length === 0) throw new Error(saidOf(fault, report.reasons));
      }
    });

    it('the verdict is FAIL, and nothing else is blamed', async () => {
      const { report } = await reportOf(load);
      const isHarmed = load.faults.some((fault) =>
        expectationsOf(fault, lab).some(({ state = 'fail' }) => state === 'fail'),
      );
      if (isHarmed) expect(report.verdict).toBe('FAIL');
      if (load.faults.every(({ isAlone }) => !isAlone)) expect(unaccounted(report, load.faults, lab)).toEqual([]);
    });
  });
});

/** Faults that can share a copy do; each of the others has its own. */
function loadsOf(major: number, checksums: boolean): readonly Load[] {
  const here = ALL_FAULTS.filter((fault) => isAbout(fault, major));
  const groups = Object.entries(GROUPS).flatMap(([name, all]): Load[] => {
    const faults = all.filter((fault) => here.includes(fault) && !fault.isAlone);
    const onDisk = faults.filter(isOnDisk);
    return [
      { name: `${name}, silently`, faults, mode: 'silent' },
      ...(checksums && onDisk.length > 0
        ? [{ name: `${name}, seen by page checksums`, faults: onDisk, mode: 'noisy' as const }]
        : []),
    ];
  });
  const alone = here.filter(({ isAlone }) => isAlone);
  return [
    ...groups.filter(({ faults }) => faults.length > 0),
    ...alone.map((fault): Load => ({ name: `${fault.name}, alone`, faults: [fault], mode: 'silent' })),
  ];
}

/** What the report does say of the fault's objects. */
function saidOf({ name }: Fault, reasons: readonly string[]): string {
  const about = reasons.filter((reason) => reason.includes(name));
  return `${name} is not named as it should be; said is only:\n${about.join('\n') || 'nothing'}`;
}
