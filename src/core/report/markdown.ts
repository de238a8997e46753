import { inWords, type WordBlock } from './flatten-blocks.ts';
import type { ReportPage } from './sections.ts';

/** The page as Markdown with tables, for a ticket or a post-mortem. */
export function reportMarkdown({ title, sections }: ReportPage): string {
  const lines = [`# ${escaped(title.replaceAll(/ {2,}/g, ': '))}`, ''];
  for (const section of sections) {
    lines.push(`## ${section.title}`, '');
    for (const block of section.blocks) lines.push(...blockLines(inWords(block)), '');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

function blockLines(block: WordBlock): readonly string[] {
  switch (block.kind) {
    case 'text':
      return [escaped(block.text)];
    case 'list':
      return block.items.flatMap(({ text, command }) => [
        `- ${escaped(text)}`,
        ...(command === undefined ? [] : ['', '  ```sh', `  ${command}`, '  ```']),
      ]);
    case 'table':
      return [
        row(block.columns),
        row(block.columns.map(() => '---')),
        ...block.rows.map((cells) => row(cells.map(escaped))),
      ];
  }
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Reasons come from people, services and servers: none of it may become markup, a link or another cell. */
function escaped(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\`*_[\]<>|#]/g, (sign) => `\\${sign}`)
    .trim();
}
