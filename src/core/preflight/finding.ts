import type { Seen } from '../model/observe.ts';

/** What one check found. */
export interface Finding {
  readonly result: 'pass' | 'fail' | 'could-not-check';
  /** For a person: object, expectation, observation. */
  readonly reason: string;
}

export function passed(reason: string): Finding {
  return { result: 'pass', reason };
}

export function failed(reason: string): Finding {
  return { result: 'fail', reason };
}

export function notChecked(reason: string): Finding {
  return { result: 'could-not-check', reason };
}

/**
 * The worst first: failed, could not check, passed. Failures are told one by one, each is for somebody to mend; what
 * could not be checked mostly has one cause, so the first stands for the rest.
 */
export function worstOf(findings: readonly Finding[], whenAllPass: string): Finding {
  const fails = findings.filter((each) => each.result === 'fail').map((each) => each.reason);
  if (fails.length > 0) return failed([...new Set(fails)].join('; '));
  const [first, ...more] = findings.filter((each) => each.result === 'could-not-check');
  if (first) return notChecked(more.length === 0 ? first.reason : `${first.reason} (and ${more.length} more)`);
  return passed(whenAllPass);
}

/** What is checked of an object that is there; one that is missing fails, one that is unknown could not be checked. */
export function checkSeen<T>(name: string, found: Seen<T>, check: (seen: T) => Finding): Finding {
  switch (found.seen) {
    case 'present':
      return check(found);
    case 'missing':
      return failed(`${name} does not exist`);
    case 'unknown':
      return notChecked(found.problem);
  }
}
