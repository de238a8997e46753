/**
 * The workflows as a worker with a build id bundles them. Only that worker loads this entry: a workflow that carries a
 * versioning behaviour hangs on a worker without one, so no workflow file may say it (decision record 0014).
 */
import { setWorkflowOptions, type Workflow } from '@temporalio/workflow';
import * as workflows from '../workflows/index.ts';

export * from '../workflows/index.ts';

/**
 * Pinned: ends within days and must not change in the middle; it goes on with the build that it began with. Upgraded: lives
 * for as long as its service; it goes on with the current build, so every change to it is patched.
 */
export const BEHAVIOURS = {
  deployService: 'PINNED',
  restoreService: 'PINNED',
  ownership: 'AUTO_UPGRADE',
  guardOwnership: 'AUTO_UPGRADE',
  backUpDatabase: 'PINNED',
  verifyRestore: 'PINNED',
  // It must find a worker whatever happens to the build that began it: until it is done, a copy costs money.
  keepTemporary: 'AUTO_UPGRADE',
  sweepTemporaries: 'AUTO_UPGRADE',
  dumpDatabase: 'PINNED',
  backUpCluster: 'PINNED',
  backUpCache: 'PINNED',
} as const satisfies Record<keyof typeof workflows, 'PINNED' | 'AUTO_UPGRADE'>;

const types: Readonly<Record<string, Workflow>> = workflows;
for (const [name, versioningBehavior] of Object.entries(BEHAVIOURS)) {
  const workflow = types[name];
  if (workflow) setWorkflowOptions({ versioningBehavior }, workflow);
}
