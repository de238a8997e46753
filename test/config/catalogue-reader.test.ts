import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { catalogueReader } from '../../src/config/load-catalogue.ts';
import { ENVIRONMENT, GOOD, spoiled } from '../contracts/example-catalogue.ts';

describe('the catalogue of a process that lives', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mainstay-catalogue-'));
  const path = join(folder, 'mainstay.yaml');
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is checked once for each text, and always the one that stands in the file', async () => {
    const read = catalogueReader({ path, environment: ENVIRONMENT });
    expect((await read()).outcome).toBe('absent');
    writeFileSync(path, GOOD);
    const first = await read();
    expect(first.outcome).toBe('loaded');
    expect(await read()).toBe(first);
    writeFileSync(path, spoiled(['weight: 20', 'weight: 2000']));
    expect((await read()).outcome).toBe('refused');
    writeFileSync(path, GOOD);
    expect(await read()).toEqual(first);
    rmSync(path);
    expect((await read()).outcome).toBe('absent');
  });
});
