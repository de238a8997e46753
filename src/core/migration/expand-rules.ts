/**
 * What a file that runs before the canary must not do: the version that runs now still reads and writes this schema,
 * and must go on doing so, also after a rollback. Each rule can be waived in the file by its name, with a reason.
 */
import { splitAtCommas, type SqlStatement } from './sql-statements.ts';

/** Rule and what it says; a table of its own so that the docs can list it. */
export const EXPAND_RULES = {
  drop: 'takes away what the running version may use; it belongs into a contract file',
  'drop-column': 'takes away a column that the running version may use; it belongs into a contract file',
  rename: 'takes a name away from the running version; add the new one beside it',
  'alter-type':
    'may rewrite the table under an exclusive lock and break the running version; add a new column beside it',
  'set-not-null': 'scans the table under an exclusive lock, and the running version may still write nulls',
  'add-not-null': 'refuses rows of the running version, which does not write this column; give it a default',
  'rewrite-table': 'rewrites the whole table under an exclusive lock',
  'blocking-index':
    'blocks all writes to the table while the index is built; use CREATE INDEX CONCURRENTLY in a file of its own',
  'validating-constraint': 'scans the table while it blocks writes; add it NOT VALID and validate it in a later file',
  truncate: 'deletes what the running version reads',
  'unbounded-write': 'writes every row of the table in one transaction; do it in parts, outside of migrations',
} as const;
export type ExpandRule = keyof typeof EXPAND_RULES;

export interface BrokenExpandRule {
  readonly rule: ExpandRule;
  readonly line: number;
}

const NAME = '((?:"(?:[^"]|"")+"|[\\w$]+)(?:\\s*\\.\\s*(?:"(?:[^"]|"")+"|[\\w$]+))?)';
const CREATE_TABLE = new RegExp(`^CREATE (?:UNLOGGED |TEMP |TEMPORARY )?TABLE (?:IF NOT EXISTS )?${NAME}`);
const ALTER_TABLE = new RegExp(`^ALTER TABLE (?:IF EXISTS )?(?:ONLY )?${NAME}(?: \\*)? (.*)$`);
const CREATE_INDEX = new RegExp(
  `^CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)(?:IF NOT EXISTS )?(?:${NAME} )?ON (?:ONLY )?${NAME}`,
);

/** Every rule that a file breaks, in order. What concerns a table that the file itself creates breaks none. */
export function brokenExpandRules(statements: readonly SqlStatement[]): readonly BrokenExpandRule[] {
  const created = new Set(statements.flatMap(({ text }) => CREATE_TABLE.exec(text)?.[1] ?? []));
  return statements.flatMap(({ text, line }) => rulesOf(text, created).map((rule) => ({ rule, line })));
}

function rulesOf(text: string, created: ReadonlySet<string>): readonly ExpandRule[] {
  const alter = ALTER_TABLE.exec(text);
  if (alter) {
    const [, table = '', actions = ''] = alter;
    return created.has(table) ? [] : [...new Set(splitAtCommas(actions).flatMap(rulesOfAction))];
  }
  const index = CREATE_INDEX.exec(text);
  if (index) return created.has(index[2] ?? '') ? [] : ['blocking-index'];
  if (/^REINDEX (?!.*\bCONCURRENTLY\b)/.test(text)) return ['blocking-index'];
  if (/^DROP (?!OWNED)/.test(text)) return ['drop'];
  if (/^ALTER .* (RENAME|SET SCHEMA) /.test(text)) return ['rename'];
  if (/^(CLUSTER|VACUUM FULL)\b/.test(text)) return ['rewrite-table'];
  if (text.startsWith('TRUNCATE ')) return ['truncate'];
  if (/^(UPDATE|DELETE FROM) /.test(text) && !/ WHERE /.test(text)) return ['unbounded-write'];
  return [];
}

function rulesOfAction(action: string): readonly ExpandRule[] {
  if (/^(RENAME|SET SCHEMA)\b/.test(action)) return ['rename'];
  if (/^DROP (?!CONSTRAINT\b)/.test(action)) return ['drop-column'];
  if (/^ALTER (COLUMN )?\S+ (SET DATA )?TYPE /.test(action)) return ['alter-type'];
  if (/^ALTER (COLUMN )?\S+ SET NOT NULL/.test(action)) return ['set-not-null'];
  if (/^SET (LOGGED|UNLOGGED|TABLESPACE|ACCESS METHOD)\b/.test(action)) return ['rewrite-table'];
  return action.startsWith('ADD ') ? rulesOfAddition(action.slice(4)) : [];
}

function rulesOfAddition(added: string): readonly ExpandRule[] {
  if (/^(CONSTRAINT \S+ )?(CHECK|FOREIGN KEY)\b/.test(added)) {
    return /\bNOT VALID$/.test(added) ? [] : ['validating-constraint'];
  }
  if (/^(CONSTRAINT \S+ )?(UNIQUE|PRIMARY KEY|EXCLUDE)\b/.test(added)) {
    return /\bUSING INDEX\b/.test(added) ? [] : ['blocking-index'];
  }
  const rules: ExpandRule[] = [];
  const fills = /\b(DEFAULT|GENERATED|(SMALL|BIG)?SERIAL)\b/.test(added);
  if (/\b(NOT NULL|PRIMARY KEY)\b/.test(added) && !fills) rules.push('add-not-null');
  if (/\b((SMALL|BIG)?SERIAL|GENERATED|GEN_RANDOM_UUID|UUIDV7|UUID_GENERATE_V4|RANDOM|CLOCK_TIMESTAMP)\b/.test(added)) {
    rules.push('rewrite-table');
  }
  if (/\b(UNIQUE|PRIMARY KEY)\b/.test(added)) rules.push('blocking-index');
  if (/\bREFERENCES\b/.test(added) && fills) rules.push('validating-constraint');
  return rules;
}
