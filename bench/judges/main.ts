// Prints how our judge does on simulated streams, beside the specification's figures and the rules of the field.
//   npm run bench:judges                      minutes on 2 cores
//   npm run bench:judges -- --quick           for CI: a part of the cells, fewer streams
//   npm run bench:judges -- --full            as many streams as the specification's figures were made from
//     --json FILE      figures and checks as JSON        --write-docs   docs/benchmarks/judges.md
//     --only NAME,...  some of the measures              --seed N       other streams      --threads N
// Exit code 1 when a figure is further from the specification's than chance allows; time never fails it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Section } from './measure.ts';
import { MEASURES } from './measures.ts';
import { simulateAll } from './pool.ts';
import { pageText, sectionText, verdictOf, verdictText } from './print.ts';
import { PROFILE, PROFILES, SEED, type Profile } from './profiles.ts';

const DOCS = fileURLToPath(new URL('../../docs/benchmarks/judges.md', import.meta.url));

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    default: { type: 'boolean', default: false },
    json: { type: 'string' },
    'write-docs': { type: 'boolean', default: false },
    only: { type: 'string' },
    seed: { type: 'string', default: String(SEED) },
    threads: { type: 'string', default: String(Math.max(1, availableParallelism())) },
  },
});

const profile: Profile = PROFILE[PROFILES.find((name) => name !== 'default' && values[name]) ?? 'default'];
const seed = wholeNumber('--seed', values.seed);
const threads = wholeNumber('--threads', values.threads);
const names = values.only?.split(',') ?? MEASURES.map(({ name }) => name);
const unknown = names.filter((name) => !MEASURES.some((measure) => measure.name === name));
if (unknown.length > 0) {
  throw new Error(`--only ${unknown.join(',')}: expected some of ${MEASURES.map(({ name }) => name).join(', ')}`);
}
if (values['write-docs'] && values.only !== undefined)
  throw new Error('--write-docs writes all measures: leave out --only');

const startedAt = performance.now();
const measures = MEASURES.filter(({ name }) => names.includes(name));
const cells = measures.flatMap((measure) => measure.cells(profile).map((cell) => ({ measure: measure.name, cell })));
const found = await simulateAll(cells, seed, threads, showProgress);
const sections = measures.map((measure): Section => measure.report(found.get(measure.name) ?? new Map(), profile));
const verdict = verdictOf(sections);

console.log(sections.map(sectionText).join('\n\n'));
console.log(`\n${verdictText(verdict)}`);
const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
console.log(`profile ${profile.name}, seed ${seed}, ${threads} threads, ${seconds} s`);
if (values.json !== undefined) write(values.json, `${JSON.stringify({ profile, seed, sections, verdict }, null, 2)}\n`);
if (values['write-docs']) write(DOCS, pageText(sections, profile, seed));
process.exitCode = verdict.failed.length > 0 ? 1 : 0;

function write(path: string, text: string): void {
  mkdirSync(dirname(join(path)), { recursive: true });
  writeFileSync(path, text);
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${option} must be a whole number from 1, is ${text}`);
  return value;
}

function showProgress(done: number, all: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(done === all ? '\r\u001b[K' : `\r${Math.floor((100 * done) / all)} %`);
}
