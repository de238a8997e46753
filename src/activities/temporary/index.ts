/** The activities on temporary instances. Names are a wire format. */
import { createAwaitInstance } from './await-instance.ts';
import { createDeleteTemporary } from './delete-temporary.ts';
import type { TemporaryActivityDeps } from './deps.ts';
import { createFindTemporaries } from './find-temporaries.ts';
import { createPrepareCopy } from './prepare-copy.ts';
import { createProveGone } from './prove-gone.ts';
import { createRestoreInstance } from './restore-instance.ts';
import { createRunRestoreSuite } from './run-restore-suite.ts';

export type { TemporaryActivityDeps } from './deps.ts';

export function createTemporaryActivities(deps: TemporaryActivityDeps) {
  return {
    ...createRestoreInstance(deps),
    ...createAwaitInstance(deps),
    ...createPrepareCopy(deps),
    ...createRunRestoreSuite(deps),
    ...createDeleteTemporary(deps),
    ...createProveGone(deps),
    ...createFindTemporaries(deps),
  };
}
