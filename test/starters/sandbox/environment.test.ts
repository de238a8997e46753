import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadCatalogue } from '../../../src/config/load-catalogue.ts';
import { envLines, sandboxEnvironment } from '../../../src/starters/sandbox/environment.ts';

const ADDRESSES = {
  kubeconfig: '/home/it is mine/.mainstay/sandbox/kubeconfig',
  registry: '127.0.0.1:5000',
  routerAdmin: 'http://127.0.0.1:9090',
};

describe('what a shell needs for the sandbox', () => {
  const environment = sandboxEnvironment(ADDRESSES);

  it('names the catalogue of the example company, which is good', async () => {
    const load = await loadCatalogue({ path: environment.MAINSTAY_CONFIG });
    expect(load.outcome).toBe('loaded');
  });

  it('is every variable of that catalogue, and no other', () => {
    const text = readFileSync(environment.MAINSTAY_CONFIG ?? '', 'utf8').replaceAll(/#.*$/gm, '');
    const wanted = new Set([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name));
    expect(new Set(Object.keys(environment))).toEqual(wanted.add('MAINSTAY_CONFIG'));
  });

  it('is quoted for a shell', () => {
    expect(envLines(environment)).toContain(`export KUBECONFIG='${ADDRESSES.kubeconfig}'`);
    expect(envLines({ A: "it's" })).toEqual([`export A='it'\\''s'`]);
  });
});
