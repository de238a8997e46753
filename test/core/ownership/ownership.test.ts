import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeployResult, Deposit } from '../../../src/core/model/operation.ts';
import type { AcquireRequest } from '../../../src/core/model/ownership.ts';
import { ON_BUSY } from '../../../src/core/model/plan.ts';
import {
  acquire,
  deposit,
  emptyOwnership,
  isIdle,
  nextTerm,
  ownerEnded,
  type OwnershipState,
  release,
  type Transition,
  viewOwnership,
  withdraw,
} from '../../../src/core/ownership/ownership.ts';

const NOW = 1_732_190_000_000;
const RECORD = { promoting: false } as Deposit;
const RESULT = { outcome: 'promoted' } as DeployResult;

function ask(id: string, onBusy: AcquireRequest['onBusy'] = 'reject', observedTerm = 0): AcquireRequest {
  const requestedBy = 'release-manager';
  return {
    requestId: id,
    workflowId: `deploy/${id}`,
    runId: 'r',
    purpose: id,
    requestedBy,
    reason: 'why',
    onBusy,
    observedTerm,
  };
}

function start(): OwnershipState {
  return emptyOwnership({ environment: 'production', kind: 'service', name: 'crm-api' });
}

function owned(id = 'a'): OwnershipState {
  return acquire(start(), ask(id), NOW).state;
}

describe('nextTerm', () => {
  it.each([
    { last: 0, observed: 0, now: 5_000_000, term: 5000 },
    { last: 9000, observed: 0, now: 5_000_000, term: 9001 },
    { last: 0, observed: 7000, now: 5_000_000, term: 7001 },
  ])('is $term after $last, with $observed on the objects', ({ last, observed, now, term }) => {
    expect(nextTerm(last, observed, now)).toBe(term);
  });
});

describe('acquire', () => {
  it('grants what is free, and the same term when asked again', () => {
    const first = acquire(start(), ask('a'), NOW);
    const again = acquire(first.state, ask('a'), NOW + 1000);
    expect(first.answer).toEqual({ answer: 'granted', term: 1_732_190_000 });
    expect(again.answer).toEqual(first.answer);
    expect(again.state).toBe(first.state);
  });

  it('refuses with the owner named, and asks at once whether it still runs', () => {
    const second = acquire(owned(), ask('b'), NOW);
    expect(second.answer).toMatchObject({ answer: 'refused', owner: { workflowId: 'deploy/a' } });
    expect(second.effects).toEqual([{ kind: 'question', requestId: 'a' }]);
    expect(second.state.queue).toEqual([]);
  });

  it('queues, and grants at the release with a higher term', () => {
    const queued = acquire(owned(), ask('b', 'queue'), NOW);
    expect(queued.answer).toMatchObject({ answer: 'queued', position: 1 });
    const released = release(queued.state, 'a', RESULT, NOW);
    expect(released.effects).toEqual([
      { kind: 'grant', workflowId: 'deploy/b', runId: 'r', signal: { requestId: 'b', term: 1_732_190_001 } },
    ]);
  });

  it('lets a replacement pass the queue, and asks the owner once to undo', () => {
    const queued = acquire(owned(), ask('b', 'queue'), NOW).state;
    const first = acquire(queued, ask('c', 'replace'), NOW);
    const second = acquire(first.state, ask('d', 'replace'), NOW);
    expect(first.effects.map((each) => each.kind)).toEqual(['question', 'replace']);
    expect(second.effects.map((each) => each.kind)).toEqual(['question']);
    expect(second.state.queue.map((waiter) => waiter.request.requestId)).toEqual(['c', 'd', 'b']);
  });

  it('hands the record over at a pre-emption and tells the old owner', () => {
    const held = deposit(owned(), 'a', RECORD).state;
    const taken = acquire(held, ask('b', 'preempt'), NOW);
    expect(taken.answer).toEqual({ answer: 'granted', term: 1_732_190_001, inherited: RECORD });
    expect(taken.effects).toMatchObject([{ kind: 'lost', workflowId: 'deploy/a', signal: { term: 1_732_190_001 } }]);
    expect(release(taken.state, 'a', RESULT, NOW).state.holder?.requestId).toBe('b');
  });

  it('restores when a pre-empting owner releases before it deposited its own record', () => {
    const taken = acquire(deposit(owned(), 'a', RECORD).state, ask('b', 'preempt'), NOW).state;
    expect(release(taken, 'b', RESULT, NOW).effects).toMatchObject([
      { kind: 'startRestore', deposit: RECORD },
      { kind: 'lost' },
    ]);
    const own = deposit(taken, 'b', RECORD).state;
    expect(isIdle(release(own, 'b', RESULT, NOW).state)).toBe(true);
  });

  it('lets whoever comes during a restore wait for it', () => {
    const ended = ownerEnded(deposit(owned(), 'a', RECORD).state, 'a', NOW).state;
    expect(acquire(ended, ask('b', 'reject'), NOW).answer).toMatchObject({ answer: 'queued', position: 1 });
  });
});

