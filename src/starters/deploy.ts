/** `mainstay deploy`: starts a deployment and follows it. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { Command, Option } from 'commander';
import { randomBytes } from 'node:crypto';
import { MEMO, TASK_QUEUES, WORKFLOWS } from '../core/model/names.ts';
import { type DeployInput, ON_BUSY, type OnBusy } from '../core/model/plan.ts';
import { memoStatus } from '../core/status/describe-operation.ts';
import { quote } from '../core/status/possible-actions.ts';
import { digestArgument, nameArgument, onBusyArgument, versionArgument, whoAsks } from './arguments.ts';
import { readLocalCatalogue, tellingOtherCatalogue, unknownNames } from './catalogue-hints.ts';
import { CommandError } from './command-error.ts';
import { byOption, environmentOption, reasonOption } from './common-options.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { followOperation } from './operation/follow-operation.ts';
import { call, openSession, type Session } from './session.ts';
import { openScreen, type Output, type Screen } from './view/screen.ts';
import { awaitWorker, type WorkerPresence, workerPresence } from './worker-presence.ts';

/** A worker that is just starting is waited for this long; the message that none polls comes within 10 s all the same. */
const WORKER_STARTS_WITHIN_MS = 4_000;

interface DeployOptions {
  readonly environment: string;
  readonly version: string;
  readonly onBusy?: OnBusy;
  readonly reason?: string;
  readonly by?: string;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
  readonly expectCatalogue?: string;
  readonly json?: boolean;
  readonly workflowId?: string;
  readonly waitForWorker?: boolean;
}

export function deployCommand(): Command {
  return new Command('deploy')
    .description('build, canary and promote a version, or roll it back; shows it live')
    .argument('<service>', 'name of the service in the catalogue', nameArgument)
    .addOption(environmentOption().makeOptionMandatory())
    .requiredOption('-V, --version <version>', 'version to build, or tag or digest of a ready image', versionArgument)
    .addOption(
      new Option('--on-busy <what>', `when another operation owns the service: ${ON_BUSY.join(', ')}`).argParser(
        onBusyArgument,
      ),
    )
    .addOption(reasonOption())
    .addOption(byOption())
    .option('--dry-run', 'show plan and checks, change nothing')
    .option('--detach', 'start it, print its id, do not follow')
    .option('--expect-catalogue <digest>', "refuse when the worker's catalogue has another digest", digestArgument)
    .option('--wait-for-worker', 'when no worker polls: follow nevertheless until one does')
    .option('--workflow-id <id>', 'id of the workflow, instead of one made here')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nEnds with the exit code of the outcome: docs/reference/exit-codes.generated.md')
    .action(async (service: string, options: DeployOptions) => {
      process.exitCode = await deploy(service, options, process.stdout);
    });
}

/** Returns the exit code. Throws a CommandError before anything is started. */
export async function deploy(service: string, options: DeployOptions, output: Output): Promise<number> {
  const input = inputOf(service, options);
  const workflowId = options.workflowId ?? newWorkflowId(input, Date.now());
  const screen = openScreen(output, options.json === true);
  const session = await openSession();
  try {
    return await startAndFollow(session, input, { ...options, workflowId }, screen);
  } finally {
    await session.close();
  }
}

async function startAndFollow(
  session: Session,
  input: DeployInput,
  options: DeployOptions & { readonly workflowId: string },
  screen: Screen,
): Promise<number> {
  const local = await readLocalCatalogue();
  for (const line of local ? unknownNames(local, input.service, input.environment) : []) screen.say(line);
  const presence = await workerPresence(session);
  const runId = await start(session, options.workflowId, input);
  screen.say(`started ${options.workflowId}`);
  if (options.detach === true) {
    screen.say(`  look at it: mainstay status --id ${quote(options.workflowId)} --watch`);
    if (!presence.polls) screen.say(`  ${presence.text}: it begins when one does; ${presence.advice}`);
    return EXIT_CODES.ok.code;
  }
  if (!presence.polls && options.waitForWorker !== true) {
    const later = await awaitWorker(session, WORKER_STARTS_WITHIN_MS);
    if (!later.polls) throw noWorker(options.workflowId, later);
  }
  return followOperation(session, { workflowId: options.workflowId, runId }, tellingOtherCatalogue(screen, local));
}

function inputOf(service: string, options: DeployOptions): DeployInput {
  const { environment, version, onBusy, reason, dryRun, expectCatalogue } = options;
  if (onBusy === 'preempt' && reason === undefined) {
    throw new CommandError(
      'usage',
      '--on-busy preempt takes the service away from a running operation: --reason is required',
    );
  }
  return {
    service,
    environment,
    version,
    requestedBy: whoAsks(options.by),
    ...(onBusy === undefined ? {} : { onBusy }),
    ...(reason === undefined ? {} : { reason }),
    ...(dryRun === true ? { dryRun } : {}),
    ...(expectCatalogue === undefined ? {} : { expectCatalogue }),
  };
}

/** `deploy/production/crm-api/20260920T101500Z-3f2a`: sorts by time, and two started in one second differ. */
export function newWorkflowId({ environment, service }: DeployInput, nowMs: number): string {
  const time = `${new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  return `deploy/${environment}/${service}/${time}-${randomBytes(2).toString('hex')}`;
}

/** The memo tells what it is even before a worker has taken it up. Returns the run id. */
async function start(session: Session, workflowId: string, input: DeployInput): Promise<string> {
  const nowMs = Date.now();
  const state = { operation: 'deployService', workflowId, input, startedAtMs: nowMs } as const;
  const begun = { phase: 'preparing', phaseSinceMs: nowMs, weightPercent: 0 } as const;
  const empty = { preflight: [], steps: [], decisions: [], restored: [], foreign: [] };
  const memo = memoStatus({ ...state, ...begun, ...empty, doing: 'waiting for a worker to take it up' }, nowMs);
  try {
    const handle = await call(session, () =>
      session.client.workflow.start(WORKFLOWS.deployService, {
        taskQueue: TASK_QUEUES.main,
        workflowId,
        args: [input],
        memo: { [MEMO.status]: memo },
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: `${input.service} ${input.version} to ${input.environment}`,
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
