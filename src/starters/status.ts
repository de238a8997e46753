/** `mainstay status`: the six things of an operation, with live numbers, with or without a worker. */
import { Command } from 'commander';
import { adviseOrphans, assessPresence, describeOrphans } from '../core/workers/assess-workers.ts';
import { addTarget, type TargetOptions, targetOf } from './common-options.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { findForStatus, type OperationTarget } from './operation/find-operation.ts';
import { followOperation } from './operation/follow-operation.ts';
import { askStatus, observeOperation } from './operation/observe-operation.ts';
import type { OperationView } from './operation/operation-view.ts';
import { readEnd } from './operation/read-end.ts';
import { openSession, type Session } from './session.ts';
import { openScreen, type Output, widthOf } from './view/screen.ts';
import { sixTexts } from './view/six-texts.ts';
import { statusPage } from './view/status-page.ts';
import { styleFor } from './view/style.ts';
import { askOrphans, askWorkers, wantedBuild } from './worker-presence.ts';

interface StatusOptions extends TargetOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
}

export function statusCommand(): Command {
  return addTarget(new Command('status'))
    .description('what runs, why it is where it is, what was seen, what comes next, what one may do, what was undone')
    .option('-w, --watch', 'follow it to its end; the exit code is then that of the outcome')
    .option('--json', 'for machines; with --watch one object a line')
    .action(async (service: string | undefined, options: StatusOptions) => {
      process.exitCode = await status(targetOf(service, options), options, process.stdout);
    });
}

/** Returns the exit code; never takes longer than some bounded calls to the server. */
export async function status(target: OperationTarget, options: StatusOptions, output: Output): Promise<number> {
  const session = await openSession();
  try {
    const workflowId = await findForStatus(session, target);
    if (options.watch === true) {
      return await followOperation(session, { workflowId }, openScreen(output, options.json === true));
    }
    const view = await readOnce(session, workflowId);
    if (options.json === true) output.write(`${JSON.stringify({ ...sixTexts(view), ...view })}\n`);
    else output.write(`${statusPage(view, widthOf(output), styleFor(output)).join('\n')}\n`);
    return EXIT_CODES.ok.code;
  } finally {
    await session.close();
  }
}

async function readOnce(session: Session, workflowId: string): Promise<OperationView> {
  const [seen, facts] = await Promise.all([observeOperation(session, workflowId), askWorkers(session)]);
  const worker = assessPresence(facts, wantedBuild(seen));
  const [answer, orphans] = await Promise.all([
    worker.polls ? askStatus(session, workflowId, seen.runId) : undefined,
    askOrphans(session, facts),
  ]);
  const warnings = orphans.flatMap((each) => [describeOrphans(each), ...adviseOrphans(each, facts.currentBuild)]);
  const view = {
    ...seen,
    worker,
    ...(warnings.length > 0 ? { orphans: warnings } : {}),
    ...(answer ? { status: answer } : {}),
  };
  return seen.isRunning ? view : readEnd(session, view);
}
