/** The runner over connections that fail in every way: no check is lost, and none is held for passed. */
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../src/errors/coded-error.ts';
import { type Outcome, runnable, runTasks, type Suite, type Task } from './harness/runner.ts';

const lost = () => new CodedError('Unavailable', 'read (database x): gone', { details: { sqlState: '57P02' } });
const task = (object: string, run: () => Promise<readonly Outcome[]>): Task => ({ kind: 'heap', object, cost: 1, run });
const passes = (object: string) => task(object, async () => [runnable(object)]);

function options(more = {}) {
  let clock = 0;
  const nowMs = () => (clock += 100);
  return { connections: 2, nowMs, finished: [], backWithinMs: 300, ...more };
}

/** A server of which `places` connections can be made at the same time; none after `endsAfter` were made. */
function server(places: number, endsAfter = Number.MAX_SAFE_INTEGER): Suite {
  let open = 0;
  let made = 0;
  return {
    async session(_, body) {
      if (open >= places || made >= endsAfter) throw new CodedError('Unavailable', 'connect: refused');
      open += 1;
      made += 1;
      try {
        return await body({
          searchPath: '',
          read: async () => [],
          transaction: async () => Promise.reject(new Error()),
        });
      } finally {
        open -= 1;
      }
    },
    close: async () => undefined,
  };
}

const states = (results: readonly { object: string; state: string }[]) =>
  Object.fromEntries(results.map(({ object, state }) => [object, state]));

describe('runTasks', () => {
  it('leaves the work to the connections that there are', async () => {
    const slow = (object: string) =>
      task(object, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return [runnable(object)];
      });
    const results = await runTasks(server(1), [], ['a', 'b', 'c', 'd'].map(slow), options());
    expect(states(results)).toEqual({ a: 'pass', b: 'pass', c: 'pass', d: 'pass' });
  });

  it('runs a check once more, alone, whose connection was lost', async () => {
    let runs = 0;
    const flaky = task('flaky', async () => {
      runs += 1;
      if (runs === 1) throw lost();
      return [runnable('flaky')];
    });
    expect(states(await runTasks(server(2), [], [flaky, passes('beside')], options()))).toEqual({
      flaky: 'pass',
      beside: 'pass',
    });
  });

  it('gives up a check whose connection is lost twice', async () => {
    const deadly = task('deadly', async () => Promise.reject(lost()));
    const results = await runTasks(server(2), [], [deadly, passes('beside')], options());
    expect(states(results)).toEqual({ deadly: 'couldNotVerify', beside: 'pass' });
  });

  it('could not verify what is left when the server does not come back', async () => {
    const last = task('last', async () => Promise.reject(lost()));
    const results = await runTasks(server(1, 1), [], [passes('a'), passes('b'), last], options({ connections: 1 }));
    expect(Object.keys(states(results)).toSorted()).toEqual(['a', 'b', 'last']);
    expect(states(results).last).toBe('couldNotVerify');
    expect(Object.values(states(results))).not.toContain('fail');
  });

  it('skips what depends on a check that found damage', async () => {
    const damaged: Task = {
      ...task('t', async () =>
        Promise.reject(new CodedError('BadResponse', 'bad page', { details: { sqlState: 'XX001' } })),
      ),
      kind: 'digest',
      dependants: ['counts'],
    };
    const results = await runTasks(server(1), [], [damaged], options());
    expect(results.map(({ kind, state }) => `${kind} ${state}`)).toEqual(['digest fail', 'counts skip']);
  });

  it('lets a bug be one', async () => {
    const bug = task('bug', async () => Promise.reject(new TypeError('undefined is not a function')));
    await expect(runTasks(server(2), [], [bug], options())).rejects.toThrow('undefined is not a function');
  });
});
