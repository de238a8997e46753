import { ERROR_CODES } from '../../src/errors/codes.ts';
import { markdownTable } from './markdown-table.ts';

const HANDLED = {
  retry: 'tried again by the retry policy',
  notYet: 'tried again until its deadline',
  observe: 'tried again, looking before it acts',
  final: 'not tried again; the workflow undoes and reports',
  stop: 'stops in a named safe state and asks a person',
} as const;

/** docs/reference/error-codes.generated.md: every failure code with what happens after it. */
export function errorCodesPage(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { retry, says }]) => [`\`${code}\``, says, HANDLED[retry]]);
  return [
    '# Error codes',
    '',
    'The types of the failures that activities end with, as they stand in workflow histories and in `--json` output.',
    '',
    markdownTable(['Code', 'Meaning', 'Afterwards'], rows),
    '',
  ].join('\n');
}
