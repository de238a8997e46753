import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadWorkflowBundle } from '../../src/worker/workflow-bundle.ts';

it('bundles the sources once, and finds the same bundle afterwards', async () => {
  await loadWorkflowBundle();
  const again = await loadWorkflowBundle();
  const { codePath } = again as { readonly codePath: string };
  expect(codePath).toMatch(/workflows-[0-9a-f]{32}\.js$/);
  expect(readFileSync(codePath, 'utf8')).toContain('./src/workflows/deployment/deploy-service.ts');
  expect(await loadWorkflowBundle()).toEqual({ codePath });
});
