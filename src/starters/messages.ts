/** `mainstay approve, reject, pause, resume, skip-step, promote-now, abort, accept-unrestored`: updates to an operation. */
import { Command } from 'commander';
import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { MESSAGE_FIELDS, MESSAGE_NAMES } from '../core/messages/message-inputs.ts';
import type { Decision } from '../core/model/deploy-state.ts';
import { digestArgument, textArgument, whoAsks } from './arguments.ts';
import { CommandError } from './command-error.ts';
import { addTarget, byOption, reasonOption, type TargetOptions, targetOf } from './common-options.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { findForMessage, type OperationTarget, targetInWords } from './operation/find-operation.ts';
import { askStatus, observeOperation } from './operation/observe-operation.ts';
import { CALL_TIMEOUT_MS, isDeadline, messageOf, openSession, type Session } from './session.ts';
import type { Output } from './view/screen.ts';
import { START_A_WORKER, wantedBuild, workerPresence } from './worker-presence.ts';

type Action = Decision['what'];

interface MessageOptions extends TargetOptions {
  readonly by?: string;
  readonly reason?: string;
  readonly plan?: string;
  readonly object?: string;
  readonly json?: boolean;
}

const COMMANDS: readonly { readonly action: Action; readonly words: string; readonly says: string }[] = [
  { action: 'approve', words: 'approve', says: 'let a deployment that asks for it begin or go on' },
  { action: 'reject', words: 'reject', says: 'answer no to an approval' },
  { action: 'pause', words: 'pause', says: 'keep the weight where it is; watching goes on' },
  { action: 'resume', words: 'resume', says: 'let a paused deployment go on' },
  { action: 'skipStep', words: 'skip-step', says: 'end the current step now and go to the next' },
  { action: 'promoteNow', words: 'promote-now', says: 'promote without the rest of the steps' },
  { action: 'abort', words: 'abort', says: 'stop it and put back what was found before' },
  {
    action: 'acceptUnrestored',
    words: 'accept-unrestored',
    says: 'end an undo although an object could not be restored',
  },
];

/** Messages that the workflow takes only with a reason: said here before a server is asked. */
const NEEDS_REASON: readonly Action[] = MESSAGE_NAMES.filter((name) => MESSAGE_FIELDS[name].reason?.required === true);

export function messageCommands(): readonly Command[] {
  return COMMANDS.map(({ action, words, says }) => {
    const command = addTarget(new Command(words)).description(says).addOption(byOption());
    const reason = reasonOption();
    command.addOption(NEEDS_REASON.includes(action) ? reason.makeOptionMandatory() : reason);
    if (action === 'approve') {
      command.requiredOption(
        '--plan <digest>',
        'the plan that is approved: 8 or more characters of its digest',
        digestArgument,
      );
    }
    if (action === 'acceptUnrestored') {
      command.option('--object <object>', 'the object that is accepted as it is, as status names it', textArgument);
    }
    return command
      .option('--json', 'for machines')
      .action(async (service: string | undefined, options: MessageOptions) => {
        process.exitCode = await sendMessage(action, targetOf(service, options), options, process.stdout);
      });
  });
}

/** Sends one update and prints its answer. A refusal prints the reason and what one may do instead. */
export async function sendMessage(
  action: Action,
  target: OperationTarget,
  options: MessageOptions,
  output: Output,
): Promise<number> {
  const session = await openSession();
  try {
    const isAnswer = action === 'approve' || action === 'reject';
    const workflowId = await findForMessage(session, target, isAnswer);
    const presence = await workerPresence(session, wantedBuild(await observeOperation(session, workflowId)));
    if (!presence.polls) throw notDelivered(action, presence.text, presence.advice);
    const answer = await update(session, workflowId, action, options);
    if (options.json === true) output.write(`${JSON.stringify({ accepted: action, workflowId, answer })}\n`);
    else output.write(`${[`${action}: accepted by ${workflowId}`, ...answerLines(answer)].join('\n')}\n`);
    return EXIT_CODES.ok.code;
  } finally {
    await session.close();
  }
}

async function update(session: Session, workflowId: string, action: Action, options: MessageOptions): Promise<unknown> {
  const { plan, object, reason } = options;
  const input = {
    by: whoAsks(options.by),
    ...(plan === undefined ? {} : { plan }),
    ...(object === undefined ? {} : { object }),
    ...(reason === undefined ? {} : { reason }),
  };
  try {
    // Not by call(): a deadline here speaks of the operation's worker, not of the server.
    const handle = session.client.workflow.getHandle(workflowId);
    const deadline = Date.now() + CALL_TIMEOUT_MS;
    return await session.connection.withDeadline(deadline, () =>
      handle.executeUpdate<unknown, [unknown]>(action, { args: [input] }),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) throw await refused(session, workflowId, action, error);
    if (error instanceof WorkflowNotFoundError) {
      throw new CommandError('noOperation', `${workflowId} does not run any more (or never did)`, [
        `how it ended: mainstay status ${targetInWords({ id: workflowId })}`,
      ]);
    }
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || isDeadline(error)) {
      throw notDelivered(action, 'the operation did not answer in time, its worker may be down');
    }
    throw error;
  }
}

async function refused(
  session: Session,
  workflowId: string,
  action: Action,
  error: WorkflowUpdateFailedError,
): Promise<CommandError> {
  const status = await askStatus(session, workflowId);
  const may = (status?.may ?? []).map(({ why, command }) => `${command}   (${why})`);
  const why = messageOf(error.cause ?? error).replace(`${action}: `, '');
  return new CommandError('refused', `${action} was refused: ${why}`, [...(status ? [status.what] : []), ...may]);
}

function notDelivered(action: Action, text: string, advice = START_A_WORKER): CommandError {
  return new CommandError('unavailable', `${action} may not have been delivered: ${text}`, [
    advice,
    'then look whether it was carried out before you send it again: mainstay status',
  ]);
}

/** Updates answer with the phase and what comes next. */
function answerLines(answer: unknown): readonly string[] {
  if (answer === undefined || answer === null) return [];
  if (typeof answer !== 'object') return [`  ${JSON.stringify(answer)}`];
  const { phase, says } = answer as { readonly phase?: unknown; readonly says?: unknown };
  if (typeof phase !== 'string' || typeof says !== 'string') return [`  ${JSON.stringify(answer)}`];
  return [`  phase ${phase}. ${says}`];
}
