import { GROUPS, ALL_FAULTS } from './faults/all.ts';
import { isAbout } from './faults/fault.ts';
import { openLab, tryFaults, expectationsOf, findings, unaccounted } from './harness/lab.ts';
import { findServers } from './harness/programs.ts';
import { restoreSuite as suite } from '../../src/restore-suite/index.ts';
const [want, sums] = process.argv.slice(2);
for (const programs of (await findServers()).filter((p) => !want || String(p.major) === want))
  for (const checksums of sums ? [sums === 'on'] : [true, false]) {
    const major = programs.major;
    let t = performance.now();
    const lab = await openLab(suite, programs, checksums, ALL_FAULTS);
    console.log('==', major, checksums, 'lab', Math.round(performance.now() - t), 'relations', lab.facts.size);
    const plain = await tryFaults(suite, lab, []);
    console.log(
      'unharmed',
      plain.report.verdict,
      plain.report.checks.length,
      JSON.stringify(plain.ms),
      JSON.stringify(plain.prepared),
    );
    for (const r of plain.report.reasons.slice(0, 15)) console.log('   ', r.slice(0, 300));
    const sets = Object.entries(GROUPS).flatMap(([name, faults]) => {
      const here = faults.filter((f) => isAbout(f, major));
      const many = here.filter((f) => !f.isAlone);
      return [
        ...(many.length ? [{ name, faults: many, mode: 'silent' as const }] : []),
        ...(checksums && many.some((f) => f.atRest)
          ? [{ name, faults: many.filter((f) => f.atRest), mode: 'noisy' as const }]
          : []),
        ...here.filter((f) => f.isAlone).map((f) => ({ name: f.name, faults: [f], mode: 'silent' as const })),
      ];
    });
    for (const { name, faults, mode } of sets) {
      try {
        const trial = await tryFaults(suite, lab, faults, mode);
        console.log(
          '--',
          name,
          mode,
          trial.report.verdict,
          JSON.stringify(trial.ms, (k, v) => (typeof v === 'number' ? Math.round(v) : v)),
        );
        for (const f of faults)
          for (const e of expectationsOf(f, lab)) {
            const found = findings(trial.report, f, e, mode).length > 0;
            const missed = f.missed?.(lab) !== undefined;
            if (found === missed && !(mode === 'noisy' && missed)) {
              console.log('  ', missed ? 'NO LONGER MISSED' : 'MISSED', f.name, JSON.stringify(e));
              for (const c of trial.report.checks.filter((c) => `${c.object} ${c.says}`.includes(f.name)))
                if (c.state !== 'pass') console.log('       ', c.state, c.kind, c.object, c.says.slice(0, 200));
            }
          }
        if (!faults.some((f) => f.isAlone))
          for (const c of unaccounted(trial.report, faults, lab))
            console.log('   BLAMED', c.kind, c.object, c.says.slice(0, 200));
        for (const c of trial.report.checks.filter((c) => c.state === 'couldNotVerify' || c.state === 'skip'))
          console.log('   CNV', c.state, c.kind, c.object, c.says.slice(0, 150));
        if (faults.length === 1)
          for (const r of trial.report.reasons.slice(0, 6)) console.log('     ', r.slice(0, 200));
      } catch (e: any) {
        console.log('--', name, mode, 'ERROR', e.stack.slice(0, 900));
      }
    }
    await lab.close();
  }
