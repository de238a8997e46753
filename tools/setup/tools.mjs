// What set-up found, kept for the programs that run after it: the test runner, the demo, bin/mainstay.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDir, isExecutable } from './cache.mjs';
import { PINS } from './pins.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Beside the checkout first; in the user's cache when the checkout belongs to somebody else. MAINSTAY_RECORD names
 * another place, so that tests of set-up leave the record of the checkout alone.
 */
const recordPaths = () => [
  process.env.MAINSTAY_RECORD ?? join(ROOT, '.cache', 'tools.json'),
  join(cacheDir(), 'tools.json'),
];

/**
 * Paths of the programs as environment variables, ready to be spread into a child's environment. A variable that is
 * set already wins over the record; a program that is not there has no entry.
 * @returns {Partial<Record<import('./tools.d.mts').ToolVariable, string>>}
 * @example
 * spawn(process.execPath, [script], { env: { ...process.env, ...loadTools() } });
 */
export function loadTools() {
  const records = recordPaths().map(readRecord);
  const env = {};
  for (const [name, { variable }] of Object.entries(PINS)) {
    const candidates = [process.env[variable], ...records.map((record) => record[name]?.path)];
    const path = candidates.find((candidate) => candidate && isExecutable(candidate));
    if (path) env[variable] = path;
  }
  return env;
}

/**
 * Keeps what was found. Programs found earlier and still there stay on record, so that a set-up for the demo does not
 * take the test server away from the tests.
 * @param {readonly { name: string, path: string, version: string, source: string }[]} found
 */
export function saveTools(found) {
  const problems = [];
  for (const path of recordPaths()) {
    try {
      const record = readRecord(path);
      for (const [name, entry] of Object.entries(record)) if (!isExecutable(entry?.path ?? '')) delete record[name];
      for (const { name, ...entry } of found) record[name] = entry;
      mkdirSync(dirname(path), { recursive: true });
      const scratch = `${path}.${process.pid}`;
      writeFileSync(scratch, `${JSON.stringify(record, null, 2)}\n`);
      renameSync(scratch, path);
      return path;
    } catch (error) {
      problems.push(`${path}: ${error.code ?? error.message}`);
    }
  }
  throw new Error(`what set-up found cannot be written down (${problems.join('; ')})`);
}

function readRecord(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
}
