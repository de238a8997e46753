import { defineConfig } from 'vitest/config';
import { loadTools } from './tools/setup/tools.mjs';

// Set by the test runner already; here for a plain `npx vitest run`.
Object.assign(process.env, loadTools());

const SECOND = 1_000;
const PURE = ['core', 'contracts', 'errors'].map((folder) => `test/${folder}/**/*.test.ts`);
const SLOW = 'test/e2e/**/*.slow.test.ts';
const RESTORE = 'test/**/*.restore.test.ts';

interface Kind {
  readonly name: string;
  readonly include: readonly string[];
  readonly testTimeout: number;
  readonly maxWorkers: number;
  readonly isolate?: boolean;
}

/**
 * Tests by kind. Kinds run one after the other, cheapest first, so that a broken unit test is seen before the servers
 * start; inside a kind, files run side by side. A file that belongs to no other kind is a unit test.
 */
const KINDS: readonly Kind[] = [
  // Pure functions: their files may share a process, which saves a start for each.
  { name: 'core', include: PURE, testTimeout: 20 * SECOND, maxWorkers: 2, isolate: false },
  { name: 'unit', include: ['test/**/*.test.ts'], testTimeout: 20 * SECOND, maxWorkers: 2 },
  { name: 'sandbox', include: ['test/sandbox/**/*.test.ts'], testTimeout: 60 * SECOND, maxWorkers: 2 },
  { name: 'replay', include: ['test/replay/**/*.test.ts'], testTimeout: 60 * SECOND, maxWorkers: 2 },
  { name: 'workflows', include: ['test/workflows/**/*.test.ts'], testTimeout: 60 * SECOND, maxWorkers: 2 },
  // Real time and real processes: two files at once on two cores slow each other down by as much as they save.
  { name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 240 * SECOND, maxWorkers: 1 },
  // The same for what is looked at less often: `npm run test:slow`, and in CI.
  { name: 'slow', include: [SLOW], testTimeout: 300 * SECOND, maxWorkers: 1 },
  // Backups and restores of real servers: `npm run test:restore`, and in CI.
  { name: 'restore', include: [RESTORE], testTimeout: 300 * SECOND, maxWorkers: 1 },
];
/** Run by scripts of their own. */
const NOT_HERE = ['test/kube/**'];
const EXCLUDED: Readonly<Record<string, readonly string[]>> = {
  unit: KINDS.filter(({ name }) => name !== 'unit').flatMap(({ include }) => include),
  e2e: [SLOW],
};

export default defineConfig({
  test: {
    reporters: ['./tools/test-reporter.ts'],
    pool: 'forks', // each file its own process: native Temporal code and signals do not mix in one
    passWithNoTests: false,
    teardownTimeout: 20 * SECOND,
    projects: KINDS.map(({ name, include, testTimeout, maxWorkers, isolate = true }, groupOrder) => ({
      extends: true as const,
      test: {
        name,
        include: [...include],
        exclude: [...NOT_HERE, ...(name === 'restore' ? [] : [RESTORE]), ...(EXCLUDED[name] ?? [])],
        environment: 'node',
        testTimeout,
        hookTimeout: 90 * SECOND,
        maxWorkers,
        isolate,
        sequence: { groupOrder },
      },
    })),
  },
});
