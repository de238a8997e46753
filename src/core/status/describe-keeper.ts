/** A keeper, told to people. */
import type { BackupMemo, BackupStatus, KeeperState, KeepTemporaryInput } from '../model/backup-operation.ts';
import { deleteByHand } from '../temporary/keeping.ts';
import { escape, removedInWords } from './describe-backup.ts';
import { quote } from './possible-actions.ts';
import { momentInWords, paragraph, sentence } from './words.ts';

const CAUSES = {
  asked: 'its verification asked for it',
  parentEnded: 'its verification ended without a word',
  expired: 'its time is over',
} as const;

/** After so many rounds without a proof it says so in capitals: it costs money, and somebody should look. */
const LOUD_AFTER_ROUNDS = 1;

/** Answer of query `status`. */
export function describeKeeper(
  input: KeepTemporaryInput,
  state: KeeperState,
  workflowId: string,
  nowMs: number,
): BackupStatus {
  const memo = keeperMemo(input, state, nowMs);
  const id = quote(workflowId);
  return {
    operation: 'keepTemporary',
    workflowId,
    service: memo.service,
    environment: memo.environment,
    version: '',
    phase: state.phase,
    weightPercent: 0,
    what: memo.what,
    why: memo.why,
    seen: state.removed.length === 0 ? 'Nothing was deleted yet.' : paragraph(...state.removed.map(removedInWords)),
    next: memo.next,
    may: [
      {
        action: 'status',
        why: isLoud(state) ? 'it does not go away: delete it by hand, then the keeper proves it' : 'look at it again',
        command: isLoud(state) ? deleteByHand(input.temporary) : `mainstay status --id ${id}`,
        temporal: `temporal workflow signal --workflow-id ${id} --name finish --input '{"settled":true}'`,
      },
    ],
    undone: memo.undone,
    steps: [],
    decisions: [],
    restored: [],
    foreign: [],
    preflight: [],
    phases: [],
    warnings: state.problem === '' ? [] : [state.problem],
    removed: state.removed,
    keeper: state,
  };
}

export function keeperMemo(input: KeepTemporaryInput, state: KeeperState, nowMs: number): BackupMemo {
  const { temporary, parent } = input;
  const [environment = '', database = ''] = temporary.database.split('/');
  const expiry = momentInWords(temporary.expiresAtMs);
  const cause = state.cause === undefined ? undefined : CAUSES[state.cause];
  return {
    service: database,
    environment,
    version: '',
    phase: state.phase,
    step: null,
    of: null,
    ladder: [],
    weightPercent: 0,
    what: `Keeping ${temporary.identifier} in ${temporary.region}: ${whatInWords(state)}.`,
    why:
      cause === undefined
        ? `It belongs to ${parent.workflowId}, which runs.`
        : sentence(`It is deleted because ${cause}${state.problem === '' ? '' : `; in the way: ${state.problem}`}`),
    next:
      state.phase === 'keeping'
        ? `At ${expiry}: it is deleted in any case; before that when its verification ends.`
        : state.phase === 'gone'
          ? 'Nothing: it has ended.'
          : 'It deletes and looks again, until its absence is proven.',
    undone: state.removed.length === 0 ? 'Nothing yet.' : paragraph(...state.removed.map(removedInWords)),
    atMs: nowMs,
  };
}

/** Markdown for the workflow's current details; with the command when it does not go away. */
export function keeperDetails(input: KeepTemporaryInput, state: KeeperState, nowMs: number): string {
  const memo = keeperMemo(input, state, nowMs);
  const lines = [`**${escape(memo.what)}**`, '', `- **Why:** ${escape(memo.why)}`, `- **Next:** ${escape(memo.next)}`];
  for (const row of state.removed) lines.push(`- ${escape(removedInWords(row))}`);
  if (isLoud(state)) lines.push('', 'By hand:', '', '```', deleteByHand(input.temporary), '```');
  return lines.join('\n');
}

function isLoud({ phase, rounds }: KeeperState): boolean {
  return phase !== 'gone' && rounds >= LOUD_AFTER_ROUNDS;
}

function whatInWords(state: KeeperState): string {
  if (isLoud(state)) return `STILL RUNNING AND BILLING after ${state.rounds} rounds of deletion, it goes on trying`;
  switch (state.phase) {
    case 'keeping':
      return 'it lives';
    case 'deleting':
      return 'deleting it';
    case 'proving':
      return 'looking whether it is gone';
    case 'gone':
      return 'gone, and proven so';
  }
}
