/** Measured numbers in columns, so that a tired eye finds the one that is wrong. */
import type { MetricPhase, MetricVerdict } from '../../core/model/analysis.ts';
import type { LookSummary } from '../../core/model/operation.ts';
import { spanInWords } from '../../core/status/words.ts';
import { metricInWords } from './six-texts.ts';
import { labelled, LABEL_WIDTH, type Style } from './style.ts';

/** `4 s ago at 25 %, the router shows 25 %: running`, the requests of both arms, one line a metric. */
export function numberLines(look: LookSummary, atMs: number, width: number, style: Style): readonly string[] {
  const applied = look.appliedPercent === null ? '' : `, the router shows ${look.appliedPercent} %`;
  const head = `${spanInWords(atMs - look.atMs)} ago at ${look.weightPercent} %${applied}: ${look.phase}`;
  const held = look.holding === undefined ? [] : labelled('', `holding: ${look.holding}`, width, style);
  return [
    ...labelled('seen', head, width, style),
    ...armLines(look).map(indented),
    ...metricLines(look.metrics, width, style),
    ...held.map(style.yellow),
  ];
}

/** `canary   26 of   321 requests failed   8.10 %`; an arm that got no request beside one that did is left out. */
function armLines({ nC, eC, nS, eS }: LookSummary): readonly string[] {
  if (nC + nS === 0) return ['no requests counted yet'];
  const arms = [
    { name: 'canary', requests: nC, failed: eC },
    { name: 'stable', requests: nS, failed: eS },
  ].filter(({ requests }) => requests > 0);
  const failedWidth = widest(arms.map(({ failed }) => grouped(failed)));
  const requestsWidth = widest(arms.map(({ requests }) => grouped(requests)));
  return arms.map(({ name, requests, failed }) => {
    const share = requests === 0 ? '' : `  ${((100 * failed) / requests).toFixed(2).padStart(6)} %`;
    return `${name}  ${grouped(failed).padStart(failedWidth)} of ${grouped(requests).padStart(requestsWidth)} requests failed${share}`;
  });
}

/** `✗ error-ratio  8.10 %  fails > 1 %  2 of 4 samples failed  stable 0.07 %`, without the columns that do not fit. */
function metricLines(metrics: readonly MetricVerdict[], width: number, style: Style): readonly string[] {
  const valued = metrics.filter(({ shown }) => shown !== undefined);
  const names = widest(valued.map(({ name }) => name));
  const values = widest(valued.map(({ shown = '' }) => shown));
  const limits = widest(valued.map(({ limit }) => limit));
  return metrics.flatMap((metric) => {
    const { name, phase, shown, limit, counts, stable, dryRun } = metric;
    const paint = painted(metric, style);
    if (shown === undefined || !COLUMNED.includes(phase)) {
      return labelled('', `${MARKS[phase]} ${metricInWords(metric)}`, width, style).map(paint);
    }
    const columns = [
      `${MARKS[phase]} ${name.padEnd(names)}  ${shown.padStart(values)}`,
      limit.padEnd(limits),
      `${counts.failures} of ${counts.samples} ${counts.samples === 1 ? 'sample' : 'samples'} failed`,
      ...(stable === undefined ? [] : [`stable ${stable}`]),
      ...(dryRun ? ['decides nothing'] : []),
    ];
    return [paint(indented(fitting(columns, width - LABEL_WIDTH)))];
  });
}

/** Phases that columns tell in full; of the others the reason says what is missing or wrong. */
const COLUMNED: readonly MetricPhase[] = ['failed', 'running', 'passed'];

const MARKS: Readonly<Record<MetricPhase, string>> = {
  failed: '✗',
  error: '!',
  inconclusive: '?',
  'no-data': '!',
  running: '·',
  incomplete: '·',
  passed: '✓',
};

function painted({ phase, counts }: MetricVerdict, style: Style): (line: string) => string {
  switch (phase) {
    case 'failed':
      return style.red;
    case 'error':
    case 'inconclusive':
    case 'no-data':
      return style.yellow;
    case 'passed':
      return style.green;
    case 'running':
    case 'incomplete':
      return counts.failures > 0 ? style.yellow : (line) => line;
  }
}

function fitting(columns: readonly string[], room: number): string {
  let line = columns[0] ?? '';
  for (const column of columns.slice(1)) {
    if (line.length + 2 + column.trimEnd().length > room) break;
    line += `  ${column}`;
  }
  return line.trimEnd().slice(0, room);
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length));
}

function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

function indented(line: string): string {
  return `${' '.repeat(LABEL_WIDTH)}${line}`;
}
