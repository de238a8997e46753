/** A migration file: its name, its directives, and what is wrong with it. */
import { didYouMean } from '../model/did-you-mean.ts';
import { DURATION_EXPECTED, parseDurationMs } from '../model/duration.ts';
import type { MigrationFile, MigrationFinding, MigrationKind, NamedChecksum } from '../model/migration.ts';
import { type ConcurrentIndex, readConcurrentIndex } from './concurrent-index.ts';
import { brokenExpandRules, EXPAND_RULES, type ExpandRule } from './expand-rules.ts';
import { type SqlStatement, splitStatements } from './sql-statements.ts';

/** How a file is run; what the file itself asks for. */
export interface MigrationScript {
  readonly statementTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  /** The one statement of a file without transaction. */
  readonly index?: ConcurrentIndex;
}

export interface ParsedMigration {
  readonly file: MigrationFile;
  readonly script: MigrationScript;
}

export const MIGRATION_NAME = /^(\d{1,14})_([a-z0-9][a-z0-9_-]*)\.(expand|contract)\.sql$/;
const NAME_EXPECTED = 'a name such as 0001_add_column.expand.sql or 0002_drop_column.contract.sql';

/** Directives as they stand in a file after `-- mainstay:`. */
export const DIRECTIVES = ['no-transaction', 'statement-timeout', 'lock-timeout', 'allow'] as const;
export const OUT_OF_ORDER = 'out-of-order';
const ALLOWABLE: readonly string[] = [...Object.keys(EXPAND_RULES), OUT_OF_ORDER];

interface Directives {
  readonly noTransaction: boolean;
  readonly statementTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  /** Reason by rule. */
  readonly allowed: ReadonlyMap<string, string>;
  readonly faults: readonly string[];
}

/** Reads a file. Faults and findings come home with it; nothing is thrown. */
export function parseMigration(named: NamedChecksum, text: string): ParsedMigration {
  const [, digits = '0', , kindText] = MIGRATION_NAME.exec(named.name) ?? [];
  const kind: MigrationKind = kindText === 'contract' ? 'contract' : 'expand';
  const directives = readDirectives(text);
  const statements = splitStatements(text);
  const index = directives.noTransaction ? indexOf(statements) : undefined;
  const nameFaults = kindText === undefined ? [`expected ${NAME_EXPECTED}`] : [];
  const outOfOrder = directives.allowed.get(OUT_OF_ORDER);
  return {
    file: {
      name: named.name,
      checksum: named.checksum,
      kind,
      number: Number(digits),
      noTransaction: directives.noTransaction,
      ...(outOfOrder !== undefined && { outOfOrder }),
      faults: [...nameFaults, ...directives.faults, ...faultsOf(statements, directives.noTransaction)],
      findings: kind === 'expand' ? findingsOf(statements, directives.allowed) : [],
    },
    script: {
      ...(directives.statementTimeoutMs !== undefined && { statementTimeoutMs: directives.statementTimeoutMs }),
      ...(directives.lockTimeoutMs !== undefined && { lockTimeoutMs: directives.lockTimeoutMs }),
      ...(index && { index }),
    },
  };
}

function readDirectives(text: string): Directives {
  const faults: string[] = [];
  const allowed = new Map<string, string>();
  let noTransaction = false;
  const times: { statementTimeoutMs?: number; lockTimeoutMs?: number } = {};
  for (const [, written = ''] of text.matchAll(/^--[ \t]*mainstay:[ \t]*(.*?)[ \t\r]*$/gm)) {
    const [word = '', ...rest] = written.split(/\s+/);
    const value = rest.join(' ');
    if (word === 'no-transaction' && value === '') noTransaction = true;
    else if (word === 'statement-timeout' || word === 'lock-timeout') {
      const ms = parseDurationMs(value);
      if (ms === undefined)
        faults.push(`directive ${word}: expected ${DURATION_EXPECTED}, found ${JSON.stringify(value)}`);
      else times[word === 'lock-timeout' ? 'lockTimeoutMs' : 'statementTimeoutMs'] = ms;
    } else if (word === 'allow') readAllowance(value, allowed, faults);
    else faults.push(`directive: expected one of ${DIRECTIVES.join(', ')}, found ${JSON.stringify(written)}`);
  }
  return { noTransaction, ...times, allowed, faults };
}

/** `drop-column: nothing reads it since v1.3` */
function readAllowance(value: string, allowed: Map<string, string>, faults: string[]): void {
  const [, rule = '', reason = ''] = /^([a-z-]+)\s*:\s*(.*)$/.exec(value) ?? [];
  if (ALLOWABLE.includes(rule) && reason !== '') {
    allowed.set(rule, reason);
    return;
  }
  const near = didYouMean(rule || value, ALLOWABLE);
  const hint = near === undefined || near === rule ? '' : ` (did you mean ${near}?)`;
  faults.push(
    `directive allow: expected a rule and a reason, such as "drop-column: ...", found ${JSON.stringify(value)}${hint}`,
  );
}

function faultsOf(statements: readonly SqlStatement[], noTransaction: boolean): readonly string[] {
  if (statements.length === 0) return ['expected at least one statement, found none'];
  if (noTransaction) {
    if (indexOf(statements)) return [];
    const found = statements.length === 1 ? 'another statement' : `${statements.length} statements`;
    return [`no-transaction: expected one CREATE INDEX CONCURRENTLY with a name and nothing else, found ${found}`];
  }
  return statements.flatMap(({ text, line }) => {
    if (/^(BEGIN|START TRANSACTION|COMMIT|END|ROLLBACK|ABORT|PREPARE TRANSACTION)\b/.test(text)) {
      return [
        `line ${line}: expected no transaction control (each file is one transaction), found ${text.split(' ')[0]}`,
      ];
    }
    if (/^(CREATE|DROP|REINDEX|REFRESH|ALTER).*\bCONCURRENTLY\b/.test(text)) {
      return [
        `line ${line}: CONCURRENTLY cannot run in a transaction: put a CREATE INDEX CONCURRENTLY alone into a file with the line "-- mainstay: no-transaction"`,
      ];
    }
    return [];
  });
}

function indexOf(statements: readonly SqlStatement[]): ConcurrentIndex | undefined {
  const [only, second] = statements;
  return only && !second ? readConcurrentIndex(only) : undefined;
}

function findingsOf(
  statements: readonly SqlStatement[],
  allowed: ReadonlyMap<string, string>,
): readonly MigrationFinding[] {
  return brokenExpandRules(statements).map(({ rule, line }: { readonly rule: ExpandRule; readonly line: number }) => {
    const reason = allowed.get(rule);
    return { rule, line, says: EXPAND_RULES[rule], ...(reason !== undefined && { allowed: reason }) };
  });
}
