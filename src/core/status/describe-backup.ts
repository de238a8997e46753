/** The record of an operation on backups, told to people: six texts that are never empty. */
import type { BackupMemo, BackupResult, BackupState, BackupStatus } from '../model/backup-operation.ts';
import type { BackupOperation, RemovedObject } from '../model/backup-record.ts';
import type { PossibleAction } from '../model/deploy-state.ts';
import { quote } from './possible-actions.ts';
import { momentInWords, paragraph, sentence, spanInWords } from './words.ts';

const DOES: Readonly<Record<BackupOperation, string>> = {
  backUpDatabase: 'Backing up',
  dumpDatabase: 'Dumping',
  backUpCluster: 'Backing up the objects of',
  backUpCache: 'Backing up the cache',
  verifyRestore: 'Verifying the restore of',
  sweepTemporaries: 'Sweeping temporary instances of',
};

/** What a phase does, and what comes after it. */
const PHASES: Readonly<Record<string, { readonly does: string; readonly next: string }>> = {
  preparing: { does: 'reading the catalogue', next: 'the plan is read and the first step begins' },
  choosing: { does: 'choosing the snapshot', next: 'the keeper is started, then the copy is restored' },
  keeping: { does: 'starting the keeper', next: 'the copy is restored' },
  restoring: { does: 'asking for the copy', next: 'the copy becomes ready' },
  waiting: { does: 'waiting for the copy', next: 'the copy is disarmed and prepared' },
  disarming: { does: 'disarming and preparing the copy', next: 'the checks run in it' },
  checking: { does: 'running the checks', next: 'the copy is deleted' },
  deleting: { does: 'deleting the copy', next: 'its absence is proven, then the report is written' },
  manifest: { does: 'taking the manifest', next: 'the snapshot is taken' },
  snapshot: { does: 'taking the snapshot', next: 'it is copied, archived, and old ones are pruned, as the plan says' },
  copy: { does: 'copying it to the recovery region', next: 'the archive, then the retention' },
  export: { does: 'writing the archive', next: 'the retention' },
  retention: { does: 'pruning by the retention rules', next: 'the report is written' },
  dumping: { does: 'dumping to S3', next: 'the dump is read back, then old ones are pruned' },
  copying: { does: 'copying to S3', next: 'the copy is read back and tried, then old ones are pruned' },
  verifying: { does: 'reading it back and comparing', next: 'the retention' },
  sweeping: { does: 'looking for what is past its time', next: 'it is deleted and the report is written' },
  recording: { does: 'writing the record', next: 'it ends' },
};

/** Answer of query `status`. `nowMs` is the workflow's clock. */
export function describeBackup(state: BackupState, nowMs: number): BackupStatus {
  const memo = backupMemo(state, nowMs);
  return {
    operation: state.operation,
    workflowId: state.workflowId,
    service: memo.service,
    environment: memo.environment,
    version: '',
    phase: state.phase,
    weightPercent: 0,
    what: memo.what,
    why: memo.why,
    seen: state.seen.length === 0 ? 'Nothing yet.' : paragraph(...state.seen),
    next: memo.next,
    ...(state.deadlineMs !== undefined && state.phase !== 'ended' && { nextAt: momentInWords(state.deadlineMs) }),
    may: actions(state),
    undone: memo.undone,
    ...(state.result?.catalogueDigest !== undefined && { catalogueDigest: state.result.catalogueDigest }),
    steps: [],
    decisions: state.decisions,
    restored: [],
    foreign: [],
    preflight: [],
    phases: state.phases,
    warnings: state.warnings,
    removed: state.removed,
    ...(state.result && { backup: state.result }),
  };
}

export function backupMemo(state: BackupState, nowMs: number): BackupMemo {
  const { result } = state;
  return {
    service: state.name.database,
    environment: state.name.environment,
    version: '',
    phase: state.phase,
    step: null,
    of: null,
    ladder: [],
    weightPercent: 0,
    what: whatRuns(state),
    why: result ? sentence(result.reason) : whyHere(state),
    next: whatComesNext(state),
    undone: whatIsLeft(state),
    atMs: nowMs,
  };
}

/** The same as Markdown, for the workflow's current details. */
export function backupDetails(state: BackupState, nowMs: number): string {
  const status = describeBackup(state, nowMs);
  const lines = [
    `**${escape(status.what)}**`,
    '',
    `- **Why:** ${escape(status.why)}`,
    `- **Seen:** ${escape(status.seen)}`,
    `- **Next:** ${escape(status.next)}`,
    `- **Left:** ${escape(status.undone)}`,
  ];
  for (const warning of state.warnings) lines.push(`- **Warning:** ${escape(warning)}`);
  return lines.join('\n');
}

