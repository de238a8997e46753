import { renameSync, writeFileSync } from 'node:fs';
import type { TestCase, TestModule, TestSuite } from 'vitest/node';

/** Counts for the closing line, and what stands behind them. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
  readonly skips: readonly Skip[];
}

/** Something that counts as failed: a test, a suite whose hooks failed, or a file that could not be loaded. */
export interface Failure {
  readonly title: string;
  readonly errors: readonly TestErrorShape[];
  readonly taskId: string | undefined;
}

/** A test that did not run. `reason` is what the test gave to `skip`, where it gave one. */
export interface Skip {
  readonly title: string;
  readonly reason: string | undefined;
}

/** The part of vitest's error shape that a person reads. */
export interface TestErrorShape {
  readonly name?: string;
  readonly message: string;
  readonly stack?: string;
  readonly diff?: string;
}

/**
 * Counts tests, and suites or files that failed outside of any test (an import that throws, a hook): those would
 * otherwise show as skipped tests or as nothing at all. A test that never came to run counts as skipped.
 */
export function tallyOf(modules: readonly TestModule[], unhandled: readonly TestErrorShape[]): Tally {
  const failures: Failure[] = [];
  const skips: Skip[] = [];
  let passed = 0;
  for (const module of modules) {
    const file = `${module.project.name} ${module.relativeModuleId}`;
    if (module.errors().length > 0) failures.push({ title: file, errors: module.errors(), taskId: module.id });
    for (const suite of module.children.allSuites()) {
      if (suite.errors().length > 0) failures.push(failedSuite(file, suite));
    }
    for (const test of module.children.allTests()) {
      const result = test.result();
      const title = `${file} > ${test.fullName}`;
      if (result.state === 'passed') passed += 1;
      else if (result.state === 'failed') failures.push({ title, errors: result.errors, taskId: test.id });
      else skips.push({ title, reason: reasonOf(test) });
    }
  }
  for (const error of unhandled)
    failures.push({ title: 'error outside of any test', errors: [error], taskId: undefined });
  return { passed, failed: failures.length, skipped: skips.length, failures, skips };
}

/** The line that every run ends with. */
export function closingLine({ passed, failed, skipped }: Pick<Tally, 'passed' | 'failed' | 'skipped'>): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** Leaves the counts to the test runner, by rename, so that it never reads half of them. */
export function writeTally(path: string, tally: Tally, isComplete: boolean): void {
  const { passed, failed, skipped } = tally;
  writeFileSync(`${path}.part`, JSON.stringify({ passed, failed, skipped, isComplete }));
  renameSync(`${path}.part`, path);
}

function failedSuite(file: string, suite: TestSuite): Failure {
  return { title: `${file} > ${suite.fullName}`, errors: suite.errors(), taskId: suite.id };
}

function reasonOf(test: TestCase): string | undefined {
  const result = test.result();
  if (result.state === 'pending') return 'the run ended before it';
  if (result.state === 'skipped' && result.note) return result.note;
  return isUnderFailedSuite(test) ? 'a hook of its suite failed' : undefined;
}

function isUnderFailedSuite(test: TestCase): boolean {
  for (let parent = test.parent; parent.type === 'suite'; parent = parent.parent) {
    if (parent.errors().length > 0) return true;
  }
  return test.module.errors().length > 0;
}
