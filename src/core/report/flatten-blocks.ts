/** Pictures as tables, for who can show words only: a terminal, Markdown. */
import { momentInWords } from '../status/words.ts';
import { amountInWords, shortSpan } from './amounts.ts';
import type { Block, Spans, Trend } from './sections.ts';

export type WordBlock = Exclude<Block, Trend | Spans>;

/** How many runs of a trend are told in words: the newest. */
const TOLD = 12;

export function inWords(block: Block): WordBlock {
  switch (block.kind) {
    case 'trend':
      return trendTable(block);
    case 'spans':
      return spansTable(block);
    default:
      return block;
  }
}

function trendTable({ title, unit, points, limit }: Trend): WordBlock {
  const rows = points.slice(-TOLD).map(({ atMs, value, says }) => {
    const amount = value === null ? 'not measured' : amountInWords(unit, value);
    const against = value === null || limit === undefined ? '' : value <= limit.value ? 'within' : 'OVER';
    return [momentInWords(atMs), amount, ...(limit ? [against] : []), says];
  });
  const named = limit ? [`${limit.name} ${amountInWords(unit, limit.value)}`] : [];
  return { kind: 'table', columns: ['run', title, ...named, 'ended'], rows };
}

function spansTable({ title, spans }: Spans): WordBlock {
  const rows = spans.map(({ name, startedAtMs, endedAtMs }) => [
    name,
    momentInWords(startedAtMs),
    shortSpan(endedAtMs - startedAtMs),
  ]);
  return { kind: 'table', columns: [title, 'began', 'took'], rows };
}
