/** A report as one page that needs nothing else: no script, no request, pictures as SVG. */
import type { Block, ReportPage, Section } from '../../core/report/sections.ts';
import { spansPicture, trendPicture } from './charts.ts';

export function reportHtml({ title, mood, sections }: ReportPage): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    // Whatever a service or a person wrote into a reason: it can load and run nothing.
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    `<h1 class="${mood}">${escaped(title)}</h1>`,
    ...sections.map(sectionHtml),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function sectionHtml({ title, blocks }: Section): string {
  const pictures = blocks.filter(({ kind }) => kind === 'trend' || kind === 'spans');
  const others = blocks.filter((block) => !pictures.includes(block));
  const heading = title === 'Summary' ? '' : `<h2>${escaped(title)}</h2>`;
  const row = pictures.length === 0 ? '' : `<div class="pictures">${pictures.map(blockHtml).join('')}</div>`;
  return `<section>${heading}${row}${others.map(blockHtml).join('\n')}</section>`;
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'text':
      return `<p>${escaped(block.text)}</p>`;
    case 'list':
      return `<ul>${block.items.map(({ text, command }) => `<li>${escaped(text)}${command === undefined ? '' : `<pre>${escaped(command)}</pre>`}</li>`).join('')}</ul>`;
    case 'table':
      return tableHtml(block.columns, block.rows);
    case 'trend':
      return `<figure><figcaption>${escaped(block.title)}</figcaption>${trendPicture(block)}</figure>`;
    case 'spans':
      return `<figure class="wide">${spansPicture(block)}</figure>`;
  }
}

function tableHtml(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const isLabelled = columns.every((column) => column === '');
  const head = isLabelled
    ? ''
    : `<thead><tr>${columns.map((column) => `<th scope="col">${escaped(column)}</th>`).join('')}</tr></thead>`;
  const body = rows.map((cells) => {
    const tone = toneOf(cells);
    const inner = cells.map((cell, index) =>
      isLabelled && index === 0 ? `<th scope="row">${escaped(cell)}</th>` : `<td>${escaped(cell)}</td>`,
    );
    return `<tr${tone === '' ? '' : ` class="${tone}"`}>${inner.join('')}</tr>`;
  });
  return `<div class="scroll"><table>${head}<tbody>${body.join('\n')}</tbody></table></div>`;
}

function toneOf(cells: readonly string[]): string {
  if (cells.some((cell) => cell === 'FAIL' || cell === 'STILL THERE' || cell.startsWith('NOT RESTORED'))) return 'bad';
  return cells.some((cell) => cell === 'could not verify' || cell === 'unproven') ? 'warning' : '';
}

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

const STYLE = `
:root { color-scheme: light; --ink: #1c2430; --dim: #5b6675; --line: #dde2e8; --bad: #b3261e; --warning: #8a5a00; --well: #1b6e3c; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 1080px; margin: 2rem auto; padding: 0 1.25rem; background: #fff; }
h1 { font-size: 1.45rem; border-left: 8px solid; padding-left: .75rem; overflow-wrap: anywhere; }
h1.bad { color: var(--bad); } h1.warning { color: var(--warning); } h1.well { color: var(--well); }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
td:first-child { overflow-wrap: normal; }
th { color: var(--dim); font-weight: 600; white-space: nowrap; }
tr.bad td { color: var(--bad); font-weight: 600; } tr.warning td { color: var(--warning); }
.scroll { overflow-x: auto; margin-bottom: 1rem; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; } figure.wide { width: 100%; }
figcaption { color: var(--dim); font-weight: 600; }
svg { max-width: 100%; height: auto; }
pre { background: #f4f6f8; padding: .5rem .75rem; overflow-x: auto; }
@media print { body { margin: 0; } section { break-inside: avoid-page; } }
`;
