/** Dumps and copies on a dev server with fakes, whose histories are kept. */
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { CopyChanges, CopyLab, CopyTrial, CopyType } from '../../harness/copy-lab.ts';
import { until } from '../../harness/until.ts';
import { closed, kept, type Kept } from './replay-case.ts';

export interface CopyCase {
  readonly name: string;
  readonly run: (lab: CopyLab, name: string) => Promise<readonly Kept[]>;
}

const ALL: readonly CopyType[] = ['dumpDatabase', 'backUpCluster', 'backUpCache'];

/** The same of each type. */
async function each(
  lab: CopyLab,
  name: string,
  changes: CopyChanges = {},
  during: (trial: CopyTrial) => Promise<void> = async () => undefined,
  input: object = {},
): Promise<readonly Kept[]> {
  const found: Kept[] = [];
  for (const type of ALL) {
    const trial = await lab.start(type, changes, input);
    await during(trial);
    await closed(trial.handle);
    found.push(kept(type, name, trial.handle));
  }
  return found;
}

const refused = (): never => {
  throw ApplicationFailure.nonRetryable('no rights', 'Forbidden');
};
const untilCancelled = async (): Promise<void> => {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 200);
  try {
    await context.cancelled;
  } finally {
    clearInterval(beat);
  }
};

export const COPY_CASES: readonly CopyCase[] = [
  { name: 'copy-completed', run: (lab, name) => each(lab, name) },
  { name: 'copy-planned', run: (lab, name) => each(lab, name, {}, undefined, { dryRun: true }) },
  {
    name: 'copy-refused',
    run: (lab, name) => each(lab, name, { takeDump: refused, copyCluster: refused, copyCache: refused }),
  },
  {
    name: 'copy-not-proven',
    run: (lab, name) => each(lab, name, { verifyDump: refused, verifyCluster: refused, verifyCache: refused }),
  },
  {
    name: 'copy-retention-failed',
    run: (lab, name) =>
      each(lab, name, { pruneDumps: refused, pruneClusterCopies: refused, pruneCacheCopies: refused }),
  },
  {
    name: 'copy-aborted',
    run: (lab, name) =>
      each(
        lab,
        name,
        { takeDump: untilCancelled, copyCluster: untilCancelled, copyCache: untilCancelled },
        async ({ handle, calls }) => {
          await until('it copies', () => (calls.length > 1 ? true : undefined));
          await handle.executeUpdate('abort', { args: [{ by: 'release-manager', reason: 'not now' }] });
        },
      ),
  },
  {
    name: 'copy-cancelled',
    run: (lab, name) =>
      each(
        lab,
        name,
        { takeDump: untilCancelled, copyCluster: untilCancelled, copyCache: untilCancelled },
        async ({ handle, calls }) => {
          await until('it copies', () => (calls.length > 1 ? true : undefined));
          await handle.cancel();
        },
      ),
  },
];
