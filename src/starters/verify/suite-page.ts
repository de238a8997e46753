/** A report of the suite as a person reads it: what failed, what nobody could look at, then what was proven. */
import { CHECK_KINDS, type CheckResult, type CheckState, type SuiteReport } from '../../core/model/restore.ts';
import { CHECK_TEXTS } from '../../core/restore/check-texts.ts';
import { integrityFlags } from '../../core/restore/integrity-flags.ts';
import { countInWords } from '../../core/restore/finding.ts';
import { stateInWords, WORST_FIRST } from '../../core/restore/verdict.ts';
import { type Style, wrap } from '../view/style.ts';

export interface PageFacts {
  /** `127.0.0.1:5432/crm`, without user and password. */
  readonly place: string;
  readonly connections: number;
  /** Of this command, without the server's. */
  readonly cpuSeconds: number;
  /** Processes that want a core, over the last minute. */
  readonly load: number;
  readonly hasManifest: boolean;
}

const INDENT = '  ';
/** Lines of one section; the rest is counted, and stands in the JSON. */
const MOST_LINES = 40;

export function suitePage(report: SuiteReport, facts: PageFacts, width: number, style: Style): readonly string[] {
  const { verdict, checks, notProven } = report;
  const paint = { PASS: style.green, FAIL: style.red, 'COULD-NOT-VERIFY': style.yellow }[verdict];
  const of = (state: CheckState) => checks.filter((check) => check.state === state);
  return [
    `${paint(style.bold(verdict))}  ${facts.place}`,
    `${INDENT}${subjectLine(report)}`,
    `${INDENT}${flagLine(report)}`,
    ...section('Failed', of('fail').map(checkLine), width, style.red),
    ...section('Could not verify', of('couldNotVerify').map(checkLine), width, style.yellow),
    ...section('Skipped', of('skip').map(checkLine), width, style.yellow),
    ...section('Warnings', of('warn').map(checkLine), width, style.yellow),
    ...section('Not proven: nobody can tell, or nobody looked', notProven, width, style.bold),
    '',
    style.bold('Checks, and what each proves'),
    ...CHECK_KINDS.flatMap((kind) =>
      kindLines(
        checks.filter((check) => check.kind === kind),
        width,
        style,
      ),
    ),
    '',
    style.dim(footLine(report, facts)),
  ];
}

function subjectLine({ serverVersion, databaseBytes, rows, newestDataAtMs }: SuiteReport): string {
  const version = `${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000}`;
  const newest = newestDataAtMs === undefined ? '' : `, newest data of ${new Date(newestDataAtMs).toISOString()}`;
  return `PostgreSQL ${version}, ${bytesInWords(databaseBytes)}, ${countInWords(rows)} rows read${newest}`;
}

/** It answers, so it could be restored; whether a snapshot exists is not for a database to say. */
function flagLine(report: SuiteReport): string {
  const { dataIntegrity, performanceAcceptable } = integrityFlags(report, { canRestore: true });
  const word = (flag: boolean | undefined) => (flag === undefined ? 'not proven' : flag ? 'yes' : 'NO');
  return `restorable: yes, data integrity: ${word(dataIntegrity)}, performance acceptable: ${word(performanceAcceptable)}`;
}

function checkLine({ kind, object, says }: CheckResult): string {
  return `${kind} ${object}: ${says}`;
}

function section(
  title: string,
  lines: readonly string[],
  width: number,
  paint: (text: string) => string,
): readonly string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, MOST_LINES);
  const more = lines.length > shown.length ? [`${INDENT}... and ${lines.length - shown.length} more: see --json`] : [];
  const wrapped = shown.flatMap((line) =>
    wrap(line, width - 4).map((part, index) => `${index === 0 ? INDENT : `${INDENT}${INDENT}`}${part}`),
  );
  return ['', paint(title), ...wrapped, ...more];
}

const KIND_WIDTH = 13;
const COUNT_WIDTH = 24;

function kindLines(checks: readonly CheckResult[], width: number, style: Style): readonly string[] {
  const [first] = checks;
  if (!first) return [];
  const counts = WORST_FIRST.flatMap((state) => {
    const count = checks.filter((check) => check.state === state).length;
    return count === 0 ? [] : [`${count} ${stateInWords(state).toLowerCase()}`];
  }).join(', ');
  const paint = checks.some(({ state }) => state === 'fail') ? style.red : (text: string) => text;
  const room = width - INDENT.length - KIND_WIDTH - COUNT_WIDTH;
  const says = wrap(CHECK_TEXTS[first.kind].proves, room);
  const head = `${INDENT}${first.kind.padEnd(KIND_WIDTH)}`;
  // Counts that are wider than their column stand alone.
  if (counts.length >= COUNT_WIDTH) {
    const pad = ' '.repeat(INDENT.length + KIND_WIDTH + COUNT_WIDTH);
    return [`${head}${paint(counts)}`, ...says.map((line) => `${pad}${style.dim(line)}`)];
  }
  return says.map((line, index) =>
    index === 0
      ? `${head}${paint(counts)}${' '.repeat(COUNT_WIDTH - counts.length)}${style.dim(line)}`
      : `${' '.repeat(INDENT.length + KIND_WIDTH + COUNT_WIDTH)}${style.dim(line)}`,
  );
}

function footLine({ startedAtMs, endedAtMs, checks }: SuiteReport, facts: PageFacts): string {
  const seconds = (ms: number) => (ms / 1000).toFixed(2);
  const spent = checks.reduce((sum, { ms }) => sum + ms, 0);
  return (
    `${checks.length} results in ${seconds(endedAtMs - startedAtMs)} s (${seconds(spent)} s of checks on ${facts.connections} connections); ` +
    `this command used ${facts.cpuSeconds.toFixed(2)} CPU seconds, load ${facts.load.toFixed(1)}`
  );
}

/** `bytesInWords(2_500_000)` -> `2.5 MB`. */
export function bytesInWords(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let amount = bytes;
  let unit = 0;
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? amount : amount.toPrecision(3)} ${units[unit] ?? ''}`;
}
