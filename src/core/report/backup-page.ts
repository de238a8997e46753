/** The words and pictures of a backup or a restore verification: what came out, why, what now, how it compares with before. */
import type { BackupRecord, VerificationFacts } from '../model/backup-record.ts';
import { CHECK_STATES, type CheckResult, type CheckState } from '../model/restore.ts';
import { quote } from '../status/possible-actions.ts';
import { momentInWords, sentence, spanInWords } from '../status/words.ts';
import { bytesInWords, shortSpan } from './amounts.ts';
import type { Block, ReportPage, Section, Trend } from './sections.ts';

export interface BackupPageInput {
  readonly record: BackupRecord;
  /** Runs of the same kind and database up to this one, in any order; may hold the record itself. */
  readonly history: readonly BackupRecord[];
  /** What each kind of check proves. */
  readonly texts: Readonly<Record<CheckResult['kind'], { readonly proves: string }>>;
}

/** Worst first. */
const ORDER: readonly CheckState[] = ['fail', 'couldNotVerify', 'unproven', 'skip', 'warn', 'pass'];
const STATE_WORDS: Readonly<Record<CheckState, string>> = {
  fail: 'FAIL',
  couldNotVerify: 'could not verify',
  unproven: 'unproven',
  skip: 'skipped',
  warn: 'warning',
  pass: 'pass',
};
const MOST_ROWS = 200;

export function backupPage({ record, history, texts }: BackupPageInput): ReportPage {
  const sections = [
    summary(record),
    nextSection(record),
    findingsSection(record),
    trendSection(record, history),
    phasesSection(record),
    checksSection(record.verification, texts),
    notProvenSection(record.verification),
    removedSection(record),
  ].filter(({ blocks }) => blocks.length > 0);
  return { title: titleOf(record), mood: moodOf(record), sections };
}

function titleOf({ operation, outcome, verification, database, environment }: BackupRecord): string {
  const what = `${operation} ${database} in ${environment}`;
  if (operation === 'verifyRestore' && verification) return `${verification.verdict}  ${what}`;
  return `${outcome.replaceAll(/([A-Z])/g, ' $1').toUpperCase()}  ${what}`;
}

function moodOf({ outcome, verification, removed }: BackupRecord): ReportPage['mood'] {
  if (removed.some(({ gone }) => !gone) || verification?.verdict === 'FAIL') return 'bad';
  if (verification) return verification.verdict === 'PASS' && outcome === 'passed' ? 'well' : 'warning';
  return outcome === 'completed' ? 'well' : 'bad';
}

function summary(record: BackupRecord): Section {
  const { reason, reasonCode, requestedBy, askedBecause, startedAtMs, endedAtMs, nominalAtMs, source, key } = record;
  const facts = record.verification;
  const rows: string[][] = [
    ['why', sentence(`${reason.replace(/\.$/, '')} (${reasonCode})`)],
    ['asked by', `${requestedBy}${askedBecause === '' ? '' : `: ${askedBecause}`}`],
    ['when', `for ${momentInWords(nominalAtMs)}, took ${spanInWords(endedAtMs - startedAtMs)}`],
    ...(source ? [['backup', sourceInWords(source)]] : []),
    ...(source?.manifest ? [['manifest', source.manifest]] : []),
    ...(facts ? measured(facts) : []),
    ...(facts?.report ? [['whole report', facts.report]] : []),
    ['id', key.workflowId],
  ];
  return { title: 'Summary', blocks: [{ kind: 'table', columns: ['', ''], rows }] };
}

function sourceInWords({ name, region, takenAtMs, bytes, copies = [] }: NonNullable<BackupRecord['source']>): string {
  const parts = [
    region === undefined ? name : `${name} (${region})`,
    ...(takenAtMs === undefined ? [] : [`taken ${momentInWords(takenAtMs)}`]),
    ...(bytes === undefined ? [] : [bytesInWords(bytes)]),
    ...(copies.length === 0 ? [] : [`copied to ${copies.join(', ')}`]),
  ];
  return parts.join(', ');
}

function measured(facts: VerificationFacts): string[][] {
  const { restoreMs, rtoMs, dataAgeMs, rpoMs, databaseBytes, rows, serverVersion } = facts;
  return [
    ['restore time', against(restoreMs, rtoMs, 'RTO')],
    ['age of the data', against(dataAgeMs, rpoMs, 'RPO')],
    ...(databaseBytes === undefined
      ? []
      : [['size', `${bytesInWords(databaseBytes)}${rows === undefined ? '' : `, ${count(rows)} rows`}`]]),
    ...(serverVersion === undefined ? [] : [['Postgres', versionInWords(serverVersion)]]),
  ];
}

function against(value: number | undefined, limit: number, name: string): string {
  if (value === undefined) return `not measured; ${name} is ${shortSpan(limit)}`;
  return `${shortSpan(value)}, ${value <= limit ? 'within' : 'OVER'} the ${name} of ${shortSpan(limit)}`;
}

/** 180004 -> `18.4` */
function versionInWords(number: number): string {
  return `${Math.floor(number / 10_000)}.${number % 10_000}`;
}

