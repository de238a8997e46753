import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadCatalogue } from '../../src/config/load-catalogue.ts';
import { catalogueCommand, checkCatalogueFile, showPlan } from '../../src/starters/catalogue.ts';
import { resolvePlan } from '../../src/core/rollout/resolve-plan.ts';
import { GOOD, spoiled } from '../contracts/example-catalogue.ts';

const EXAMPLE = new URL('../../examples/crm/mainstay.yaml', import.meta.url).pathname;
const SANDBOX = {
  KUBECONFIG: '/tmp/kubeconfig',
  MAINSTAY_REGISTRY: '127.0.0.1:5000',
  MAINSTAY_SANDBOX_ROUTER_ADMIN: 'http://127.0.0.1:9090',
};

function page() {
  const output = { text: '', write: (text: string) => ((output.text += text), true) };
  return output;
}

describe('mainstay catalogue', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-catalogue-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function file(text: string): Promise<string> {
    const path = join(folder, 'mainstay.yaml');
    await writeFile(path, text);
    return path;
  }

  it('check says what a good file holds', async () => {
    const output = page();
    expect(await checkCatalogueFile(await file(GOOD), false, output)).toBe(0);
    expect(output.text).toMatch(
      /good, digest [0-9a-f]{12}\n {2}services: web\n {2}environments: production, staging\n/,
    );
    expect(output.text).toContain('needed by the worker that uses them: REGISTRY');
  });

  it('check lists every problem of a bad one and ends with 65', async () => {
    const output = page();
    const path = await file(
      spoiled(['port: 80', 'port: 0'], ['weight: 20', 'weight: 0'], ['container: app', 'contaner: app']),
    );
    expect(await checkCatalogueFile(path, false, output)).toBe(65);
    expect(output.text.split('\n').slice(0, 4)).toEqual([
      `${path}: 3 problems`,
      expect.stringMatching(/^ {2}line 15: services\.web\.workload\.contaner: expected .*did you mean container/),
      expect.stringMatching(/^ {2}line 24: services\.web\.strategy\.steps\[0\]\.weight: expected .*, found 0$/),
      expect.stringMatching(/^ {2}line 30: services\.web\.traffic\.port: expected .*, found 0$/),
    ]);
  });

  it('check --json carries the same problems', async () => {
    const output = page();
    expect(await checkCatalogueFile(await file(spoiled(['port: 80', 'port: 0'])), true, output)).toBe(65);
    expect(JSON.parse(output.text)).toMatchObject({
      ok: false,
      problems: [{ path: 'services.web.traffic.port', line: 30 }],
    });
  });

  it('check ends with 66 when there is no file', async () => {
    const output = page();
    expect(await checkCatalogueFile(join(folder, 'none.yaml'), false, output)).toBe(66);
    expect(output.text).toContain('MAINSTAY_CONFIG');
  });

  it('show prints the plan with every default', async () => {
    const output = page();
    const path = await file(spoiled(['${REGISTRY}', 'registry.example.com']));
    expect(await showPlan(path, { environment: 'staging' }, output)).toBe(0);
    expect(parse(output.text)).toMatchObject({
      service: 'web',
      deadlines: { noDataMs: 300_000 },
      steps: [{ weightPercent: 50 }, {}],
    });
  });

  it.each([
    { wrong: 'names are missing', options: {}, exit: 'usage' },
    { wrong: 'a name is unknown', options: { environment: 'qa' }, exit: 'badInput' },
  ])('show refuses when $wrong', async ({ options, exit }) => {
    await expect(showPlan(await file(GOOD), options, page())).rejects.toMatchObject({ name: 'CommandError', exit });
  });

  it('has its commands', () => {
    expect(catalogueCommand().commands.map((command) => command.name())).toEqual(['check', 'schema', 'show', 'rbac']);
  });
});

describe('the example company', () => {
  it('has a catalogue without problems, and plans for every environment', async () => {
    const loaded = await loadCatalogue({ path: EXAMPLE, environment: SANDBOX });
    expect('problems' in loaded ? loaded.problems : []).toEqual([]);
    if (loaded.outcome !== 'loaded') return;
    for (const environment of ['demo', 'production']) {
      expect(resolvePlan(loaded, { service: 'crm-api', environment, version: 'v1.4.2' })).toHaveProperty('plan');
    }
  });

  it('names the variables it needs', async () => {
    expect(await loadCatalogue({ path: EXAMPLE, environment: {} })).toMatchObject({
      unset: Object.keys(SANDBOX).sort(),
    });
  });

  it('points editors at the schema that is generated', async () => {
    const [first = ''] = (await readFile(EXAMPLE, 'utf8')).split('\n');
    const path = first.replace('# yaml-language-server: $schema=', '');
    const schema: unknown = JSON.parse(await readFile(new URL(path, `file://${EXAMPLE}`), 'utf8'));
    expect(schema).toMatchObject({ title: 'Mainstay catalogue' });
  });
});
