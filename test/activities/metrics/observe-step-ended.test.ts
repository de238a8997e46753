import { ActivityCancellationDetails } from '@temporalio/common';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ObserveHeartbeat } from '../../../src/activities/metrics/observe-step.ts';
import { errorRatio } from '../../core/analysis/fixtures.ts';
import { cluster, FAST, inputOf, observe, serve, traffic, until } from './watch-lab.ts';

describe('being ended from outside', () => {
  beforeEach(async () => {
    await serve('stable', traffic(0));
    await serve('canary', traffic(0));
  });
  const hold = () => inputOf([errorRatio(FAST)], { mode: 'hold' });
  const details = (asked: ConstructorParameters<typeof ActivityCancellationDetails>[0]) =>
    new ActivityCancellationDetails(asked);

  it('brings the tally home when the workflow cancels it', async () => {
    const input = hold();
    const { tally, env, beats } = observe(input);
    await until(() => beats.length > 8);
    env.cancel('CANCELLED', details({ cancelRequested: true }));
    const found = await tally;
    expect(found.ended).toBe('cancelled');
    expect(found.slots.length).toBeGreaterThan(5);
    expect(found).not.toHaveProperty('remainingMs');
  });
  it('brings the tally home also in the middle of a slow look', async () => {
    const slow = await cluster.page(() => undefined);
    cluster.pods[1] = { name: 'canary-1', track: 'canary', dial: slow.host };
    const { tally, env } = observe(hold());
    await until(() => slow.requests.length > 0);
    env.cancel('CANCELLED', details({ cancelRequested: true }));
    expect((await tally).ended).toBe('cancelled');
  });
  it.each([
    { reason: 'WORKER_SHUTDOWN' as const, asked: { workerShutdown: true } },
    { reason: 'TIMED_OUT' as const, asked: { timedOut: true } },
    { reason: 'NOT_FOUND' as const, asked: { notFound: true } },
  ])('throws on $reason, so that another worker goes on', async ({ reason, asked }) => {
    const { tally, env, beats } = observe(hold());
    await until(() => beats.length > 3);
    env.cancel(reason, details(asked));
    await expect(tally).rejects.toMatchObject({ name: 'CancelledFailure', message: reason });
  });
  it('another worker resumes from the last heartbeat and loses no request', async () => {
    const input = hold();
    const first = observe(input);
    await until(() => first.beats.length > 5);
    first.env.cancel('WORKER_SHUTDOWN', details({ workerShutdown: true }));
    await first.tally.catch(() => undefined);
    const last = JSON.parse(JSON.stringify(first.beats.at(-1))) as ObserveHeartbeat;

    const second = observe(input, last);
    await until(() => (second.beats.at(-1)?.state.looks ?? 0) > last.state.looks + 3);
    second.env.cancel('CANCELLED', details({ cancelRequested: true }));
    const found = await second.tally;
    expect(found.startedAtMs).toBe(last.state.startedAtMs);
    expect(found.slots.slice(0, last.state.slots.length)).toEqual(last.state.slots);
    // The page counts 100 requests a read: what was read between the two workers is in the first slot of the second.
    expect(found.slots.reduce((sum, slot) => sum + (slot.nC ?? 0), 0) % 100).toBe(0);
    expect(found.slots.every((slot) => (slot.nC ?? 0) >= 100)).toBe(true);
  });
  it('a heartbeat of another step is not resumed from', async () => {
    const input = inputOf([errorRatio(FAST)]);
    const foreign = { look: {}, state: { version: 1, step: 3, mode: 'step', ended: 'timeOver' } };
    expect((await observe(input, foreign).tally).slots.length).toBeGreaterThan(3);
  });
  it('the next step counts on from the cursor', async () => {
    const input = inputOf([errorRatio(FAST)]);
    const first = await observe(input).tally;
    const cursor: unknown = JSON.parse(JSON.stringify(first.cursor));
    const next = await observe(inputOf([errorRatio(FAST)], { cursor })).tally;
    expect(next.slots[0]).toMatchObject({ nC: 100, nS: 100 });
  });
  it('keeps its heartbeat small', async () => {
    const { tally, env, beats } = observe(hold());
    await until(() => beats.length > 20);
    env.cancel('CANCELLED', details({ cancelRequested: true }));
    await tally;
    expect(JSON.stringify(beats.at(-1)).length).toBeLessThan(20_000);
  });
});
