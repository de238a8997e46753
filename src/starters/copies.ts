/** `mainstay dump`, `mainstay backup-cluster`, `mainstay backup-cache`: start a copy and follow it. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { Command } from 'commander';
import { randomBytes } from 'node:crypto';
import { secondsTime } from '../core/dumps/dump-place.ts';
import { TASK_QUEUES, WORKFLOWS } from '../core/model/names.ts';
import { quote } from '../core/status/possible-actions.ts';
import { digestArgument, nameArgument, whoAsks } from './arguments.ts';
import { CommandError } from './command-error.ts';
import { byOption, environmentOption, reasonOption } from './common-options.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { followOperation } from './operation/follow-operation.ts';
import { call, openSession, type Session } from './session.ts';
import { openScreen, type Output } from './view/screen.ts';
import { awaitWorker } from './worker-presence.ts';

interface CopyOptions {
  readonly environment: string;
  readonly reason?: string;
  readonly by?: string;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
  readonly expectCatalogue?: string;
  readonly workflowId?: string;
  readonly json?: boolean;
}

interface Copy {
  readonly workflow: 'dumpDatabase' | 'backUpCluster' | 'backUpCache';
  /** First part of the workflow's id. */
  readonly prefix: string;
  readonly subject: Readonly<Record<string, string>>;
}

/** A worker that is just starting is waited for this long. */
const WORKER_STARTS_WITHIN_MS = 4_000;

export function copyCommands(): readonly Command[] {
  return [
    withOptions(
      new Command('dump')
        .description('dump a database to S3 with pg_dump, read the dump back, prune old ones')
        .argument('<database>', 'name of the database in the catalogue', nameArgument),
    ).action(async (database: string, options: CopyOptions) => {
      process.exitCode = await copy(
        { workflow: WORKFLOWS.dumpDatabase, prefix: 'dump', subject: { database } },
        options,
      );
    }),
    withOptions(
      new Command('backup-cluster').description('copy the objects of a cluster to S3 and try them by dry runs'),
    ).action(async (options: CopyOptions) => {
      process.exitCode = await copy(
        { workflow: WORKFLOWS.backUpCluster, prefix: 'backup-cluster', subject: {} },
        options,
      );
    }),
    withOptions(
      new Command('backup-cache')
        .description('copy the data of a Redis cache to S3 and load the copy to prove it')
        .argument('<cache>', 'name of the cache in the catalogue', nameArgument),
    ).action(async (cache: string, options: CopyOptions) => {
      process.exitCode = await copy(
        { workflow: WORKFLOWS.backUpCache, prefix: 'backup-cache', subject: { cache } },
        options,
      );
    }),
  ];
}

function withOptions(command: Command): Command {
  return command
    .addOption(environmentOption().makeOptionMandatory())
    .addOption(reasonOption())
    .addOption(byOption())
    .option('--dry-run', 'show what would be copied where, copy nothing')
    .option('--detach', 'start it, print its id, do not follow')
    .option('--expect-catalogue <digest>', "refuse when the worker's catalogue has another digest", digestArgument)
    .option('--workflow-id <id>', 'id of the workflow, instead of one made here')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nEnds with the exit code of the outcome: docs/reference/exit-codes.generated.md');
}

/** Returns the exit code. Throws a CommandError before anything is started. */
async function copy(what: Copy, options: CopyOptions, output: Output = process.stdout): Promise<number> {
  const { environment, detach, json } = options;
  const names = [what.prefix, environment, ...Object.values(what.subject)];
  const workflowId =
    options.workflowId ?? `${names.join('/')}/${secondsTime(Date.now())}-${randomBytes(2).toString('hex')}`;
  const screen = openScreen(output, json === true);
  const session = await openSession();
  try {
    const runId = await start(session, what, workflowId, options);
    screen.say(`started ${workflowId}`);
    const worker = await awaitWorker(session, WORKER_STARTS_WITHIN_MS);
    if (detach === true || !worker.polls) {
      screen.say(`  look at it: mainstay status --id ${quote(workflowId)} --watch`);
      if (worker.polls) return EXIT_CODES.ok.code;
      const advice = [worker.advice, `or take it back: temporal workflow cancel --workflow-id ${quote(workflowId)}`];
      throw new CommandError('unavailable', `${worker.text}: ${workflowId} begins as soon as one polls`, advice);
    }
    return await followOperation(session, { workflowId, runId }, screen);
  } finally {
    await session.close();
  }
}

async function start(session: Session, what: Copy, workflowId: string, options: CopyOptions): Promise<string> {
  const { environment, reason, by, dryRun, expectCatalogue } = options;
  const input = {
    ...what.subject,
    environment,
    requestedBy: whoAsks(by),
    ...(reason === undefined ? {} : { reason }),
    ...(dryRun === true ? { dryRun } : {}),
    ...(expectCatalogue === undefined ? {} : { expectCatalogue }),
  };
  try {
    const handle = await call(session, () =>
      session.client.workflow.start(what.workflow, {
        taskQueue: TASK_QUEUES.main,
        workflowId,
        args: [input],
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: [what.prefix, ...Object.values(what.subject), 'of', environment].join(' '),
      }),
    );
    return handle.firstExecutionRunId;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new CommandError('busy', `an operation with the id ${workflowId} runs already`, [
      `look at it: mainstay status --id ${quote(workflowId)}`,
    ]);
  }
}
