import { describe, expect, it } from 'vitest';
import { parseMigration } from '../../../src/core/migration/parse-file.ts';
import type { MigrationsFact } from '../../../src/core/model/migration.ts';
import type { PreflightFacts } from '../../../src/core/preflight/facts.ts';
import { assessPreflight } from '../../../src/core/preflight/assess-preflight.ts';
import { checkMigrations, migrationsToRun } from '../../../src/core/preflight/check-migrations.ts';
import { healthyFacts } from '../../harness/healthy-facts.ts';
import { SOME_MIGRATIONS, somePlan } from '../../harness/some-plan.ts';

const sum = (letter: string) => letter.repeat(64);
const ONE = parseMigration({ name: '0001_a.expand.sql', checksum: sum('a') }, 'select 1').file;
const TWO = parseMigration({ name: '0002_b.expand.sql', checksum: sum('b') }, 'drop view v').file;
const LAST = parseMigration({ name: '0003_c.contract.sql', checksum: sum('c') }, 'drop table t').file;
const recorded = [{ name: ONE.name, checksum: sum('a'), finished: true, operation: 'deploy/1' }];

const plan = (reviewed?: string) => somePlan({ migrations: { ...SOME_MIGRATIONS, ...(reviewed && { reviewed }) } });
const facts = (fact: Partial<MigrationsFact>): PreflightFacts => ({
  ...healthyFacts(),
  migrations: { seen: 'present', files: [ONE], recorded: [], ...fact },
});

describe('the check of migrations', () => {
  it.each([
    {
      when: 'there is something to apply',
      fact: { files: [ONE, LAST] },
      result: 'pass',
      says: `to apply, in this order: 0001_a.expand.sql (sha256 ${sum('a')}); 0 applied; contract files that wait: 0003_c.contract.sql`,
    },
    { when: 'everything is applied', fact: { recorded }, result: 'pass', says: 'nothing to apply; 1 applied' },
    {
      when: 'a file breaks a rule',
      fact: { files: [ONE, TWO] },
      result: 'fail',
      says: '0002_b.expand.sql line 1: drop: takes away',
    },
    {
      when: 'a file that broke a rule is applied',
      fact: { files: [TWO], recorded: [{ ...recorded[0], name: TWO.name, checksum: sum('b') }] as typeof recorded },
      result: 'pass',
      says: '1 applied',
    },
    {
      when: 'an applied file was changed',
      fact: { files: [{ ...ONE, checksum: sum('f') }], recorded },
      result: 'fail',
      says: sum('f'),
    },
    {
      when: 'the database would refuse',
      fact: { refusal: 'the database is a standby' },
      result: 'fail',
      says: 'standby',
    },
    {
      when: 'the database would refuse, and nothing is to be done',
      fact: { recorded, refusal: 'the database is a standby' },
      result: 'pass',
      says: 'nothing',
    },
  ])('is $result when $when', ({ fact, result, says }) => {
    const found = checkMigrations(facts(fact), plan());
    expect(found.result).toBe(result);
    expect(found.reason).toContain(says);
  });

  it.each([
    { when: 'there is no list', reviewed: undefined, result: 'fail', says: 'does not exist' },
    { when: 'the list has it not', reviewed: [], result: 'fail', says: 'found no line' },
    {
      when: 'it was changed since',
      reviewed: [{ name: ONE.name, checksum: sum('9') }],
      result: 'fail',
      says: 'changed after its review',
    },
    { when: 'it is listed as it is', reviewed: [ONE], result: 'pass', says: 'to apply' },
  ])('with a list of reviewed files is $result when $when', ({ reviewed, result, says }) => {
    const found = checkMigrations(facts(reviewed ? { reviewed } : {}), plan('reviewed.sha256'));
    expect(found.result).toBe(result);
    expect(found.reason).toContain(says);
  });

  it('could not be made when the database was not seen, and fails without the directory', () => {
    const unknown = { ...healthyFacts(), migrations: { seen: 'unknown', problem: 'no answer' } } as const;
    expect(checkMigrations(unknown, plan())).toEqual({ result: 'could-not-check', reason: 'no answer' });
    expect(checkMigrations({ ...healthyFacts(), migrations: { seen: 'missing' } }, plan()).result).toBe('fail');
    expect(checkMigrations(healthyFacts(), plan()).result).toBe('could-not-check');
  });

  it('is no item of a service without migrations', () => {
    expect(assessPreflight(healthyFacts(), somePlan(), 0).map(({ name }) => name)).not.toContain('migrations');
    const withThem = { ...plan(), preflight: { ...plan().preflight, migrations: 'required' as const } };
    expect(assessPreflight(facts({}), withThem, 0).at(-1)).toMatchObject({ name: 'migrations', result: 'pass' });
  });

  it('tells a report what would run', () => {
    expect(migrationsToRun(facts({ files: [ONE, LAST] }))).toEqual({
      applied: [],
      pending: [{ name: ONE.name, checksum: ONE.checksum }],
      contract: [LAST.name],
      missing: [],
    });
    expect(migrationsToRun(healthyFacts())).toBeUndefined();
  });
});
