import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkCatalogue } from '../../src/contracts/catalogue.ts';
import { resolveCache, resolveClusterBackup } from '../../src/core/cache-backup/resolve-copies.ts';
import type { Catalogue } from '../../src/core/model/catalogue.ts';
import { pathText } from '../../src/core/model/problem.ts';

const EXAMPLE = readFileSync(new URL('../../examples/crm/mainstay.yaml', import.meta.url), 'utf8');

/** The example with these keys, and a region in its first environment. */
function withCopies(clusterBackup: unknown, caches: unknown): { readonly raw: unknown; readonly environment: string } {
  const raw = parse(EXAMPLE) as { environments: Record<string, Record<string, unknown>>; caches?: unknown };
  const [environment = ''] = Object.keys(raw.environments);
  Object.assign(raw.environments[environment] ?? {}, { region: 'eu-central-1', cluster: {}, clusterBackup });
  return { raw: { ...raw, ...(caches === undefined ? {} : { caches }) }, environment };
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

describe('clusterBackup and caches', () => {
  it('become plans with every default written out', () => {
    const { raw, environment } = withCopies(
      { bucket: 'crm-backups' },
      {
        sessions: {
          connection: 'env:REDIS',
          bucket: 'crm-backups',
          environments: { [envName()]: { samples: 5, keep: '2d' } },
        },
      },
    );
    const catalogue = catalogueOf(raw);
    const cluster = resolveClusterBackup({ catalogue, digest: 'd' }, environment);
    expect(cluster).toMatchObject({
      plan: {
        region: 'eu-central-1',
        namespaces: ['crm'],
        secrets: { mode: 'references' },
        prefix: 'cluster',
        keepMs: 90 * 86_400_000,
        deadlineMs: 1_800_000,
        verify: 'dryRun',
      },
    });
    expect('plan' in cluster ? cluster.plan.kinds[0]?.kind : '').toBe('Namespace');
    expect(resolveCache({ catalogue, digest: 'd' }, { cache: 'sessions', environment })).toMatchObject({
      plan: {
        connection: 'env:REDIS',
        source: { kind: 'replication' },
        samples: 5,
        keepMs: 2 * 86_400_000,
        deadlineMs: 3_600_000,
        prefix: 'caches',
      },
    });
  });

  it('name what is unknown', () => {
    const { raw, environment } = withCopies(undefined, {
      sessions: { connection: 'env:R', bucket: 'backups', environments: {} },
    });
    const catalogue = catalogueOf(raw);
    const problems = (resolved: object) => JSON.stringify('problems' in resolved ? resolved.problems : []);
    expect(problems(resolveCache({ catalogue, digest: 'd' }, { cache: 'sesions', environment: 'nowhere' }))).toMatch(
      /sessions.*nowhere/,
    );
    expect(problems(resolveCache({ catalogue, digest: 'd' }, { cache: 'sessions', environment }))).toContain(
      'which has none',
    );
    expect(problems(resolveClusterBackup({ catalogue, digest: 'd' }, environment))).toContain('clusterBackup');
  });

  it('tell everything that is wrong at once, and show no secret', () => {
    const { raw } = withCopies(
      {
        bucket: 'crm-backups',
        kinds: ['Deployment', 'Deploymnt', 'Deployment'],
        customKinds: [{ kind: 'Service', group: 'x.io', version: 'v1', plural: 'services' }],
        secrets: { mode: 'encrypted', encryptionKey: 'hunter2-hunter2' },
      },
      { sessions: { connection: 'redis://:hunter2@host', environments: { [envName()]: {}, nowhere: {} } } },
    );
    const told = problemsOf(raw).join('\n');
    expect(told).toMatch(/kinds\[1\]: expected .*Deployment/);
    expect(told).toContain('encryptionKey: expected a secret reference');
    expect(told).toContain('caches.sessions.connection: expected a secret reference');
    expect(told).toMatch(/caches\.sessions\.environments\.nowhere: expected the name of an environment/);
    expect(told).not.toContain('hunter2');
    const fixed = withCopies(
      {
        bucket: 'crm-backups',
        kinds: ['Deployment', 'Deployment'],
        customKinds: [{ kind: 'Service', group: 'x.io', version: 'v1', plural: 'services' }],
      },
      { sessions: { environments: { [envName()]: {} } } },
    );
    const rules = problemsOf(fixed.raw).join('\n');
    expect(rules).toContain('kinds[1]: expected each kind once');
    expect(rules).toContain('customKinds[0].kind: expected a kind that is not named elsewhere');
    expect(rules).toMatch(/sessions\.environments\.\w+\.bucket: expected the name of an S3 bucket/);
    expect(rules).toMatch(/sessions\.environments\.\w+\.connection: expected a secret reference of a Redis URL/);
  });
});

function envName(): string {
  return withCopies(undefined, undefined).environment;
}
