/** Migrations of a deployment as a person reads them at its end. */
import type { MigrationReport, NamedChecksum } from '../model/migration.ts';
import type { Outcome } from '../model/operation.ts';

/** One text a fact; none when there is nothing to tell. */
export function migrationsInWords(report: MigrationReport, outcome: Outcome): readonly string[] {
  const { applied, pending, failed, contract, missing } = report;
  const texts: string[] = [];
  const stays = ['promoted', 'unchanged', 'planned'].includes(outcome)
    ? ''
    : ', and not taken back: the version before runs with it too';
  if (applied.length > 0) texts.push(`applied: ${names(applied)}${stays}`);
  if (failed) texts.push(`failed, and rolled back: ${failed.name}`);
  const open = pending.filter(({ name }) => name !== failed?.name);
  if (open.length > 0) texts.push(`${outcome === 'planned' ? 'would be applied' : 'not applied'}: ${names(open)}`);
  if (contract.length > 0) texts.push(`contract files that wait: ${contract.join(', ')}`);
  if (missing.length > 0) texts.push(`applied earlier, but not among the files: ${missing.join(', ')}`);
  return texts;
}

function names(files: readonly NamedChecksum[]): string {
  return files.map(({ name }) => name).join(', ');
}
