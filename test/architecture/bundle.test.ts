/** What a workflow worker loads: our workflows and core, the SDK, and nothing that the sandbox of workflow code lacks. */
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleWorkflows } from '../../src/worker/workflow-bundle.ts';

/** Own code and the SDK take 1.26 MB of it: judges, then backups and restores, the larger part of ours; without the source map. */
const BUDGET_BYTES = 1_400_000;

const EXPECTED = /^\.\/(src\/(workflows|core)\/|node_modules\/(@temporalio\/(workflow|common)|nexus-rpc|ms|long)\/)/;
/** Modules that the bundler replaced by nothing. */
const EMPTY = /^\?[0-9a-f]+$/;

/** Paths of the modules in a bundle, as the bundler names them: `./src/core/model/plan.ts`. */
function modulesOf(code: string): string[] {
  return [...new Set([...code.matchAll(/^\/\*{3}\/ "([^"]+)"/gm)].map(([, path]) => path ?? ''))];
}

describe('the workflow bundle', () => {
  let code = '';
  beforeAll(async () => {
    code = ((await bundleWorkflows()).code.split('//# sourceMappingURL')[0] ?? '').trim();
  });

  it('holds the workflows', () => {
    const modules = modulesOf(code);
    expect(modules).toContain('./src/workflows/deployment/deploy-service.ts');
    expect(modules).toContain('./src/workflows/ownership/ownership.ts');
  });

  it('holds no zod, no module of Node, no activity and no client', () => {
    const others = modulesOf(code).filter((path) => !EXPECTED.test(path) && !EMPTY.test(path));
    expect(others).toEqual([]);
  });

  it(`is smaller than ${BUDGET_BYTES / 1000} kB`, () => {
    expect(Buffer.byteLength(code)).toBeLessThan(BUDGET_BYTES);
  });
});

it('finds a module that does not belong there', () => {
  const text = '/***/ "./node_modules/zod/index.js"\n/*!**/\n/***/ "./src/core/model/plan.ts"\n';
  expect(modulesOf(text).filter((path) => !EXPECTED.test(path))).toEqual(['./node_modules/zod/index.js']);
});
