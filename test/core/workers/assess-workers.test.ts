import { describe, expect, it } from 'vitest';
import type { PinnedRun, Poller, WorkerFacts } from '../../../src/core/model/workers.ts';
import {
  adviseOrphans,
  assessPresence,
  describeOrphans,
  findOrphans,
  pollingBuilds,
} from '../../../src/core/workers/assess-workers.ts';

const NOW = 10_000_000;
const PLAIN = undefined;

/** Workers by build that poll every queue; `ago` is the age of their last poll. */
function facts(builds: readonly (string | undefined)[], currentBuild?: string, agoMs = 5_000): WorkerFacts {
  const pollers = builds.map((buildId): Poller => {
    return {
      identity: `worker-${buildId ?? 'plain'}`,
      seenAtMs: NOW - agoMs,
      ...(buildId !== undefined && { buildId }),
    };
  });
  const queue = (name: string, tasks: 'workflows' | 'activities' | 'watching') => ({ queue: name, tasks, pollers });
  const queues = [queue('mainstay', 'workflows'), queue('mainstay', 'activities'), queue('mainstay-watch', 'watching')];
  return { atMs: NOW, queues, ...(currentBuild !== undefined && { currentBuild }) };
}

describe('who takes a new operation', () => {
  it.each([
    { when: 'a worker without a build', builds: [PLAIN], current: undefined, polls: true },
    { when: 'nobody', builds: [], current: undefined, polls: false },
    { when: 'the current build', builds: ['A'], current: 'A', polls: true },
    { when: 'another build than the current one', builds: ['B'], current: 'A', polls: false },
    { when: 'a build, and none is current', builds: ['B'], current: undefined, polls: false },
    { when: 'a worker without a build, but a build is current', builds: [PLAIN], current: 'A', polls: false },
  ])('$when: $polls', ({ builds, current, polls }) => {
    expect(assessPresence(facts(builds, current)).polls).toBe(polls);
  });

  it('a poll of 70 s ago is one of a worker that is gone', () => {
    expect(assessPresence(facts([PLAIN], undefined, 70_000)).polls).toBe(true);
    expect(assessPresence(facts([PLAIN], undefined, 70_001)).polls).toBe(false);
  });

  it('one queue without a poller is named', () => {
    const { queues, ...rest } = facts([PLAIN]);
    const without = queues.map((each) => (each.tasks === 'watching' ? { ...each, pollers: [] } : each));
    expect(assessPresence({ ...rest, queues: without }).text).toBe(
      'no worker polls the task queue mainstay-watch (watching)',
    );
  });

  it('says which build is missing, which polls, and what to do', () => {
    const presence = assessPresence(facts(['B'], 'A'));
    expect(presence.text).toMatch(
      /^no worker of build A, the current one, polls the task queue mainstay \(workflows\)/,
    );
    expect(presence.text).toContain('polled by build B');
    expect(presence.advice).toContain('mainstay worker --build-id A');
    expect(presence.advice).toContain('set-current-version --deployment-name mainstay --build-id B');
    expect(assessPresence(facts(['B'])).advice).toContain('--build-id B');
    expect(assessPresence(facts([])).advice).toContain('mainstay worker (');
  });
});

it('a pinned run needs its own build, whatever is current', () => {
  expect(assessPresence(facts(['B'], 'B'), { of: 'build', buildId: 'A' }).polls).toBe(false);
  expect(assessPresence(facts(['A', 'B'], 'B'), { of: 'build', buildId: 'A' }).polls).toBe(true);
  expect(pollingBuilds(facts(['B', PLAIN, 'A']))).toEqual(['A', 'B']);
});

describe('runs that nobody can go on with', () => {
  const run = (workflowId: string, buildId: string): PinnedRun => ({ workflowId, runId: 'r', buildId });

  it('are found by build, named, and told what brings them on', () => {
    const pinned = [run('deploy/1', 'A'), run('deploy/2', 'B'), run('deploy/3', 'A'), run('x', 'A'), run('y', 'A')];
    const [orphans, ...more] = findOrphans(facts(['B'], 'B'), pinned);
    expect(more).toEqual([]);
    if (!orphans) throw new Error('none found');
    expect(describeOrphans(orphans)).toBe(
      '4 running operations are pinned to build A, which nobody polls, and stand still: deploy/1, deploy/3, x, and 1 more',
    );
    const advice = adviseOrphans(orphans, 'B').join('\n');
    expect(advice).toContain('mainstay worker --build-id A');
    expect(advice).toContain('--versioning-override-build-id B');
  });

  it('are none while their build polls', () => {
    expect(findOrphans(facts(['A', 'B'], 'B'), [run('deploy/1', 'A')])).toEqual([]);
  });
});
