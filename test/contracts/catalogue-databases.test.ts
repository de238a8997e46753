import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkCatalogue } from '../../src/contracts/catalogue.ts';
import { databasesOf, resolveDatabase } from '../../src/core/backup/resolve-database.ts';
import type { Catalogue } from '../../src/core/model/catalogue.ts';
import { pathText } from '../../src/core/model/problem.ts';
import { resolveSchedules } from '../../src/core/schedules/resolve-schedules.ts';

const EXAMPLE = readFileSync(new URL('../../examples/crm/mainstay.yaml', import.meta.url), 'utf8');

const LEAST = {
  connection: 'env:CRM_DATABASE_URL',
  backup: { manifests: { bucket: 'crm-backups' } },
  verification: { parameterGroup: 'crm-quarantine', securityGroupIds: ['sg-01'] },
  environments: { production: { instance: 'crm-production' } },
};

/** The example with other databases and schedules. */
function withDatabases(databases: unknown, schedules?: unknown): unknown {
  const raw = parse(EXAMPLE) as Record<string, unknown>;
  return { ...raw, databases, schedules: schedules ?? {} };
}

function problemsOf(raw: unknown): readonly string[] {
  const checked = checkCatalogue(raw);
  return 'problems' in checked
    ? checked.problems.map(({ path, expected, found }) => `${pathText(path)}: expected ${expected}, found ${found}`)
    : [];
}

function catalogueOf(raw: unknown): Catalogue {
  const checked = checkCatalogue(raw);
  if ('problems' in checked) throw new Error(problemsOf(raw).join('\n'));
  return checked.catalogue;
}

const DAY = 86_400_000;
const HOUR = 3_600_000;

describe('databases', () => {
  it('become plans with every default written out', () => {
    const catalogue = catalogueOf(withDatabases({ crm: LEAST }));
    const resolved = resolveDatabase({ catalogue, digest: 'd' }, { database: 'crm', environment: 'production' });
    expect(resolved).toMatchObject({
      plan: {
        database: 'crm',
        environment: 'production',
        region: 'eu-central-1',
        databaseName: 'crm',
        masterUsername: 'postgres',
        rtoMs: 2 * HOUR,
        rpoMs: HOUR,
        catalogueDigest: 'd',
        backup: {
          manifests: { bucket: 'crm-backups', prefix: 'mainstay' },
          retention: [
            { name: 'daily', keepMs: 30 * DAY, everyMs: DAY },
            { name: 'weekly', keepMs: 90 * DAY, everyMs: 7 * DAY },
            { name: 'monthly', keepMs: 365 * DAY, everyMs: 30 * DAY },
          ],
          verifiedFloor: 2,
          deadlineMs: 6 * HOUR,
        },
        verification: {
          choice: 'latest',
          windowMs: 31 * DAY,
          expiryMs: 12 * HOUR,
          readyWithinMs: 3 * HOUR,
          goneWithinMs: HOUR,
          pollMs: 15_000,
          keeperQuestionMs: 60_000,
          connections: 2,
          rules: [],
        },
      },
    });
    expect('plan' in resolved && resolved.plan.backup.copyTo).toBeUndefined();
  });

  it('are merged with what an environment says, and `off` takes away', () => {
    const raw = withDatabases({
      crm: {
        ...LEAST,
        backup: { ...LEAST.backup, copyTo: { region: 'eu-west-1' }, verifiedFloor: 5 },
        dump: { bucket: 'crm-dumps' },
        environments: {
          production: { instance: 'crm-production' },
          demo: { instance: 'crm-demo', region: 'eu-central-1', dump: 'off', backup: { copyTo: 'off' } },
        },
      },
    });
    const catalogue = catalogueOf(raw);
    const demo = resolveDatabase({ catalogue, digest: 'd' }, { database: 'crm', environment: 'demo' });
    // The cluster of the demo has a variable, which only matters where a secret is read from it.
    expect(demo).toMatchObject({ plan: { instance: 'crm-demo', backup: { verifiedFloor: 5 } } });
    expect('plan' in demo && [demo.plan.dump, demo.plan.backup.copyTo]).toEqual([undefined, undefined]);
    expect(databasesOf(catalogue)).toHaveLength(2);
  });

  it.each([
    [{ database: 'crn', environment: 'production' }, /one of crm \(did you mean crm\?\)/],
    [{ database: 'crm', environment: 'produktion' }, /did you mean production\?/],
    [{ database: 'crm', environment: 'demo' }, /an environment that has the database crm, one of production/],
  ])('are not found as %o', (name, expected) => {
    const catalogue = catalogueOf(withDatabases({ crm: LEAST }));
    const resolved = resolveDatabase({ catalogue, digest: 'd' }, name);
    expect('problems' in resolved && resolved.problems.map((problem) => problem.expected).join()).toMatch(expected);
  });

  it('in the cluster of an unset variable cannot be planned', () => {
    const resolved = resolveDatabase(
      { catalogue: catalogueOf(parse(EXAMPLE)), digest: 'd' },
      { database: 'crm', environment: 'demo' },
    );
    expect('problems' in resolved && resolved.problems[0]?.expected).toContain('environment variable KUBECONFIG');
  });

  it.each([
    ['instance', { environments: { production: {} } }, 'crm.environments.production.instance: expected the identifier'],
    ['connection', { connection: undefined }, 'production.connection: expected a secret reference'],
    ['secret in its place', { connection: 'postgres://a:secret@b/c' }, 'crm.connection: expected a secret reference'],
    ['environment', { environments: { nowhere: { instance: 'crm' } } }, 'expected the name of an environment'],
    [
      'instance twice',
      { environments: { production: { instance: 'crm' }, demo: { instance: 'crm', region: 'eu-central-1' } } },
      'an instance (with databaseName) that no other entry names',
    ],
    [
      'copy where it is',
      { backup: { ...LEAST.backup, copyTo: { region: 'eu-central-1' } } },
      'copyTo.region: expected another region',
    ],
    [
      'expiry',
      { verification: { ...LEAST.verification, expiry: '1h' } },
      'verification.expiry: expected an expiry longer',
    ],
    ['poll', { verification: { ...LEAST.verification, poll: '2h' } }, 'verification.poll: expected less than'],
    ['tier', { backup: { ...LEAST.backup, retention: [{ name: 'a', keep: '1d', every: '2d' }] } }, 'retention[0].keep'],
    [
      'moving range',
      { verification: { ...LEAST.verification, closedRanges: [{ table: 'public.a', where: 'at < now()' }] } },
      'closedRanges[0].where: expected a condition that always means the same rows',
    ],
    [
      'rule',
      { verification: { ...LEAST.verification, rules: [{ name: 'a', sql: 'delete from a', expect: '= 0' }] } },
      'rules[0].sql: expected one SELECT',
    ],
    ['cron', { schedules: { backup: { cron: '0 25 * * *' } } }, 'schedules.backup.cron: expected hour from 0 to 23'],
    ['both times', { schedules: { backup: { cron: '0 2 * * *', every: '6h' } } }, 'expected either cron or every'],
    [
      'no time',
      { schedules: { backup: { jitter: '1m' } } },
      'schedules.backup: expected either cron or every, found neither',
    ],
    [
      'zone',
      { schedules: { backup: { cron: '0 2 * * *', timeZone: 'Europe/Atlantis' } } },
      'timeZone: expected the name of a time zone',
    ],
    ['misspelled', { backup: { manifests: { bucket: 'crm-backups' }, exportTo: { bukket: 'x' } } }, 'exportTo.bukket'],
  ])('are refused for %s', (_what, changes, expected) => {
    expect(problemsOf(withDatabases({ crm: { ...LEAST, ...changes } })).join('\n')).toContain(expected);
  });

  it('never repeat what may be a password', () => {
    const told = problemsOf(withDatabases({ crm: { ...LEAST, connection: 'postgres://a:secret@b/c' } })).join('\n');
    expect(told).not.toContain('secret@');
  });
});

