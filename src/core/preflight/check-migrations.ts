import type { MigrationFile, MigrationReport, MigrationsFact, NamedChecksum } from '../model/migration.ts';
import type { DeployPlan } from '../model/plan.ts';
import { planMigrations } from '../migration/plan-migrations.ts';
import type { PreflightFacts } from './facts.ts';
import { checkSeen, failed, type Finding, notChecked, passed, worstOf } from './finding.ts';

/** Migrations reviewed: files usable, in order and as recorded, nothing in them that the running version cannot bear. */
export function checkMigrations(facts: PreflightFacts, plan: DeployPlan): Finding {
  if (plan.migrations === undefined) return passed('the service has no migrations');
  if (facts.migrations === undefined) return notChecked('the migrations were not looked at');
  return checkSeen(`directory ${plan.migrations.directory}`, facts.migrations, (fact) =>
    checkFact(fact, plan.migrations?.reviewed),
  );
}

function checkFact(fact: MigrationsFact, reviewedFile: string | undefined): Finding {
  const { pending, contract, applied, missing, problems } = planMigrations(fact.files, fact.recorded);
  const refusals = pending.length > 0 && fact.refusal !== undefined ? [fact.refusal] : [];
  const findings = pending.flatMap(({ name, findings: found }) =>
    found
      .filter((each) => each.allowed === undefined)
      .map((each) => `${name} line ${each.line}: ${each.rule}: ${each.says}`),
  );
  const unreviewed =
    reviewedFile === undefined ? [] : pending.flatMap((file) => whyNotReviewed(file, fact.reviewed, reviewedFile));
  const words = [
    pending.length === 0 ? 'nothing to apply' : `to apply, in this order: ${pending.map(inWords).join(', ')}`,
    `${applied} applied`,
    ...(contract.length > 0 ? [`contract files that wait: ${contract.map(({ name }) => name).join(', ')}`] : []),
    ...(missing.length > 0 ? [`applied, but not among the files: ${missing.join(', ')}`] : []),
  ];
  return worstOf([...problems, ...refusals, ...findings, ...unreviewed].map(failed), words.join('; '));
}

/** `0003_orders.expand.sql (sha256 ab12...)`, with what the file allows itself. */
function inWords({ name, checksum, findings, noTransaction }: MigrationFile): string {
  const allowed = findings.flatMap((each) =>
    each.allowed === undefined ? [] : `allows ${each.rule}: ${each.allowed}`,
  );
  const notes = [`sha256 ${checksum}`, ...(noTransaction ? ['without transaction'] : []), ...new Set(allowed)];
  return `${name} (${notes.join(', ')})`;
}

function whyNotReviewed(
  file: NamedChecksum,
  reviewed: readonly NamedChecksum[] | undefined,
  listName: string,
): readonly string[] {
  if (reviewed === undefined)
    return [`${file.name}: expected in ${listName}, which does not exist: it was not reviewed`];
  const listed = reviewed.find(({ name }) => name === file.name);
  if (listed?.checksum === file.checksum) return [];
  if (listed === undefined) return [`${file.name}: expected in ${listName}, found no line: it was not reviewed`];
  return [
    `${file.name}: changed after its review: ${listName} has sha256 ${listed.checksum}, the file ${file.checksum}`,
  ];
}

/** What a report tells before anything ran; undefined when it is not known. */
export function migrationsToRun(facts: PreflightFacts): MigrationReport | undefined {
  if (facts.migrations?.seen !== 'present') return undefined;
  const { pending, contract, missing } = planMigrations(facts.migrations.files, facts.migrations.recorded);
  return { applied: [], pending: pending.map(named), contract: contract.map(({ name }) => name), missing };
}

function named({ name, checksum }: NamedChecksum): NamedChecksum {
  return { name, checksum };
}
