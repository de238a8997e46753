import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPrometheus } from '../../../src/sandbox/prometheus/find-prometheus.ts';

describe('the program prometheus', () => {
  let folder: string;
  let program: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mainstay-find-'));
    program = join(folder, 'prometheus');
    await writeFile(program, '#!/bin/sh\n');
    await chmod(program, 0o755);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is the one that is named, before the one on PATH', () => {
    expect(findPrometheus({ MAINSTAY_PROMETHEUS: program, PATH: '/usr/bin' })).toBe(program);
    expect(findPrometheus({ PATH: `/nowhere:${folder}` })).toBe(program);
  });
  it('that is named and not there is not passed over', () => {
    const named = { MAINSTAY_PROMETHEUS: join(folder, 'none'), PATH: folder };
    expect(() => findPrometheus(named)).toThrow(/^MAINSTAY_PROMETHEUS=.*none: no such program/);
  });
  it('that is nowhere is said to be, with how to get it', () => {
    expect(() => findPrometheus({ PATH: '/nowhere' })).toThrow(
      /apt-get install prometheus\) or set MAINSTAY_PROMETHEUS/,
    );
  });
});
