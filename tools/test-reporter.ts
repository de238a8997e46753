import { styleText } from 'node:util';
import type { UserConsoleLog } from 'vitest';
import type { Reporter, SerializedError, TestModule, TestRunEndReason, Vitest } from 'vitest/node';
import { closingLine, type Failure, type Tally, tallyOf, writeTally } from './test-report/tally.ts';

const SLOW_MS = 1_000;
const SLOWEST_SHOWN = 8;
const LOG_LIMIT_CHARS = 8_000;

/**
 * Prints one line a file while tests run, then what failed and why, the slowest tests and what was skipped, and as the
 * very last line `N passed, N failed, N skipped`. Under `tools/run-tests.mjs` (MAINSTAY_TEST_TALLY is set) the counts
 * go to that file and the runner prints the line, so that nothing can follow it and a crash still has one.
 */
export class SummaryReporter implements Reporter {
  readonly #tallyPath = process.env.MAINSTAY_TEST_TALLY;
  readonly #modules = new Map<string, TestModule>();
  readonly #logs = new Map<string, string>();

  onInit(vitest: Vitest): void {
    // The runner's polite request: running tests end and clean up, the others are not started.
    process.on('SIGUSR2', () => void vitest.cancelCurrentRun('keyboard-input'));
    // Not polite: vitest exits at once, so what was seen until now is reported first.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.prependOnceListener(signal, () => this.#report([...this.#modules.values()], [], false));
    }
  }

  onTestModuleCollected(module: TestModule): void {
    this.#modules.set(module.id, module);
  }

  onTestModuleEnd(module: TestModule): void {
    this.#modules.set(module.id, module);
    const { passed, failed, skipped, failures } = tallyOf([module], []);
    const mark = failed > 0 ? paint('red', 'FAIL') : paint('green', 'ok  ');
    const counts = failed + skipped > 0 ? closingLine({ passed, failed, skipped }) : `${passed} passed`;
    const seconds = (module.diagnostic().duration / 1_000).toFixed(1);
    print(`${mark} ${module.project.name.padEnd(9)} ${module.relativeModuleId}  ${counts}, ${seconds} s`);
    for (const { title, errors } of failures) print(`       ${title}: ${firstLine(errors[0]?.message)}`);
    if (this.#tallyPath) writeTally(this.#tallyPath, tallyOf([...this.#modules.values()], []), false);
  }

  onUserConsoleLog({ taskId, content }: UserConsoleLog): void {
    if (!taskId) return;
    this.#logs.set(taskId, `${this.#logs.get(taskId) ?? ''}${content}`.slice(-LOG_LIMIT_CHARS));
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[], reason: TestRunEndReason): void {
    this.#report(modules, unhandled, reason !== 'interrupted');
  }

  #report(modules: readonly TestModule[], unhandled: readonly SerializedError[], isWhole: boolean): void {
    const tally = tallyOf(modules, unhandled);
    this.#printFailures(tally.failures);
    printSlowest(modules);
    printSkips(tally);
    printNotes(modules);
    if (!isWhole) print('\nThe run was interrupted: this is what was seen until then.');
    if (this.#tallyPath) writeTally(this.#tallyPath, tally, true);
    else print(`\n${closingLine(tally)}`);
  }

  #printFailures(failures: readonly Failure[]): void {
    if (failures.length > 0) print(`\n${paint('red', 'Failed')}`);
    for (const { title, errors, taskId } of failures) {
      print(`\n- ${title}`);
      for (const error of errors) {
        print(indent(`${error.name ?? 'Error'}: ${error.message}`));
        if (error.diff) print(indent(error.diff));
        print(indent(projectFrames(error.stack)));
      }
      const log = taskId ? this.#logs.get(taskId) : undefined;
      if (log) print(`${indent('It printed:')}\n${indent(log)}`);
    }
  }
}

// vitest loads a reporter by its default export.
export { SummaryReporter as default };

function printSlowest(modules: readonly TestModule[]): void {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const timed = tests.map((test) => ({ test, ms: test.diagnostic()?.duration ?? 0 })).filter(({ ms }) => ms >= SLOW_MS);
  if (timed.length === 0) return;
  print('\nSlowest');
  timed.sort((a, b) => b.ms - a.ms);
  for (const { test, ms } of timed.slice(0, SLOWEST_SHOWN)) {
    print(`  ${(ms / 1_000).toFixed(1).padStart(6)} s  ${test.module.relativeModuleId} > ${test.fullName}`);
  }
}

function printSkips({ skips }: Tally): void {
  if (skips.length === 0) return;
  print('\nSkipped');
  const byReason = new Map<string, string[]>();
  for (const { title, reason = missingTools() } of skips) {
    byReason.set(reason, [...(byReason.get(reason) ?? []), title]);
  }
  for (const [reason, titles] of byReason) {
    print(`- ${reason} (${titles.length})`);
    for (const title of titles.slice(0, 20)) print(`    ${title}`);
    if (titles.length > 20) print(`    and ${titles.length - 20} more`);
  }
}

/** What tests wanted to say without failing. */
function printNotes(modules: readonly TestModule[]): void {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const notes = tests.flatMap((test) => test.annotations()).filter(({ type }) => type === 'warning');
  if (notes.length > 0) print(`\nNotes\n${notes.map(({ message }) => `- ${message}`).join('\n')}`);
}

/** A skip without words is nearly always a program that set-up could not provide. */
function missingTools(): string {
  const variables = ['TEMPORAL_CLI_PATH', 'TEMPORAL_TEST_SERVER_PATH', 'MAINSTAY_KUBECTL'];
  const missing = variables.filter((name) => !process.env[name]);
  return missing.length > 0 ? `no reason given; not on this machine: ${missing.join(', ')}` : 'no reason given';
}

/** Where in this project it happened: frames of packages and of Node tell nothing. */
function projectFrames(stack: string | undefined): string {
  const frames = stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  const ours = frames.filter((line) => !/node_modules|node:|<anonymous>/.test(line));
  return ours
    .slice(0, 6)
    .map((line) => line.trim().replace(`${process.cwd()}/`, ''))
    .join('\n');
}

function firstLine(text: string | undefined): string {
  return text?.split('\n')[0]?.slice(0, 160) ?? 'no message';
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '    ');
}

function paint(color: 'red' | 'green', text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText(color, text) : text;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