export function escape(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>#|]/g, (character) => `\\${character}`);
}

function whatRuns(state: BackupState): string {
  const { database, environment } = state.name;
  const subject = state.operation === 'sweepTemporaries' ? environment : `${database} in ${environment}`;
  const phase = PHASES[state.phase]?.does ?? state.phase;
  const where = state.result
    ? endedInWords(state.result)
    : `${phase}${state.deadlineMs === undefined ? '' : `, until ${momentInWords(state.deadlineMs)} at the latest`}`;
  return `${DOES[state.operation]} ${subject}: ${where}. Asked for by ${state.requestedBy}.`;
}

const OUTCOMES: Readonly<Record<BackupResult['outcome'], string>> = {
  passed: 'PASS',
  failed: 'FAIL',
  couldNotVerify: 'COULD-NOT-VERIFY',
  completed: 'completed',
  incomplete: 'INCOMPLETE',
  aborted: 'aborted',
  planned: 'planned, nothing was changed',
};

export function outcomeInWords({ operation, outcome }: Pick<BackupResult, 'operation' | 'outcome'>): string {
  return outcome === 'failed' && operation !== 'verifyRestore' ? 'FAILED' : OUTCOMES[outcome];
}

function endedInWords(result: BackupResult): string {
  return `ended, ${outcomeInWords(result)}`;
}

function whyHere(state: BackupState): string {
  const asked = state.askedBecause === '' ? '' : ` It was asked for because: ${sentence(state.askedBecause)}`;
  const doing = state.doing ?? PHASES[state.phase]?.does ?? state.phase;
  return `Now: ${doing}, since ${momentInWords(state.phaseSinceMs)}.${asked}`;
}

function whatComesNext(state: BackupState): string {
  if (state.phase === 'ended') return 'Nothing: it has ended.';
  const next = PHASES[state.phase]?.next ?? 'it goes on';
  return state.deadlineMs === undefined
    ? sentence(next)
    : `At ${momentInWords(state.deadlineMs)}: the time of this step is over; before that ${next}.`;
}

/** What stands at the provider because of it, and who removes it. */
function whatIsLeft(state: BackupState): string {
  if (state.removed.length > 0) return paragraph(...state.removed.map(removedInWords));
  const { temporary, keeper } = state;
  if (!temporary) return 'Nothing: it has made nothing temporary yet.';
  const expiry = momentInWords(temporary.expiresAtMs);
  return `${temporary.identifier} in ${temporary.region} is deleted by its keeper ${keeper ?? '(none)'} when this ends, and at ${expiry} in any case.`;
}

export function removedInWords({ object, gone, says }: RemovedObject): string {
  return gone ? `${object}: gone (${says})` : `${object}: STILL THERE (${says})`;
}

function actions(state: BackupState): readonly PossibleAction[] {
  const id = quote(state.workflowId);
  const status: PossibleAction = {
    action: 'status',
    why: state.phase === 'ended' ? 'read the whole account' : 'look at it again',
    command: `mainstay status --id ${id}`,
    temporal: `temporal workflow query --workflow-id ${id} --name status`,
  };
  if (whyNoAbort(state) !== undefined) return [status];
  const input = JSON.stringify({ by: 'you', reason: '...' });
  return [
    {
      action: 'abort',
      why: state.temporary ? 'stop it; the copy is deleted first' : 'stop it',
      command: `mainstay abort --id ${id} --by "$USER" --reason "..."`,
      temporal: `temporal workflow update execute --workflow-id ${id} --name abort --input ${quote(input)}`,
    },
    status,
  ];
}

/** Why an abort changes nothing any more; undefined while it does. */
export function whyNoAbort(state: BackupState): string | undefined {
  if (state.phase === 'ended') return `it has ended: ${state.result?.outcome ?? 'without a result'}`;
  if (state.phase === 'deleting' || state.phase === 'recording')
    return 'it is ending already: what it made is being deleted';
  return state.decisions.some(({ what }) => what === 'abort') ? 'it was aborted already' : undefined;
}

/** `choose 2 s, restore 3 s, available 6 min 10 s` */
export function phasesInWords(phases: BackupState['phases']): string {
  return phases.map(({ name, startedAtMs, endedAtMs }) => `${name} ${spanInWords(endedAtMs - startedAtMs)}`).join(', ');
}
