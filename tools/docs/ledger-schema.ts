import { SCHEMA_VERSIONS } from '../../src/clients/ledger/schema/index.ts';
import { markdownTable } from './markdown-table.ts';

const SCHEMA_TABLE = /^create table mainstay\.(\w+) \(([^;]*?)^\);/gm;
const COLUMN = /^ {2}(?!primary|foreign|unique)(\w+) (double precision|\w+)(.*?),?$/gm;

/** docs/reference/ledger.generated.md: tables and columns, in the words that stand in the database itself. */
export function ledgerSchemaPage(): string {
  const text = SCHEMA_VERSIONS.map(({ sql }) => sql).join('\n');
  const sections = [...text.matchAll(SCHEMA_TABLE)].map(([, table = '', body = '']) => {
    const rows = [...body.matchAll(COLUMN)].map(([, column = '', type = '', rest = '']) => [
      `\`${column}\``,
      `${type}${/not null|primary key/.test(rest) ? '' : ', may be empty'}`,
      commentOn(text, `column mainstay.${table}.${column}`),
    ]);
    const keys = [...body.matchAll(/^ {2}(?:primary key|unique) \((.*)\),?$/gm)].map(([, columns]) => columns);
    const key = keys.length === 0 ? '' : ` One row for each ${keys.join(' / ')}.`;
    return `## \`mainstay.${table}\`\n\n${commentOn(text, `table mainstay.${table}`)}${key}\n\n${markdownTable(['column', 'type', 'meaning'], rows)}\n`;
  });
  const versions = SCHEMA_VERSIONS.map(({ version, name }) => `${version} (${name})`).join(', ');
  return ['# Tables of the release ledger', '', `Schema \`mainstay\`, version ${versions}.`, '', ...sections].join(
    '\n',
  );
}

function commentOn(text: string, what: string): string {
  const [, says] = new RegExp(`comment on ${what.replaceAll('.', '\\.')} is '([^']*)';`).exec(text) ?? [];
  if (says === undefined) throw new Error(`no comment on ${what}`);
  return says;
}
