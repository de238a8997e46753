import { expect, it } from 'vitest';
import { BEHAVIOURS } from '../../src/worker/versioned-workflows.ts';
import * as workflows from '../../src/workflows/index.ts';

it('says for each workflow type how it moves between builds', () => {
  expect(Object.keys(BEHAVIOURS).sort()).toEqual(Object.keys(workflows).sort());
  for (const [name, workflow] of Object.entries(workflows)) {
    const { workflowDefinitionOptions } = workflow as { workflowDefinitionOptions?: { versioningBehavior?: string } };
    expect([name, workflowDefinitionOptions?.versioningBehavior]).toEqual([
      name,
      BEHAVIOURS[name as keyof typeof BEHAVIOURS],
    ]);
  }
});
