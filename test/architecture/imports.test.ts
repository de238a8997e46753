import { describe, expect, it } from 'vitest';
import { reachedByValue, wrongImports } from './arrows.ts';
import { importsOf } from './imports-of.ts';
import { readProject } from './project-files.ts';

const sources = readProject((path) => path.startsWith('src/') && path.endsWith('.ts'));
const WORKFLOWS = 'src/workflows/index.ts';

describe('imports of the sources', () => {
  it('point one way', () => {
    expect(sources.size).toBeGreaterThan(10);
    expect(wrongImports(sources)).toEqual([]);
  });

  it('keep everything but Temporal out of the workflow bundle', (context) => {
    if (!sources.has(WORKFLOWS)) context.skip(`${WORKFLOWS} is not there yet`);
    const reached = [...reachedByValue(WORKFLOWS, sources)];
    const outside = reached.filter((path) => !/^src\/(workflows|core)\/|^@temporalio\/(workflow|common)$/.test(path));
    expect(reached.length).toBeGreaterThan(1);
    expect(outside).toEqual([]);
  });
});

describe('importsOf', () => {
  it.each([
    { text: "import { a } from './a.ts';", specifier: './a.ts', isValue: true },
    { text: "import type { A } from './a.ts';", specifier: './a.ts', isValue: false },
    { text: "import { type A } from './a.ts';", specifier: './a.ts', isValue: true },
    { text: "import {\n  a,\n  type B,\n} from '../x/a.ts';", specifier: '../x/a.ts', isValue: true },
    { text: "import * as wf from '@temporalio/workflow';", specifier: '@temporalio/workflow', isValue: true },
    {
      text: "import type * as activities from '../activities/index.ts';",
      specifier: '../activities/index.ts',
      isValue: false,
    },
    { text: "import { Gauge, default as prom } from 'prom-client';", specifier: 'prom-client', isValue: true },
    { text: "import './register.ts';", specifier: './register.ts', isValue: true },
    { text: "export { a } from './a.ts';", specifier: './a.ts', isValue: true },
    { text: "export * from './a.ts';", specifier: './a.ts', isValue: true },
    { text: "export type { A } from './a.ts';", specifier: './a.ts', isValue: false },
    { text: "const late = await import('./late.ts');", specifier: './late.ts', isValue: true },
  ])('reads $text', ({ text, specifier, isValue }) => {
    expect(importsOf(text)).toEqual([{ specifier, isValue }]);
  });

  it.each(["// import { a } from './a.ts';", "/* import './a.ts'; */", "export const from = 'x';"])(
    'finds none in %s',
    (text) => {
      expect(importsOf(text)).toEqual([]);
    },
  );
});

describe('wrongImports', () => {
  it.each([
    { file: 'src/core/x.ts', text: "import { a } from 'node:fs';", finds: 'not a package for src/core' },
    { file: 'src/core/x.ts', text: "import type { A } from '../clients/a.ts';", finds: 'must not know src/clients' },
    { file: 'src/contracts/x.ts', text: "import { a } from 'yaml';", finds: 'not a package for src/contracts' },
    { file: 'src/clients/x.ts', text: "import { Client } from '@temporalio/client';", finds: 'not a package' },
    {
      file: 'src/clients/x.ts',
      text: "import { a } from '../activities/a.ts';",
      finds: 'must not know src/activities',
    },
    {
      file: 'src/workflows/x.ts',
      text: "import { a } from '../activities/a.ts';",
      finds: 'only types of src/activities',
    },
    { file: 'src/workflows/x.ts', text: "import { z } from 'zod';", finds: 'not a package for src/workflows' },
    {
      file: 'src/workflows/x.ts',
      text: "import type { A } from '../clients/a.ts';",
      finds: 'must not know src/clients',
    },
    { file: 'src/sandbox/x.ts', text: "import { a } from '../core/a.ts';", finds: 'must not know src/core' },
    {
      file: 'src/starters/deploy.ts',
      text: "import { a } from '../sandbox/a.ts';",
      finds: 'must not know src/sandbox',
    },
    {
      file: 'src/starters/deploy.ts',
      text: "import { a } from '../workflows/a.ts';",
      finds: 'only types of src/workflows',
    },
    { file: 'src/activities/x.ts', text: "import { a } from '../../tools/a.ts';", finds: 'nothing outside' },
    { file: 'src/novel/x.ts', text: "import { a } from '../core/a.ts';", finds: 'has no arrows' },
  ])('refuses $text in $file', ({ file, text, finds }) => {
    expect(wrongImports(new Map([[file, text]]))).toEqual([expect.stringContaining(finds)]);
  });

  it.each([
    { file: 'src/workflows/x.ts', text: "import type { A } from '../activities/a.ts';" },
    { file: 'src/workflows/x.ts', text: "import { a } from '../core/a.ts';" },
    { file: 'src/clients/temporal/x.ts', text: "import { Client } from '@temporalio/client';" },
    { file: 'src/starters/sandbox-up.ts', text: "import { a } from '../sandbox/a.ts';" },
    { file: 'src/starters/demo.ts', text: "import { a } from '../sandbox/a.ts';" },
    { file: 'src/activities/x.ts', text: "import { a } from '../config/a.ts';" },
  ])('accepts $text in $file', ({ file, text }) => {
    expect(wrongImports(new Map([[file, text]]))).toEqual([]);
  });

  it('follows values, not types, into the bundle', () => {
    const files = new Map([
      ['src/workflows/x.ts', "import { a } from '../core/b.ts';\nimport type { A } from 'zod';"],
      ['src/core/b.ts', "export { a } from 'node:fs';"],
    ]);
    expect([...reachedByValue('src/workflows/x.ts', files)]).toEqual([
      'src/workflows/x.ts',
      'src/core/b.ts',
      'node:fs',
    ]);
  });
});
