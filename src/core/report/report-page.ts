/** The words of a report, in the order of what matters at night: what, why, what now, how it came, from where. */
import { shortDigest } from '../status/seen.ts';
import { momentInWords, sentence, spanInWords } from '../status/words.ts';
import { planSection } from './plan-section.ts';
import type { ReleaseReport, ReportOutcome, ReportStep } from './release-report.ts';
import type { ReportPage, Section } from './sections.ts';
import { timelineOf } from './timeline.ts';

const TITLES: Readonly<Record<ReportOutcome, string>> = {
  promoted: 'PROMOTED',
  unchanged: 'UNCHANGED',
  rolledBack: 'ROLLED BACK',
  rejected: 'REJECTED',
  aborted: 'ABORTED',
  superseded: 'SUPERSEDED',
  planned: 'PLANNED',
  running: 'RUNNING',
  terminated: 'TERMINATED',
  failed: 'FAILED',
  unknown: 'END UNKNOWN',
};

export function reportPage(report: ReleaseReport): ReportPage {
  const { outcome, service, version, environment } = report;
  const sections = [
    summary(report),
    nextSection(report),
    stepsSection(report),
    undoSection(report),
    decisionsSection(report),
    timelineSection(report),
    checksSection(report),
    planSection(report),
    noticesSection(report),
    sourcesSection(report),
  ].filter(({ blocks }) => blocks.length > 0);
  return { title: `${TITLES[outcome]}  ${service} ${version} in ${environment}`, mood: moodOf(report), sections };
}

function moodOf({ outcome, restored }: ReleaseReport): ReportPage['mood'] {
  if (restored.some((row) => !row.restored)) return 'bad';
  if (outcome === 'promoted' || outcome === 'unchanged' || outcome === 'planned' || outcome === 'running')
    return 'well';
  return outcome === 'rolledBack' ? 'warning' : 'bad';
}

function summary(report: ReleaseReport): Section {
  const { reason, reasonCode, requestedBy, askedBecause, startedAtMs, endedAtMs, image, workflowId } = report;
  const ended = endedAtMs === undefined ? 'has not ended' : `ended ${momentInWords(endedAtMs)}`;
  const took = endedAtMs === undefined ? '' : ` (${spanInWords(endedAtMs - startedAtMs)})`;
  const rows = [
    ['why', sentence(`${reason.replace(/\.$/, '')}${reasonCode === undefined ? '' : ` (${reasonCode})`}`)],
    ['asked by', `${requestedBy}${askedBecause === '' ? ', without a reason' : `: ${askedBecause}`}`],
    ['when', `began ${momentInWords(startedAtMs)}, ${ended}${took}`],
    ...(image === undefined ? [] : [['image', shortDigest(image)]]),
    ...(report.before && !report.before.first ? [['found', shortDigest(report.before.deployment.image)]] : []),
    ...(report.restores === undefined ? [] : [['after', report.restores]]),
    ...(report.restoredBy === undefined ? [] : [['restored by', report.restoredBy]]),
    ['id', workflowId],
  ];
  return { title: 'Summary', blocks: [{ kind: 'table', columns: ['', ''], rows }] };
}

function nextSection({ next }: ReleaseReport): Section {
  const items = next.map(({ says, command }) => ({ text: sentence(says), ...(command !== undefined && { command }) }));
  return { title: 'What to do next', blocks: [{ kind: 'list', items }] };
}