describe('ownerEnded', () => {
  it('frees a service on which nothing was deposited', () => {
    expect(isIdle(ownerEnded(owned(), 'a', NOW).state)).toBe(true);
  });

  it('leaves a duty to restore with a higher term, again when the restore ends the same way', () => {
    const once = ownerEnded(deposit(owned(), 'a', RECORD).state, 'a', NOW);
    expect(once.effects).toMatchObject([
      { kind: 'startRestore', term: 1_732_190_001, deposit: RECORD, delayMs: 0 },
      { kind: 'lost', workflowId: 'deploy/a' },
    ]);
    const restore = once.state.holder?.requestId ?? '';
    const twice = ownerEnded(once.state, restore, NOW);
    expect(twice.effects).toMatchObject([
      { kind: 'startRestore', term: 1_732_190_002, deposit: RECORD, delayMs: 2000 },
      { kind: 'lost' },
    ]);
  });

  it('tells the very owner that was reported as ended, in whatever run, who has the service now', () => {
    const queued = acquire(owned(), ask('b', 'queue'), NOW).state;
    const ended = ownerEnded(queued, 'a', NOW);
    expect(ended.effects.map((each) => each.kind)).toEqual(['grant', 'lost']);
    expect(ended.effects[1]).toMatchObject({
      workflowId: 'deploy/a',
      runId: '',
      signal: { requestId: 'a', term: 1_732_190_001, by: { workflowId: 'deploy/b' } },
    });
  });

  it('is ignored after an orderly release', () => {
    const released = release(deposit(owned(), 'a', RECORD).state, 'a', RESULT, NOW).state;
    expect(ownerEnded(released, 'a', NOW)).toEqual({ state: released, effects: [] });
  });
});

describe('any sequence of messages', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd');
  const message = fc.oneof(
    fc.record({ kind: fc.constant('acquire' as const), id, onBusy: fc.constantFrom(...ON_BUSY), observed: fc.nat(10) }),
    fc.record({ kind: fc.constantFrom('deposit', 'release', 'withdraw', 'ownerEnded', 'holderEnded'), id }),
  );

  it('gives rising terms, loses nobody in line, and never forgets a record', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), (messages) => {
        let state = start();
        let term = 0;
        for (const [index, each] of messages.entries()) {
          const was = state;
          const step: Transition =
            each.kind === 'acquire'
              ? acquire(state, ask(each.id, each.onBusy, each.observed), NOW + index)
              : each.kind === 'deposit'
                ? deposit(state, each.id, RECORD)
                : each.kind === 'release'
                  ? release(state, each.id, RESULT, NOW + index)
                  : each.kind === 'withdraw'
                    ? withdraw(state, each.id, NOW + index)
                    : ownerEnded(
                        state,
                        each.kind === 'holderEnded' ? (state.holder?.requestId ?? '') : each.id,
                        NOW + index,
                      );
          state = step.state;
          expect(state.lastTerm).toBeGreaterThanOrEqual(term);
          if (state.holder && state.holder.requestId !== was.holder?.requestId)
            expect(state.holder.term).toBeGreaterThan(term);
          term = state.lastTerm;
          // Nobody waits for what is free.
          if (state.holder === undefined) expect(state.queue).toEqual([]);
          // A record goes only by a release of its owner: else the next holder has it.
          const record = was.holder?.deposit;
          if (record && each.kind !== 'release' && each.kind !== 'deposit') expect(state.holder?.deposit).toBe(record);
          const waiting = new Set(state.queue.map((waiter) => waiter.request.requestId));
          expect(waiting.size).toBe(state.queue.length);
          expect(viewOwnership(state).queue.length).toBe(state.queue.length);
        }
      }),
      { numRuns: 500 },
    );
  });
});
