import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { loadTools } from '../../tools/setup/tools.mjs';

// Set by the test runner already; here for a plain `npx vitest run --config test/kube/vitest.config.ts`.
Object.assign(process.env, loadTools());

const SECOND = 1_000;

/** Tests on a real kube-apiserver: `npm run test:kube`. Each file has a control plane of its own, one at a time. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    name: 'kube',
    include: ['test/kube/**/*.test.ts'],
    reporters: ['./tools/test-reporter.ts'],
    pool: 'forks',
    maxWorkers: 1,
    passWithNoTests: false,
    testTimeout: 120 * SECOND,
    hookTimeout: 180 * SECOND,
    teardownTimeout: 20 * SECOND,
  },
});
