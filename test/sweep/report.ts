import type { Tried } from './lane.ts';
import { KINDS, type Step, stepName } from './points.ts';

/** What the operation said, short enough for a table. */
const SHORT: Readonly<Record<string, string>> = {
  promoted: 'promoted',
  rolledBack: 'back',
  rejected: 'rejected',
  aborted: 'aborted',
  cancelled: 'cancelled',
  canceled: 'cancelled',
  terminated: 'restored',
  failed: 'failed',
};

/** Steps down, kinds across, what came out; then what did not hold, point by point. */
export function page(steps: readonly Step[], tried: readonly Tried[], seconds: number): string {
  const cells = new Map(tried.map((one) => [one.name, one]));
  const isTried = (step: Step): boolean => KINDS.some((kind) => cells.has(`${stepName(step)}:${kind}`));
  const rows = [
    ['step', ...KINDS],
    ...steps
      .filter(isTried)
      .map((step) => [stepName(step), ...KINDS.map((kind) => cellOf(cells.get(`${stepName(step)}:${kind}`)))]),
  ];
  const widths = rows[0]?.map((_none, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const failed = tried.filter(({ problems }) => problems.length > 0);
  return [
    '',
    ...lines,
    '',
    `${tried.length} points in ${Math.round(seconds)} s; S1, S2, S3, S9, S10 as seen on cluster and router: ${failed.length === 0 ? 'all hold' : `${failed.length} points FAILED`}`,
    ...failed.map(({ name, said, problems }) => `  ${name} (${said}): ${problems.join('; ')}`),
    '',
  ].join('\n');
}

function cellOf(one: Tried | undefined): string {
  if (one === undefined) return '-';
  const word = SHORT[one.said.split(' ')[0] ?? ''] ?? one.said;
  return one.problems.length === 0 ? word : `FAILED ${word}`.trim();
}
