/** Healthy copies in many shapes: none of them may FAIL, whether or not somebody wrote while they were made. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckResult, SuiteReport } from '../../src/core/model/restore.ts';
import { restoreSuite as suite } from '../../src/restore-suite/index.ts';
import { findServers } from './harness/programs.ts';
import { ZOO } from './zoo/all.ts';
import type { Animal } from './zoo/animal.ts';
import { KEYS } from './zoo/keys.ts';
import { OBJECTS } from './zoo/objects.ts';
import { SHAPES } from './zoo/shapes.ts';
import { type Backup, type Keeper, openZoo, type Pace, WAYS } from './zoo/keeper.ts';

const servers = await findServers();
const combinations = servers.flatMap(({ major }) => [true, false].map((checksums) => ({ major, checksums })));

describe.each(combinations)('Postgres $major, page checksums $checksums', ({ major, checksums }) => {
  let keeper: Keeper;
  const backups = new Map<Pace, Backup>();
  beforeAll(async () => {
    keeper = await openZoo(suite, major, checksums);
    for (const pace of ['quiet', 'writing'] as const) backups.set(pace, await keeper.backUp(pace));
  });
  afterAll(() => keeper?.close());

  const backupOf = (pace: Pace): Backup => {
    const backup = backups.get(pace);
    if (!backup) throw new Error(`expected the backup of a ${pace} source`);
    return backup;
  };
  const look = (animal: Animal, pace: Pace, way: (typeof WAYS)[number]) => {
    const { manifests, copies } = backupOf(pace);
    return keeper.verify(animal, copies[way], manifests.get(animal.name));
  };

  describe.each(WAYS)('%s', (way) => {
    it.each(ZOO)('$name, from a quiet source', async (animal) => {
      const report = await look(animal, 'quiet', way);
      isWell(report);
      const strange = report.checks.filter(
        ({ state, object, says }) =>
          (state === 'warn' || state === 'unproven') &&
          !expected(animal).some((text) => `${object} ${says}`.includes(text)),
      );
      expect(strange).toEqual([]);
      const warned = animal.notes.filter(({ kind, state, names }) =>
        report.checks.some((check) => check.kind === kind && check.state === state && check.object.includes(names)),
      );
      expect(warned).toEqual(animal.notes);
      for (const text of animal.notProven) expect(report.notProven.join('\n')).toContain(text);
    });

    it.each(ZOO)('$name, from a source that is written to', async (animal) => {
      const report = await look(animal, 'writing', way);
      isWell(report);
      const whole = animal.closed.filter(({ where }) => where === undefined);
      for (const { schema, table } of whole) {
        const found = report.checks.filter(({ kind, object }) => kind === 'digest' && isOf(object, schema, table));
        expect(found.map(({ object, state }) => `${state} ${object}`)).toEqual([`pass ${found[0]?.object}`]);
      }
      // Rows that are updated all the time cannot be proven.
      if (animal.name === 'shapes') expect(stateOf(report, 'digest', 'public.often')).toBe('unproven');
    });
  });

  it('without a manifest it could not be verified', async () => {
    const report = await keeper.verify(SHAPES, backupOf('quiet').copies.snapshot, undefined);
    expect(report.verdict).toBe('COULD-NOT-VERIFY');
    expect(failed(report)).toEqual([]);
  });

  it('prepared by a master who may not do everything it proves less, and says so', async () => {
    const copy = await keeper.anotherCopy();
    for (const animal of [OBJECTS, KEYS]) {
      const report = await keeper.verify(animal, copy, backupOf('quiet').manifests.get(animal.name), 'master');
      expect(failed(report)).toEqual([]);
      expect(report.verdict).toBe('COULD-NOT-VERIFY');
    }
  });

  it('prepared by nobody it proves less, and says so: no amcheck, nothing of what policies hide', async () => {
    const copy = await keeper.anotherCopy();
    for (const animal of [OBJECTS, KEYS]) {
      const report = await keeper.verify(animal, copy, backupOf('quiet').manifests.get(animal.name), 'nobody');
      expect(failed(report)).toEqual([]);
      expect(report.verdict).toBe('COULD-NOT-VERIFY');
      expect(report.checks.filter(({ kind, state }) => kind === 'index' && state === 'couldNotVerify')).not.toEqual([]);
      if (animal === OBJECTS) expect(stateOf(report, 'digest', 'app.people')).toBe('couldNotVerify');
    }
  });
});

function isWell(report: SuiteReport): void {
  expect(failed(report)).toEqual([]);
  expect(report.checks.filter(({ state }) => state === 'couldNotVerify' || state === 'skip')).toEqual([]);
  expect({ verdict: report.verdict, reasons: report.reasons }).toMatchObject({ verdict: 'PASS' });
}

const failed = (report: SuiteReport): readonly CheckResult[] => report.checks.filter(({ state }) => state === 'fail');

/** What may be said of a copy of a quiet source besides that it is well. */
const expected = (animal: Animal): readonly string[] => [
  ...animal.notes.map(({ names }) => names),
  ...animal.notProven,
  ...(animal.alsoNotProven ?? []),
  'page checksums are off',
  'a gin index has no checker',
];

/** Names stand in reports as they would in SQL: quoted where they must be. */
const isOf = (object: string, schema: string, table: string): boolean =>
  object.replaceAll('""', '\0').replaceAll('"', '').replaceAll('\0', '"') === `${schema}.${table}`;

const stateOf = (report: SuiteReport, kind: string, object: string): string | undefined =>
  report.checks.find((check) => check.kind === kind && check.object === object)?.state;
