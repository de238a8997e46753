import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADDRESS_FIELDS } from '../../src/config/catalogue-variables.ts';
import { LARGEST_CATALOGUE_BYTES, loadCatalogue, parseCatalogue } from '../../src/config/load-catalogue.ts';
import { ENVIRONMENT, GOOD, load, loadGood, spoiled } from '../contracts/example-catalogue.ts';

describe('loadCatalogue', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-catalogue-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('reads the file that MAINSTAY_CONFIG names, and an explicit path before it', async () => {
    const named = join(folder, 'named.yaml');
    const explicit = join(folder, 'explicit.yaml');
    await writeFile(named, GOOD);
    await writeFile(explicit, spoiled(['port: 80', 'port: 81']));
    const environment = { ...ENVIRONMENT, MAINSTAY_CONFIG: named };
    const byVariable = await loadCatalogue({ environment });
    const byPath = await loadCatalogue({ environment, path: explicit });
    expect(byVariable).toMatchObject({ outcome: 'loaded', path: named });
    expect(byPath).toMatchObject({ outcome: 'loaded', path: explicit });
    if (byVariable.outcome === 'loaded') {
      expect(byVariable.catalogue.services.web?.build).toMatchObject({ directory: join(folder, 'web') });
    }
  });

  it('says that there is no file, and how to name one', async () => {
    const missing = await loadCatalogue({ path: join(folder, 'none.yaml') });
    expect(missing).toMatchObject({
      outcome: 'absent',
      problems: [{ expected: expect.stringContaining('MAINSTAY_CONFIG') }],
    });
    expect(await loadCatalogue({ path: folder })).toMatchObject({
      outcome: 'absent',
      problems: [{ found: 'no regular file' }],
    });
  });

  it('refuses a file that is too large without reading it', async () => {
    const path = join(folder, 'large.yaml');
    await writeFile(path, '');
    await truncate(path, LARGEST_CATALOGUE_BYTES + 1);
    expect(await loadCatalogue({ path })).toMatchObject({
      outcome: 'refused',
      problems: [{ found: `${LARGEST_CATALOGUE_BYTES + 1} bytes` }],
    });
  });
});

describe('YAML', () => {
  it.each([
    { wrong: 'a syntax error', text: 'a: [1, 2\nb: 3\n', line: 2, expected: /well-formed YAML/ },
    { wrong: 'a key given twice', text: 'a: 1\nb: 2\na: 3\n', line: 3, expected: /every key once/ },
    { wrong: 'two documents', text: 'a: 1\n---\nb: 2\n', line: 2, expected: /one YAML document/ },
    { wrong: 'a bound without quotes', text: spoiled(['fail: "> 1%"', 'fail: > 1%']), line: 40, expected: /YAML/ },
    { wrong: 'an unknown tag', text: 'a: !secret x\n', line: 1, expected: /well-formed YAML/ },
    { wrong: 'an unknown alias', text: 'a: *nowhere\n', line: 1, expected: /well-formed YAML|aliases/ },
  ])('$wrong is a problem with its line', ({ text, line, expected }) => {
    const loaded = load(text);
    const problems = loaded.outcome === 'refused' ? loaded.problems : [];
    expect(problems[0]?.expected).toMatch(expected);
    expect(problems[0]?.line ?? line).toBe(line);
  });

  it('lists several at once', () => {
    const loaded = load('a: 1\na: 2\nb: 1\nb: 2\n');
    expect(loaded.outcome === 'refused' && loaded.problems.map(({ line }) => line)).toEqual([2, 4]);
  });

  it('does not expand a bomb of aliases', () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) => `l${n}: &l${n} [${Array.from({ length: 9 }, () => (n === 0 ? 'x' : `*l${n - 1}`)).join(', ')}]`,
    );
    expect(load(levels.join('\n'))).toMatchObject({
      outcome: 'refused',
      problems: [{ expected: expect.stringContaining('aliases') }],
    });
  });

  it('follows an alias to the line of its anchor', () => {
    const text = spoiled(['deployment: web', 'deployment: &name WEB'], ['stableService: web', 'stableService: *name']);
    const loaded = load(text);
    expect(loaded.outcome === 'refused' && loaded.problems.map(({ path }) => path)).toEqual([
      'services.web.workload.deployment',
      'services.web.traffic.stableService',
    ]);
  });
});

