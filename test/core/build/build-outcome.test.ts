import { describe, expect, it } from 'vitest';
import { assessBuild, type BuildEnd, explainBuildFailure } from '../../../src/core/build/build-outcome.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const good: BuildEnd = {
  ended: 'exited',
  exitCode: 0,
  signal: null,
  startedAtMs: 1000,
  endedAtMs: 4200,
  lastOutputLine: digest,
  tail: [],
};

describe('assessBuild', () => {
  it.each<{ when: string; end: Partial<BuildEnd>; says: string }>([
    { when: 'it exits with a code', end: { exitCode: 2 }, says: 'command exited with code 2 after 3.2 s' },
    { when: 'it exits with a code after a digest', end: { exitCode: 1, lastOutputLine: digest }, says: 'code 1' },
    { when: 'somebody kills it', end: { exitCode: null, signal: 'SIGKILL' }, says: 'killed by SIGKILL after 3.2 s' },
    { when: 'its last line is something else', end: { lastOutputLine: 'done' }, says: 'it is `done`' },
    { when: 'it prints nothing', end: { lastOutputLine: '' }, says: 'the output is empty' },
    {
      when: 'the digest is in capitals',
      end: { lastOutputLine: digest.toUpperCase() },
      says: 'must be the image digest',
    },
    { when: 'the digest is short', end: { lastOutputLine: digest.slice(0, -1) }, says: 'must be the image digest' },
    {
      when: 'the digest has a name before it',
      end: { lastOutputLine: `repo@${digest}` },
      says: 'must be the image digest',
    },
    {
      when: 'its time is over',
      end: { ended: 'timedOut', exitCode: null, endedAtMs: 76_000 },
      says: 'stopped after 75 s: its time was over',
    },
    { when: 'nobody wants it', end: { ended: 'stopped', exitCode: null }, says: 'no longer wants it' },
    {
      when: 'its process is gone',
      end: { ended: 'vanished', exitCode: null, problem: 'process 7 is gone' },
      says: 'build process vanished after 3.2 s: process 7 is gone',
    },
    {
      when: 'the program is not there',
      end: { ended: 'notStarted', exitCode: null, problem: 'make: no such program' },
      says: 'could not be started: make: no such program',
    },
  ])('fails when $when', ({ end, says }) => {
    const found = assessBuild({ ...good, ...end });
    expect(found.outcome).toBe('failed');
    expect(found.outcome === 'failed' && found.reason).toContain(says);
  });

  it('is built when it exits with 0 and ends with a digest', () => {
    expect(assessBuild(good)).toEqual({ outcome: 'built', digest });
  });
});

describe('explainBuildFailure', () => {
  it('shows the end of the output, or says that there is none', () => {
    expect(explainBuildFailure('build of a v1', 'r', ['x', 'y'])).toBe(
      'build of a v1: r; the last lines of its output:\n  x\n  y',
    );
    expect(explainBuildFailure('build of a v1', 'r', [])).toBe('build of a v1: r; it wrote no output');
  });
});
