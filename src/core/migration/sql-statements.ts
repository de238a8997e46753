/**
 * SQL text cut into statements, in a form that rules can be held against. A full parser of Postgres' grammar is a
 * native library; the rules need no more than to know where comments, texts and statements end.
 */
export interface SqlStatement {
  /** Line of its first word, from 1. */
  readonly line: number;
  /** One line: comments gone, texts as `''`, words in capitals outside of quoted names, single spaces. */
  readonly text: string;
}

const DOLLAR_TAG = /^\$([A-Za-z_][A-Za-z_0-9]*)?\$/;

/** The statements of a file, in order; nothing for one of comments only. */
export function splitStatements(sql: string): readonly SqlStatement[] {
  const statements: SqlStatement[] = [];
  let words = '';
  let startAt = -1;
  let depth = 0;
  const take = (piece: string, at: number): void => {
    if (startAt < 0 && piece.trim() !== '') startAt = at;
    words += piece;
  };
  const finish = (): void => {
    const text = words.replaceAll(/\s+/g, ' ').trim();
    if (text !== '') statements.push({ line: lineAt(sql, startAt), text });
    words = '';
    startAt = -1;
    depth = 0;
  };
  for (let at = 0; at < sql.length; ) {
    const end = endOfToken(sql, at);
    const token = sql.slice(at, end);
    if (token.startsWith('--') || token.startsWith('/*')) take(' ', at);
    else if (/^([eE]?'|\$[A-Za-z_]*[A-Za-z_0-9]*\$)/.test(token) && token.length > 1) take(" '' ", at);
    else if (token === ';' && depth === 0 && !isInsideBody(words)) finish();
    else take(token.startsWith('"') ? token : token.toUpperCase(), at);
    if (token === '(') depth += 1;
    if (token === ')') depth = Math.max(0, depth - 1);
    at = end;
  }
  finish();
  return statements;
}

/** A function body of SQL's own holds statements; it ends with END. */
function isInsideBody(words: string): boolean {
  return /\bBEGIN\s+ATOMIC\b/.test(words) && !/\bEND\s*$/.test(words);
}

function endOfToken(sql: string, at: number): number {
  const rest = sql.slice(at, at + 80);
  if (rest.startsWith('--')) return endAfter(sql, '\n', at);
  if (rest.startsWith('/*')) return endOfComment(sql, at);
  if (/^[eE]'/.test(rest)) return endOfQuoted(sql, at + 1, "'", true);
  if (rest.startsWith("'")) return endOfQuoted(sql, at, "'", false);
  if (rest.startsWith('"')) return endOfQuoted(sql, at, '"', false);
  const tag = DOLLAR_TAG.exec(rest)?.[0];
  if (tag !== undefined) {
    const end = sql.indexOf(tag, at + tag.length);
    return end < 0 ? sql.length : end + tag.length;
  }
  const word = /^[A-Za-z_0-9$]+/.exec(sql.slice(at, at + 256))?.[0];
  return at + (word?.length ?? 1);
}

function endAfter(sql: string, mark: string, from: number): number {
  const end = sql.indexOf(mark, from);
  return end < 0 ? sql.length : end + mark.length;
}

/** Comments in comments count in Postgres. */
function endOfComment(sql: string, from: number): number {
  let depth = 0;
  for (let at = from; at < sql.length; at += 1) {
    if (sql.startsWith('/*', at)) {
      depth += 1;
      at += 1;
    } else if (sql.startsWith('*/', at)) {
      depth -= 1;
      at += 1;
      if (depth === 0) return at + 1;
    }
  }
  return sql.length;
}

function endOfQuoted(sql: string, from: number, quote: string, escapes: boolean): number {
  for (let at = from + 1; at < sql.length; at += 1) {
    if (escapes && sql[at] === '\\') at += 1;
    else if (sql[at] === quote) {
      if (sql[at + 1] !== quote) return at + 1;
      at += 1;
    }
  }
  return sql.length;
}

function lineAt(sql: string, at: number): number {
  return sql.slice(0, Math.max(0, at)).split('\n').length;
}

/** Parts between commas outside of parentheses: the actions of an ALTER TABLE. */
export function splitAtCommas(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (text[at] !== ',' || depth > 0) continue;
    parts.push(text.slice(from, at).trim());
    from = at + 1;
  }
  return [...parts, text.slice(from).trim()];
}
