/** What `mainstay backup` and `mainstay verify-restore` share: start the workflow, follow it, end with its exit code. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { type Command, Option } from 'commander';
import { randomBytes } from 'node:crypto';
import type { BackUpInput, VerifyRestoreInput } from '../../core/model/backup-operation.ts';
import type { BackupOperation } from '../../core/model/backup-record.ts';
import { MEMO, TASK_QUEUES } from '../../core/model/names.ts';
import { backupMemo } from '../../core/status/describe-backup.ts';
import { quote } from '../../core/status/possible-actions.ts';
import { digestArgument, whoAsks } from '../arguments.ts';
import { readLocalCatalogue, unknownDatabase } from '../catalogue-hints.ts';
import { CommandError } from '../command-error.ts';
import { byOption, environmentOption, reasonOption } from '../common-options.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { call, openSession, type Session } from '../session.ts';
import { openScreen, type Output, type Screen } from '../view/screen.ts';
import { awaitWorker, type WorkerPresence, workerPresence } from '../worker-presence.ts';
import { followOperation } from './follow-operation.ts';

const WORKER_STARTS_WITHIN_MS = 4_000;

export interface BackupOptions {
  readonly environment: string;
  readonly reason?: string;
  readonly by?: string;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
  readonly expectCatalogue?: string;
  readonly json?: boolean;
  readonly workflowId?: string;
  readonly waitForWorker?: boolean;
}

/** The options of both commands. */
export function addBackupOptions(command: Command): Command {
  return command
    .addOption(environmentOption().makeOptionMandatory())
    .addOption(reasonOption())
    .addOption(byOption())
    .option('--dry-run', 'show plan and read-only checks, change nothing')
    .addOption(new Option('--wait', 'follow it to its end (what happens without an option)').conflicts('detach'))
    .option('--detach', 'start it, print its id, do not follow')
    .option('--expect-catalogue <digest>', "refuse when the worker's catalogue has another digest", digestArgument)
    .option('--wait-for-worker', 'when no worker polls: follow nevertheless until one does')
    .option('--workflow-id <id>', 'id of the workflow, instead of one made here')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nEnds with the exit code of the outcome: docs/reference/exit-codes.generated.md');
}

export function inputOf(database: string, options: BackupOptions): BackUpInput {
  const { environment, reason, dryRun, expectCatalogue } = options;
  return {
    database,
    environment,
    requestedBy: whoAsks(options.by),
    ...(reason !== undefined && { reason }),
    ...(dryRun === true && { dryRun }),
    ...(expectCatalogue !== undefined && { expectCatalogue }),
  };
}

/** Returns the exit code. `prefix` begins the workflow id: `backup/production/crm/20260920T101500Z-3f2a`. */
export async function startBackup(
  operation: BackupOperation,
  prefix: string,
  input: VerifyRestoreInput,
  options: BackupOptions,
  output: Output,
): Promise<number> {
  const screen = openScreen(output, options.json === true);
  const workflowId = options.workflowId ?? newBackupId(prefix, input, Date.now());
  const session = await openSession();
  try {
    return await startAndFollow(session, operation, input, { ...options, workflowId }, screen);
  } finally {
    await session.close();
  }
}

async function startAndFollow(
  session: Session,
  operation: BackupOperation,
  input: VerifyRestoreInput,
  options: BackupOptions & { readonly workflowId: string },
  screen: Screen,
): Promise<number> {
  const { workflowId } = options;
  const local = await readLocalCatalogue();
  for (const line of local ? unknownDatabase(local, input.database, input.environment) : []) screen.say(line);
  const presence = await workerPresence(session);
  const runId = await start(session, operation, workflowId, input);
  screen.say(`started ${workflowId}`);
  if (options.detach === true) {
    screen.say(`  look at it: mainstay status --id ${quote(workflowId)} --watch`);
    if (!presence.polls) screen.say(`  ${presence.text}: it begins when one does; ${presence.advice}`);
    return EXIT_CODES.ok.code;
  }
  if (!presence.polls && options.waitForWorker !== true) {
    const later = await awaitWorker(session, WORKER_STARTS_WITHIN_MS);
    if (!later.polls) throw noWorker(workflowId, later);
  }
  return followOperation(session, { workflowId, runId }, screen);
}

/** Sorts by time, and two started in one second differ. */
export function newBackupId(prefix: string, { environment, database }: BackUpInput, nowMs: number): string {
  const time = `${new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  return `${prefix}/${environment}/${database}/${time}-${randomBytes(2).toString('hex')}`;
}

/** The memo tells what it is even before a worker has taken it up. Returns the run id. */
async function start(
  session: Session,
  operation: BackupOperation,
  workflowId: string,
  input: VerifyRestoreInput,
): Promise<string> {
  const nowMs = Date.now();
  const { database, environment, requestedBy = '', reason = '' } = input;
  const memo = backupMemo(
    {
      operation,
      workflowId,
      name: { database, environment },
      requestedBy,
      askedBecause: reason,
      startedAtMs: nowMs,
      nominalAtMs: nowMs,
      phase: 'preparing',
      phaseSinceMs: nowMs,
      doing: 'waiting for a worker to take it up',
      phases: [],
      seen: [],
      warnings: [],
      decisions: [],
      removed: [],
    },
    nowMs,
  );
  try {
    const handle = await call(session, () =>
      session.client.workflow.start(operation, {
        taskQueue: TASK_QUEUES.main,
        workflowId,
        args: [input],
        memo: { [MEMO.status]: memo },
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: `${operation} ${database} in ${environment}`,
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

function noWorker(workflowId: string, { text, advice }: WorkerPresence): CommandError {
  const id = quote(workflowId);
  return new CommandError('unavailable', `${text}: ${workflowId} was started and begins as soon as one polls`, [
    advice,
    `then look at it: mainstay status --id ${id} --watch`,
    `or take it back: temporal workflow cancel --workflow-id ${id}`,
    'next time: --wait-for-worker follows nevertheless',
  ]);
}
