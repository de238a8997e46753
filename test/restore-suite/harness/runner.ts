/** The runner's parts under one roof, for tests that need no server. */
import { finding } from '../../../src/core/restore/finding.ts';
import { outcome, type Outcome } from '../../../src/restore-suite/checks/task.ts';

export { runTasks } from '../../../src/restore-suite/checks/run-tasks.ts';
export type { Outcome, Task } from '../../../src/restore-suite/checks/task.ts';
export type { Suite } from '../../../src/restore-suite/open-suite.ts';

export const runnable = (object: string): Outcome => outcome('heap', object, finding('pass', 'sound'));