describe('the digest', () => {
  const { digest } = loadGood();

  it.each([
    { what: 'a comment', text: `# a comment\n${GOOD}` },
    { what: 'blank lines', text: GOOD.replaceAll('\n', '\n\n') },
    { what: 'quotes', text: spoiled(['namespace: shop', "namespace: 'shop'"]) },
    {
      what: 'flow instead of block',
      text: spoiled(['analysis: { interval: 10s }', 'analysis:\n          interval: 10s']),
    },
    {
      what: 'the order of keys',
      text: spoiled(['{ deployment: web, container: app }', '{ container: app, deployment: web }']),
    },
  ])('is not changed by $what', ({ text }) => {
    expect(text).not.toBe(GOOD);
    expect(loadGood(text).digest).toBe(digest);
  });

  it.each([
    { what: 'a weight', text: spoiled(['weight: 20', 'weight: 21']) },
    { what: 'a name of a variable', text: spoiled(['${REGISTRY}', '${REGISTRY2}']) },
    { what: 'a default written out', text: spoiled(['kind: canary', 'kind: canary\n      bake: 10m']) },
  ])('is changed by $what', ({ text }) => {
    expect(loadGood(text).digest).not.toBe(digest);
  });

  it('is the same on machines with other addresses', () => {
    const elsewhere = parseCatalogue(GOOD, '/elsewhere/mainstay.yaml', {
      environment: { REGISTRY: 'registry.example.com' },
    });
    expect(elsewhere).toMatchObject({ outcome: 'loaded', digest });
  });
});

describe('variables', () => {
  it('are replaced in addresses', () => {
    expect(loadGood().catalogue.services.web?.build.repository).toBe('127.0.0.1:5000/web');
  });

  it.each(['', undefined])('are told when they are %j, and left as written', (REGISTRY) => {
    const loaded = parseCatalogue(GOOD, '/srv/mainstay.yaml', { environment: { REGISTRY } });
    expect(loaded).toMatchObject({ outcome: 'loaded', unset: ['REGISTRY'] });
    expect(loaded.outcome === 'loaded' && loaded.catalogue.services.web?.build.repository).toBe('${REGISTRY}/web');
  });

  it('are not replaced anywhere else', () => {
    const text = spoiled(
      ['command: [make, image]', 'command: [sh, -c, "echo ${REGISTRY}"]'],
      ['reason: holidays', 'reason: "${REGISTRY}"'],
    );
    const { catalogue } = loadGood(text);
    expect(catalogue.services.web?.build).toMatchObject({ command: ['sh', '-c', 'echo ${REGISTRY}'] });
    expect(catalogue.environments.production?.freezeWindows?.[0]?.reason).toBe('${REGISTRY}');
  });

  it('are refused where a name cannot be', () => {
    const loaded = load(spoiled(['${REGISTRY}/web', '${1X}/web']));
    expect(loaded.outcome === 'refused' && loaded.problems.map(({ found }) => found)).toContain('${1X}');
  });

  it('are checked after they are replaced', () => {
    const loaded = parseCatalogue(GOOD, '/srv/mainstay.yaml', { environment: { REGISTRY: 'not a host' } });
    expect(loaded).toMatchObject({
      outcome: 'refused',
      problems: [{ path: 'services.web.build.repository', line: 20 }],
    });
  });

  it('are refused when they bring a password, which is not repeated', () => {
    const text = spoiled(['"http://router.example.com/metrics"', '"${METRICS}"']);
    const environment = {
      REGISTRY: 'registry.example.com',
      METRICS: 'https://reader:hunter2@metrics.example.com/metrics',
    };
    const loaded = parseCatalogue(text, '/srv/mainstay.yaml', { environment });
    expect(loaded).toMatchObject({
      outcome: 'refused',
      problems: [{ path: 'services.web.traffic.weightMetric.url', found: '"https://...@metrics.example.com/metrics"' }],
    });
    expect(JSON.stringify(loaded)).not.toContain('hunter2');
  });

  it('have their fields written down', () => {
    expect(ADDRESS_FIELDS).toMatchInlineSnapshot(`
      [
        "environments.*.cluster.kubeconfig",
        "environments.*.prometheus.url",
        "services.*.build.repository",
        "services.*.build.directory",
        "services.*.migrations.directory",
        "services.*.traffic.weightMetric.url",
        "services.*.analysis.metrics.*.source.url",
        "services.*.analysis.prometheus.url",
      ]
    `);
  });
});