function count(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

function nextSection(record: BackupRecord): Section {
  const { outcome, verification, removed, database, environment, source } = record;
  const left = removed.filter(({ gone }) => !gone);
  const again = `mainstay verify-restore ${quote(database)} --environment ${quote(environment)}`;
  const items: { text: string; command?: string }[] = left.map(({ object, says }) => ({
    text: sentence(`STILL THERE, AND IT COSTS MONEY: ${object}: ${says}. Delete it by hand`),
  }));
  if (verification?.verdict === 'FAIL') {
    items.push(
      { text: 'This backup must not be relied on: look at the findings below, and at what else was taken since.' },
      { text: 'Prove an older one, so that it is known what can be restored.', command: `${again} --snapshot oldest` },
    );
  } else if (verification?.verdict === 'COULD-NOT-VERIFY' || outcome === 'couldNotVerify') {
    items.push({ text: 'Nothing is proven either way. Mend what is named below and run it again.', command: again });
  } else if (outcome !== 'completed' && outcome !== 'passed') {
    const whole = source ? ` ${source.name} may be there, not complete.` : '';
    items.push({ text: `There is no new backup from this run.${whole}` });
  }
  if (items.length === 0) items.push({ text: 'Nothing: it is done.' });
  return { title: 'What to do next', blocks: [{ kind: 'list', items }] };
}

function findingsSection({ verification }: BackupRecord): Section {
  const items = (verification?.reasons ?? []).map((text) => ({ text: sentence(text) }));
  return { title: 'Findings', blocks: items.length === 0 ? [] : [{ kind: 'list', items }] };
}

function trendSection(record: BackupRecord, history: readonly BackupRecord[]): Section {
  const runs = [record, ...history.filter(({ key }) => key.runId !== record.key.runId)]
    .filter(({ operation, nominalAtMs }) => operation === record.operation && nominalAtMs <= record.nominalAtMs)
    .sort((a, b) => a.nominalAtMs - b.nominalAtMs || a.startedAtMs - b.startedAtMs);
  const pointsOf = (value: (run: BackupRecord) => number | undefined): Trend['points'] =>
    runs.map((run) => ({
      atMs: run.nominalAtMs,
      value: value(run) ?? null,
      says: run.verification?.verdict ?? run.outcome,
    }));
  const facts = record.verification;
  const trends: Trend[] = facts
    ? [
        {
          kind: 'trend',
          title: 'restore time',
          unit: 'span',
          points: pointsOf((run) => run.verification?.restoreMs),
          limit: { name: 'RTO', value: facts.rtoMs },
        },
        {
          kind: 'trend',
          title: 'age of the data',
          unit: 'span',
          points: pointsOf((run) => run.verification?.dataAgeMs),
          limit: { name: 'RPO', value: facts.rpoMs },
        },
        { kind: 'trend', title: 'size', unit: 'bytes', points: pointsOf((run) => run.verification?.databaseBytes) },
      ]
    : [{ kind: 'trend', title: 'size', unit: 'bytes', points: pointsOf((run) => run.source?.bytes) }];
  return { title: 'Run by run', blocks: trends.filter(({ points }) => points.some(({ value }) => value !== null)) };
}

function phasesSection({ phases }: BackupRecord): Section {
  const blocks: Block[] = phases.length === 0 ? [] : [{ kind: 'spans', title: 'phase', spans: phases }];
  return { title: 'Where the time went', blocks };
}

function checksSection(facts: VerificationFacts | undefined, texts: BackupPageInput['texts']): Section {
  const checks = facts?.checks ?? [];
  if (checks.length === 0) return { title: 'Checks', blocks: [] };
  const kinds = [...new Set(checks.map(({ kind }) => kind))];
  const summaryRows = kinds.map((kind) => {
    const own = checks.filter((check) => check.kind === kind);
    return [kind, countsInWords(own), shortSpan(own.reduce((sum, { ms }) => sum + ms, 0)), texts[kind].proves];
  });
  const notable = checks
    .filter(({ state }) => state !== 'pass')
    .sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  const rows = notable
    .slice(0, MOST_ROWS)
    .map(({ kind, object, state, says }) => [STATE_WORDS[state], kind, object, says]);
  const more = notable.length - rows.length;
  return {
    title: 'Checks',
    blocks: [
      ...(rows.length === 0
        ? []
        : [{ kind: 'table' as const, columns: ['state', 'check', 'object', 'expected and seen'], rows }]),
      ...(more > 0 ? [{ kind: 'text' as const, text: `And ${more} more in the whole report.` }] : []),
      { kind: 'table', columns: ['check', 'objects', 'took', 'proves'], rows: summaryRows },
    ],
  };
}

/** `2 FAIL, 14 pass` */
function countsInWords(checks: readonly CheckResult[]): string {
  return [...CHECK_STATES]
    .sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))
    .map((state) => ({ state, times: checks.filter((check) => check.state === state).length }))
    .filter(({ times }) => times > 0)
    .map(({ state, times }) => `${times} ${STATE_WORDS[state]}`)
    .join(', ');
}

function notProvenSection(facts: VerificationFacts | undefined): Section {
  const items = (facts?.notProven ?? []).map((text) => ({ text: sentence(text) }));
  return { title: 'Not proven by anything here', blocks: items.length === 0 ? [] : [{ kind: 'list', items }] };
}

function removedSection({ removed }: BackupRecord): Section {
  const rows = removed.map(({ object, gone, says }) => [object, gone ? 'gone' : 'STILL THERE', says]);
  const columns = ['object', 'state', 'seen'];
  return { title: 'What was deleted', blocks: rows.length === 0 ? [] : [{ kind: 'table', columns, rows }] };
}