describe('schedules', () => {
  it('are those of the requirements where nothing is written', () => {
    const catalogue = catalogueOf(withDatabases({ crm: { ...LEAST, dump: { bucket: 'crm-dumps' } } }));
    const found = resolveSchedules(catalogue);
    expect(found.map(({ id, everyMs }) => [id, everyMs])).toEqual([
      ['mainstay/backup/production/crm', undefined],
      ['mainstay/dump/production/crm', 6 * HOUR],
      ['mainstay/sweep/production', HOUR / 4],
      ['mainstay/verification/production/crm', undefined],
    ]);
    const [backup, , , verification] = found;
    expect(backup?.calendars[0]).toMatchObject({ hour: [{ start: 2, end: 2, step: 1 }] });
    expect(verification?.calendars[0]).toMatchObject({ dayOfMonth: [{ start: 1 }], hour: [{ start: 4 }] });
    expect(backup).toMatchObject({ timeZone: 'UTC', overlap: 'skip', catchUpMs: 12 * HOUR, jitterMs: 0 });
  });

  it('take what they share from the top, and can be switched off', () => {
    const raw = withDatabases(
      { crm: { ...LEAST, schedules: { verification: 'off', backup: { cron: '0 1 * * *', jitter: '1m' } } } },
      { timeZone: 'Europe/Berlin', jitter: '10m', paused: true, sweep: 'off', environments: ['production'] },
    );
    expect(resolveSchedules(catalogueOf(raw))).toMatchObject([
      { id: 'mainstay/backup/production/crm', timeZone: 'Europe/Berlin', jitterMs: 60_000, paused: true },
    ]);
  });

  it('are none of an environment that is not named', () => {
    const raw = withDatabases({ crm: LEAST }, { environments: ['demo'] });
    expect(resolveSchedules(catalogueOf(raw))).toEqual([]);
    const unknown = withDatabases({ crm: LEAST }, { environments: ['nowhere'] });
    expect(problemsOf(unknown).join()).toContain('schedules.environments[0]');
  });
});
