/** The same text for terminals and for the page under docs: Markdown with padded columns. */
import { failingDistance, MARKED, type Check } from './compare.ts';
import type { Section, Table } from './measure.ts';
import type { Profile } from './profiles.ts';

export function sectionText({ title, notes, tables, checks }: Section): string {
  const parts = [`## ${title}`, ...notes, ...tables.map(tableText), marksText(checks)];
  return parts.filter((part) => part !== '').join('\n\n');
}

function tableText({ title, head, rows }: Table): string {
  const widths = head.map((name, at) => Math.max(3, name.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [`**${title}**`, '', line(head), rule, ...rows.map(line)].join('\n');
}

function marksText(checks: readonly Check[]): string {
  const marked = checks.filter(({ errors }) => errors > MARKED);
  const kept = checks.length - marked.length;
  const first = `${kept} of ${checks.length} figures within ${MARKED} standard errors of the specification's.`;
  return [first, ...marked.map((check) => `- ${checkText(check)}`)].join('\n');
}

export function checkText({ what, ours, page, errors }: Check): string {
  const distance = Number.isFinite(errors) ? `${errors.toFixed(1)} standard errors` : 'must be equal';
  return `${what}: ours ${ours}, specified ${page} (${distance})`;
}

export interface Verdict {
  readonly checks: number;
  readonly marked: readonly Check[];
  readonly failed: readonly Check[];
  readonly limit: number;
}

/** Fails when a figure is so far off that chance alone would do it, anywhere in the run, once in 1,000. */
export function verdictOf(sections: readonly Section[]): Verdict {
  const checks = sections.flatMap((section) => section.checks);
  const limit = failingDistance(checks.length);
  return {
    checks: checks.length,
    marked: checks.filter(({ errors }) => errors > MARKED),
    failed: checks.filter(({ errors }) => errors > limit),
    limit,
  };
}

export function verdictText({ checks, marked, failed, limit }: Verdict): string {
  const known = `${checks} figures beside the specification's: ${checks - marked.length} within ${MARKED} standard errors, ${marked.length} beyond, ${failed.length} beyond ${limit.toFixed(2)}`;
  const why = `(the distance that chance alone exceeds anywhere in these ${checks} once in 1,000 runs)`;
  return [`${known} ${why}.`, ...failed.map((check) => `FAILED ${checkText(check)}`)].join('\n');
}

export function pageText(sections: readonly Section[], profile: Profile, seed: number): string {
  const head = [
    '# The judges, measured',
    `Written by \`npm run bench:judges -- --${profile.name} --write-docs\`; the seed is ${seed}, so that the same command gives the same figures again. Streams: requests Poisson, errors binomial, bursts as each table says (\`bench/judges/streams\`). Our judge is the product's own code (\`src/core/analysis/sequential\`), looked at every 10 s.`,
    'The figures in brackets are those of the specification, simulated too, with as many streams as `--full` makes.',
    verdictText(verdictOf(sections)),
  ];
  return `${[...head, ...sections.map(sectionText)].join('\n\n')}\n`;
}
