import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findMoto } from '../../../../src/sandbox/aws/moto/find-moto.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mainstay-find-moto-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}

it('takes the Python that the variable names, also when there is one on PATH', () => {
  const named = program('named', '#!/bin/sh\n');
  program('moto_server', `#!${program('python3', '')}\n`);
  expect(findMoto({ MAINSTAY_MOTO: named, PATH: folder })).toBe(named);
});

it('takes the Python behind moto_server, and passes the shim of a version manager over', () => {
  const python = program('python3.12', '');
  program('moto_server', `#!${python}\nimport moto\n`);
  expect(findMoto({ PATH: `/nowhere:${folder}` })).toBe(python);
  program('moto_server', '#!/usr/bin/env bash\nexec other\n');
  expect(() => findMoto({ PATH: folder })).toThrow('no moto: run node tools/setup.mjs --for restore');
});

it('does not pass over what the variable names in vain', () => {
  expect(() => findMoto({ MAINSTAY_MOTO: join(folder, 'gone'), PATH: folder })).toThrow('no such program');
});
