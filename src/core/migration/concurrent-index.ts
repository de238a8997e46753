import type { SqlStatement } from './sql-statements.ts';

/** The index that a CREATE INDEX CONCURRENTLY makes. */
export interface ConcurrentIndex {
  /** As `to_regclass` takes it: an index stands in the schema of its table. */
  readonly qualifiedName: string;
}

const NAME = '(?:"(?:[^"]|"")+"|[A-Z0-9_$]+)';
const CREATE = new RegExp(
  `^CREATE (?:UNIQUE )?INDEX CONCURRENTLY (?:IF NOT EXISTS )?(${NAME}) ON (?:ONLY )?(?:(${NAME}) ?\\. ?)?(${NAME})(?: |\\()`,
);

/** The index of a statement, or undefined when it is no CREATE INDEX CONCURRENTLY with a name of its own. */
export function readConcurrentIndex({ text }: SqlStatement): ConcurrentIndex | undefined {
  const [, index, schema] = CREATE.exec(text) ?? [];
  if (index === undefined || index === 'ON') return undefined;
  return { qualifiedName: schema === undefined ? lower(index) : `${lower(schema)}.${lower(index)}` };
}

/** Names outside of quotes are small letters to Postgres. */
function lower(name: string): string {
  return name.startsWith('"') ? name : name.toLowerCase();
}
