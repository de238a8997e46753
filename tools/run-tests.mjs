#!/usr/bin/env node
// Runs the tests with the programs that set-up found, within one budget of time, and closes with the line
// `N passed, N failed, N skipped`, whatever happened before it. Arguments go to vitest:
//   npm test -- test/core            only files whose path contains that
//   npm test -- --project workflows  one kind; `slow` and `restore` are run only when they are named
// Exit code 0 only when at least one test ran, none failed and nothing else went wrong; 130 when interrupted.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadTools } from './setup/tools.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const REPORTER = './tools/test-reporter.ts';
const BUDGET_S = Number(process.env.MAINSTAY_TEST_BUDGET_S) || 900;
const GRACE_MS = (Number(process.env.MAINSTAY_TEST_GRACE_S) || 15) * 1_000;

const colors = process.stdout.isTTY ? {} : { NO_COLOR: '1', FORCE_COLOR: '0' };
const scratch = mkdtempSync(join(tmpdir(), 'mainstay-test-run-'));
const tallyPath = join(scratch, 'tally.json');
const args = process.argv.slice(2);
// What is slow has its own command; whoever names a kind or a configuration gets that. Named one by one: of several kinds
// that are left out vitest runs each that is not left out by all.
const EVERYDAY = ['core', 'unit', 'sandbox', 'replay', 'workflows', 'e2e'];
if (!args.some((arg) => /^--(project|config)\b/.test(arg)))
  args.push(...EVERYDAY.flatMap((kind) => ['--project', kind]));
if (args.some((arg) => arg.startsWith('--reporter'))) args.push(`--reporter=${REPORTER}`); // ours counts

const child = spawn(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...args], {
  cwd: ROOT,
  env: { ...process.env, ...colors, ...loadTools(), MAINSTAY_TEST_TALLY: tallyPath },
  stdio: ['ignore', 'inherit', 'inherit'],
  detached: true, // a process group of its own, so that its workers can be ended with it
});

let ending; // why we ended the run early: a signal's name, or 'budget'
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => endEarly(name));
const budget = setTimeout(() => endEarly('budget'), BUDGET_S * 1_000);

child.on('error', (error) => finish(1, [`vitest could not be started: ${error.message}`]));
child.on('exit', (code, killedBy) => {
  if (ending === 'budget') finish(1, [`the run took longer than its budget of ${BUDGET_S} s and was ended`]);
  else if (ending) finish(130, []);
  else if (killedBy) finish(1, [`vitest was ended by ${killedBy}`]);
  else finish(code ?? 1, []);
});

function endEarly(reason) {
  if (ending) return signal(-child.pid, 'SIGKILL'); // a second Ctrl-C does not wait
  ending = reason;
  if (reason !== 'budget') process.stdout.write('\nending the run: tests that are under way clean up first\n');
  signal(child.pid, 'SIGUSR2'); // our reporter: start no more tests, let the running ones end
  setTimeout(() => signal(child.pid, 'SIGINT'), GRACE_MS).unref();
  setTimeout(() => signal(-child.pid, 'SIGKILL'), GRACE_MS + 5_000).unref();
}

/** A negative number is the whole group: vitest, its workers and the servers that tests started. */
function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // gone already
  }
}

function finish(vitestCode, problems) {
  clearTimeout(budget);
  signal(-child.pid, 'SIGKILL'); // test processes that hang on must not outlive the run
  const tally = readTally();
  if (!tally.isComplete && !ending) problems.push('vitest ended before it had reported');
  const failed = tally.failed + problems.length;
  const ran = tally.passed + failed;
  for (const problem of problems) process.stdout.write(`\n${problem}\n`);
  if (ran === 0 && !ending) process.stdout.write('\nno test ran: that is not a success\n');
  rmSync(scratch, { recursive: true, force: true });
  process.stdout.write(`\n${tally.passed} passed, ${failed} failed, ${tally.skipped} skipped\n`);
  process.exit(vitestCode || (failed > 0 || ran === 0 ? 1 : 0));
}

function readTally() {
  try {
    return JSON.parse(readFileSync(tallyPath, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0, isComplete: false };
  }
}