function stepsSection({ steps }: ReleaseReport): Section {
  if (steps.length === 0) return { title: 'Steps', blocks: [] };
  const rows = steps.map((step) => [
    step.name,
    `${step.phase}${step.judged ? '' : ' (not judged)'}`,
    spanInWords(step.endedAtMs - step.startedAtMs),
    armInWords(step, 'canary'),
    armInWords(step, 'stable'),
    step.reason,
  ]);
  const columns = ['step', 'verdict', 'after', 'canary failed', 'stable failed', 'reason'];
  const metrics = steps.flatMap((step) =>
    step.metrics.map(({ name, phase, shown, limit, stable, counts, dryRun }) => [
      step.name,
      `${name}${dryRun ? ' (decides nothing)' : ''}`,
      phase,
      shown ?? 'no value',
      limit,
      stable ?? '',
      `${counts.failures} of ${counts.samples}${counts.noData > 0 ? `, ${counts.noData} without data` : ''}`,
    ]),
  );
  return {
    title: 'Steps',
    blocks: [
      { kind: 'table', columns, rows },
      ...(metrics.length === 0
        ? []
        : [
            {
              kind: 'table' as const,
              columns: ['step', 'metric', 'verdict', 'last value', 'limit', 'stable', 'samples failed'],
              rows: metrics,
            },
          ]),
    ],
  };
}

/** `26 of 321 (8.10 %)`; empty where the ledger has no counts. */
function armInWords(step: ReportStep, arm: 'canary' | 'stable'): string {
  const count = step[arm];
  if (count === undefined) return '';
  const { requests, errors } = count;
  const share = requests === 0 ? '' : ` (${((100 * errors) / requests).toFixed(2)} %)`;
  return `${Math.round(errors)} of ${Math.round(requests)}${share}`;
}

function undoSection({ restored, foreign }: ReleaseReport): Section {
  const undone = restored.map(({ object, field, wanted, observed, restored: done, changed, note }) => [
    `${done ? '' : 'NOT RESTORED: '}${object}`,
    field,
    shortDigest(wanted),
    shortDigest(observed),
    `${!done ? 'no' : changed ? 'set back' : 'was so already'}${note === undefined ? '' : `; ${note}`}`,
  ]);
  const others = foreign.map(({ object, field, expected, observed }) => [
    object,
    field,
    shortDigest(expected),
    shortDigest(observed),
  ]);
  const undo = { kind: 'table' as const, columns: ['object', 'field', 'as found before', 'stands now', 'done'] };
  const theirs = { kind: 'table' as const, columns: ["someone else's change", 'field', 'we had', 'they wrote'] };
  return {
    title: 'Undone, and changed by others',
    blocks: [
      ...(undone.length === 0 ? [] : [{ ...undo, rows: undone }]),
      ...(others.length === 0 ? [] : [{ ...theirs, rows: others }]),
    ],
  };
}

function decisionsSection({ decisions }: ReleaseReport): Section {
  const rows = decisions.map(({ what, by, reason, atMs }) => [momentInWords(atMs), by, what, reason]);
  const columns = ['when', 'who', 'what', 'why'];
  return { title: 'Who decided', blocks: rows.length === 0 ? [] : [{ kind: 'table', columns, rows }] };
}

function timelineSection(report: ReleaseReport): Section {
  const rows = timelineOf(report).map(({ atMs, says }) => [momentInWords(atMs), says]);
  return { title: 'Timeline', blocks: [{ kind: 'table', columns: ['when', 'what'], rows }] };
}

function checksSection({ preflight }: ReleaseReport): Section {
  const rows = preflight
    .filter(({ mode }) => mode !== 'off')
    .map(({ name, mode, result, reason }) => [name, result, mode, reason]);
  const columns = ['check', 'result', 'mode', 'found'];
  return { title: 'Checks before it began', blocks: rows.length === 0 ? [] : [{ kind: 'table', columns, rows }] };
}

function noticesSection({ notices }: ReleaseReport): Section {
  const rows = notices.map(({ kind, atMs, urgency, subject }) => [momentInWords(atMs), kind, urgency, subject]);
  const columns = ['when', 'kind', 'urgency', 'subject'];
  return { title: 'Who was told', blocks: rows.length === 0 ? [] : [{ kind: 'table', columns, rows }] };
}

function sourcesSection({ sources, missing }: ReleaseReport): Section {
  return {
    title: 'Where this comes from',
    blocks: [
      { kind: 'list', items: sources.map(({ says }) => ({ text: sentence(says) })) },
      ...(missing.length === 0
        ? []
        : [{ kind: 'list' as const, items: missing.map((text) => ({ text: sentence(`Missing: ${text}`) })) }]),
    ],
  };
}
