import { describe, expect, it } from 'vitest';
import type { KeeperState, KeepTemporaryInput } from '../../../src/core/model/backup-operation.ts';
import {
  afterProof,
  afterTrouble,
  againMs,
  emptyKeeper,
  keeperAsked,
  withCause,
} from '../../../src/core/temporary/keeping.ts';

const INPUT: KeepTemporaryInput = {
  temporary: {
    region: 'eu-central-1',
    identifier: 'mainstay-verify-crm-0123456789',
    operation: 'o',
    run: 'r',
    database: 'production/crm',
    expiresAtMs: 1_000_000,
  },
  parent: { workflowId: 'o', runId: 'r' },
  questionMs: 60_000,
  goneWithinMs: 3_600_000,
  pollMs: 1_000,
  lateCreateMs: 180_000,
};
const GONE = { outcome: 'gone', looked: ['instances'] } as const;
const deleting = (changes: Partial<KeeperState>): KeeperState => ({
  ...withCause(emptyKeeper(0), 'parentEnded', 1_000),
  ...changes,
});

describe('a keeper', () => {
  it.each([
    {
      when: 'it was asked by a parent that has nothing under way',
      state: { settled: true },
      nowMs: 2_000,
      next: 'end',
    },
    { when: 'the instance was seen', state: { seen: true }, nowMs: 2_000, next: 'end' },
    { when: 'it was never seen and a call may be under way', state: {}, nowMs: 2_000, next: 'again' },
    { when: 'no call can be under way any more', state: {}, nowMs: 181_000, next: 'end' },
  ])('goes to $next after a proof when $when', ({ state, nowMs, next }) => {
    expect(afterProof(INPUT, deleting(state), GONE, nowMs).next).toBe(next);
  });

  it('looks again when the last call can have arrived', () => {
    expect(afterProof(INPUT, deleting({}), GONE, 2_000)).toMatchObject({ next: 'again', waitMs: 179_000 });
  });

  it('counts a name that is of somebody else as gone', () => {
    const after = afterProof(INPUT, deleting({ settled: true }), { outcome: 'foreign', reason: 'not ours' }, 2_000);
    expect(after).toMatchObject({ next: 'end', state: { phase: 'gone', removed: [{ gone: true, says: 'not ours' }] } });
  });

  it('names what is left, and never ends for it', () => {
    const left = [{ kind: 'snapshot', identifier: 'final', status: 'available' }] as const;
    const proof = { outcome: 'left', left, reason: 'final is left' } as const;
    const after = afterProof(INPUT, deleting({ settled: true, rounds: 50 }), proof, 2_000);
    expect(after).toMatchObject({
      next: 'again',
      waitMs: 600_000,
      state: {
        rounds: 51,
        problem: 'final is left',
        removed: [{ object: 'DB snapshot final (eu-central-1)', gone: false }],
      },
    });
    expect(afterTrouble(INPUT, deleting({}), 'Forbidden').next).toBe('again');
  });

  it.each([
    [1, 15_000],
    [2, 30_000],
    [3, 60_000],
    [7, 600_000],
    [1000, 600_000],
  ])('waits after %d rounds %d ms', (rounds, ms) => {
    expect(againMs(rounds)).toBe(ms);
  });

  it('keeps its first cause, and believes that all is settled whenever it is told', () => {
    const expired = withCause(emptyKeeper(0), 'expired', 5);
    expect(keeperAsked(expired, { settled: true }, 9)).toMatchObject({ cause: 'expired', causeAtMs: 5, settled: true });
    expect(keeperAsked({ ...expired, settled: true }, { settled: false }, 9).settled).toBe(true);
  });
});
