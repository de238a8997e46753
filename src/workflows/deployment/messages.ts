/** The messages of an operation. Validators refuse what cannot be done now and say what can; handlers write it down. */
import { ApplicationFailure, defineQuery, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import type { OperationStatus } from '../../core/model/deploy-state.ts';
import { MESSAGES } from '../../core/model/names.ts';
import type { GrantSignal, LostSignal, ReplaceSignal } from '../../core/model/ownership.ts';
import type { MessageInputs, MessageName } from '../../core/messages/message-inputs.ts';
import { parseMessage } from '../../core/messages/parse-message.ts';
import { whyNot } from '../../core/messages/why-not.ts';
import { describeOperation } from '../../core/status/describe-operation.ts';
import type { Operation } from './operation.ts';

/** Answer of every update: that it was taken, and where the operation stands now. */
export interface MessageAnswer {
  readonly accepted: true;
  readonly phase: string;
  readonly says: string;
}

const DESCRIPTIONS: Readonly<Record<MessageName, string>> = {
  approve: 'let the deployment go on; names the plan digest',
  reject: 'refuse what is asked; what was changed is restored',
  pause: 'stop weight changes, keep watching',
  resume: 'end a pause',
  skipStep: 'end the current step now; a verdict against the canary still counts',
  promoteNow: 'skip the steps that are left; never overrides a verdict to roll back',
  abort: 'stop and restore what was found',
  acceptUnrestored: 'leave an object as it is that cannot be restored',
};

export function installMessages(op: Operation, grants: GrantSignal[] = []): void {
  const on = <Name extends MessageName>(name: Name, act: (message: MessageInputs[Name]) => void): void => {
    setHandler(
      defineUpdate<MessageAnswer, [unknown]>(name),
      (input) => {
        act(taken(name, input));
        const now = describeOperation(op.state, Date.now());
        return { accepted: true, phase: now.phase, says: now.next };
      },
      {
        description: DESCRIPTIONS[name],
        validator: (input) => {
          const refused = whyNot(name, taken(name, input), op.state);
          if (refused !== undefined) throw ApplicationFailure.nonRetryable(`${name}: ${refused}`, 'PreconditionFailed');
        },
      },
    );
  };

  on('approve', ({ by, reason }) => {
    op.approved = true;
    op.decide('approve', by, reason ?? '');
  });
  on('reject', ({ by, reason }) => {
    op.decide('reject', by, reason);
    op.stop({ kind: 'reject', by, reason });
  });
  on('pause', ({ by, reason }) => {
    op.put('paused', { by, reason, sinceMs: op.decide('pause', by, reason).atMs });
    op.publish();
  });
  on('resume', ({ by, reason }) => {
    op.put('paused', undefined);
    op.decide('resume', by, reason ?? '');
    op.publish();
  });
  on('skipStep', ({ by, reason }) => {
    op.decide('skipStep', by, reason);
    op.wish = 'skipStep';
  });
  on('promoteNow', ({ by, reason }) => {
    op.decide('promoteNow', by, reason);
    op.wish = 'promoteNow';
  });
  on('abort', ({ by, reason }) => {
    op.decide('abort', by, reason);
    op.stop({ kind: 'abort', by, reason });
  });
  on('acceptUnrestored', ({ by, reason }) => {
    op.accepted = op.decide('acceptUnrestored', by, reason);
  });

  setHandler(defineSignal<[GrantSignal]>(MESSAGES.ownershipGranted), (signal) => void grants.push(signal));
  setHandler(defineSignal<[LostSignal]>(MESSAGES.ownershipLost), ({ requestId, by, term, reason }) => {
    if (requestId === undefined || requestId === op.requestId)
      op.stop({ kind: 'lost', by: by.workflowId, term, reason });
  });
  setHandler(defineSignal<[ReplaceSignal]>(MESSAGES.replaceRequested), ({ by, requestedBy, reason }) => {
    // What is past its last change is finished anyway; ownership grants the next in line at its release.
    if (op.state.phase !== 'undoing' && op.state.phase !== 'ended')
      op.stop({ kind: 'replaced', by, requestedBy, reason });
  });
  setHandler(defineQuery<OperationStatus>(MESSAGES.status), () => describeOperation(op.state, Date.now()), {
    description: 'what runs, why, what was seen, what comes next, what one may do, what was undone',
  });
}

/** Pure and the same in validator and handler. */
function taken<Name extends MessageName>(name: Name, input: unknown): MessageInputs[Name] {
  const parsed = parseMessage(name, input);
  if ('problem' in parsed) throw ApplicationFailure.nonRetryable(parsed.problem, 'InvalidInput');
  return parsed.message;
}
