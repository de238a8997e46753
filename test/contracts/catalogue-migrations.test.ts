import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createResolvePlan } from '../../src/activities/catalogue/resolve-plan.ts';
import { resolvePlan } from '../../src/core/rollout/resolve-plan.ts';
import { load, loadGood, spoiled } from './example-catalogue.ts';
import { expectRefusal, problemsOf } from './refusal.ts';

const FROM = '    strategy:\n      kind: canary';
const withMigrations = (fields: string): string => `    migrations: { ${fields} }\n${FROM}`;
const GOOD = 'database: k8s:shop/web/DATABASE_URL, directory: ./web/sql';
const INPUT = { service: 'web', environment: 'production', version: 'v1' };

function planOf(text: string, environment = 'production') {
  const resolved = resolvePlan(loadGood(text), { ...INPUT, environment });
  if ('problems' in resolved) throw new Error(JSON.stringify(resolved.problems));
  return resolved.plan;
}

describe('the migrations of a catalogue', () => {
  it('have defaults, and a directory beside the catalogue', () => {
    const plan = planOf(spoiled([FROM, withMigrations(GOOD)]));
    expect(plan.migrations).toEqual({
      database: 'k8s:shop/web/DATABASE_URL',
      directory: '/srv/company/web/sql',
      digest: '',
      files: 0,
      lockWaitMs: 60_000,
      lockTimeoutMs: 5000,
      lockTries: 5,
      statementTimeoutMs: 300_000,
      deadlineMs: 3_600_000,
    });
    expect(plan.preflight.migrations).toBe('required');
  });

  it('are replaced whole by an environment, and are nothing where there are none', () => {
    const override = 'migrations: { database: env:STAGING_URL, directory: sql, lockTries: 1, reviewed: seen.sha256 }';
    const text = spoiled(
      [FROM, withMigrations(GOOD)],
      ['analysis: { interval: 10s }', `analysis: { interval: 10s }\n        ${override}`],
    );
    const staging = {
      database: 'env:STAGING_URL',
      directory: '/srv/company/sql',
      lockTries: 1,
      reviewed: 'seen.sha256',
    };
    expect(planOf(text, 'staging').migrations).toMatchObject(staging);
    expect(planOf(spoiled())).not.toHaveProperty('migrations');
    expect(planOf(spoiled()).preflight).not.toHaveProperty('migrations');
  });

  it.each([
    {
      wrong: 'a URL in place of a reference',
      fields: 'database: "postgres://u:geheim@db/x", directory: sql',
      key: 'database',
      expected: /^a secret reference to a postgres/,
    },
    {
      wrong: 'a store that is not supported',
      fields: 'database: aws-sm:db#url, directory: sql',
      key: 'database',
      expected: /env:NAME, file:/,
    },
    { wrong: 'no directory', fields: 'database: env:URL', key: 'directory', expected: /^a directory of SQL files/ },
    { wrong: 'a time without unit', fields: `${GOOD}, lockTimeout: 5`, key: 'lockTimeout', expected: /duration/ },
    { wrong: 'no try', fields: `${GOOD}, lockTries: 0`, key: 'lockTries', expected: /from 1 to 100/ },
    {
      wrong: 'a list elsewhere',
      fields: `${GOOD}, reviewed: ../seen.sha256`,
      key: 'reviewed',
      expected: /name of a file in the directory/,
    },
    {
      wrong: 'an unknown key',
      fields: `${GOOD}, lockTimout: 5s`,
      key: 'lockTimout',
      expected: /did you mean lockTimeout/,
    },
  ])('are refused for $wrong', ({ wrong, fields, key, expected }) => {
    expectRefusal({ wrong, from: FROM, to: withMigrations(fields), path: `services.web.migrations.${key}`, expected });
    expect(JSON.stringify(problemsOf(spoiled([FROM, withMigrations(fields)])))).not.toContain('geheim');
  });
});

describe('the plan that an activity makes', () => {
  it('names all files by one digest, and says when they cannot be read', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'mainstay-plan-'));
    try {
      const text = (at: string) => spoiled([FROM, withMigrations(`database: env:URL, directory: ${at}`)]);
      const plan = async (at: string) =>
        createResolvePlan({ loadCatalogue: async () => load(text(at)) }).resolvePlan(INPUT);
      await writeFile(join(directory, '0001_a.expand.sql'), 'SELECT 1');
      const first = (await plan(directory)).plan.migrations;
      expect(first).toMatchObject({ files: 1, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
      await writeFile(join(directory, '0001_a.expand.sql'), 'SELECT 2');
      expect((await plan(directory)).plan.migrations?.digest).not.toBe(first?.digest);
      await expect(plan('/nowhere/sql')).rejects.toMatchObject({
        type: 'InvalidInput',
        message: expect.stringMatching(
          /services\.web\.migrations\.directory: expected a readable directory of SQL files, found directory \/nowhere\/sql/,
        ),
      });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
