import type { SqlStatement } from './sql-statements.ts';

/** The index that a CREATE INDEX CONCURRENTLY makes. */
export interface ConcurrentIndex {
  /** As `to_regclass` takes it: an index stands in the schema of its table. */
  readonly qualifiedName: string;
  /** The file says that one of that name may stand there already. */
  readonly mayExist: boolean;
}

const NAME = '(?:"(?:[^"]|"")+"|[A-Z0-9_$]+)';
const CREATE = new RegExp(
  `^CREATE (?:UNIQUE )?INDEX CONCURRENTLY (IF NOT EXISTS )?(${NAME}) ON (?:ONLY )?(?:(${NAME}) ?\\. ?)?(${NAME})(?: |\\()`,
);

/** The index of a statement, or undefined when it is no CREATE INDEX CONCURRENTLY with a name of its own. */
export function readConcurrentIndex({ text }: SqlStatement): ConcurrentIndex | undefined {
  const [, mayExist, index, schema] = CREATE.exec(text) ?? [];
  if (index === undefined || index === 'ON') return undefined;
  const qualifiedName = schema === undefined ? lower(index) : `${lower(schema)}.${lower(index)}`;
  return { qualifiedName, mayExist: mayExist !== undefined };
}

/** Names outside of quotes are small letters to Postgres. */
function lower(name: string): string {
  return name.startsWith('"') ? name : name.toLowerCase();
}
