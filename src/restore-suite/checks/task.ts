/** One check that can be run by itself, over any connection. */
import type { CheckKind, CheckResult } from '../../core/model/restore.ts';
import type { Finding } from '../../core/restore/finding.ts';
import type { SuiteSession } from '../open-suite.ts';

export interface Outcome extends Finding {
  readonly kind: CheckKind;
  readonly object: string;
  readonly rows?: number;
}

export interface Task {
  /** Kind and object of the result that it always has: with it, the task counts as finished. */
  readonly kind: CheckKind;
  readonly object: string;
  /** Bytes that are read, about: the costliest begins first. */
  readonly cost: number;
  /** Kinds whose result for the same object depends on this one: skipped when it cannot be read. */
  readonly dependants?: readonly CheckKind[];
  /** Errors of the server are judged by whoever runs it. */
  run(session: SuiteSession): Promise<readonly Outcome[]>;
}

export function outcome(kind: CheckKind, object: string, { state, says }: Finding): Outcome {
  return { kind, object, state, says };
}

/** Of tasks and results: what is compared to know whether a check was finished. */
export function keyOf({ kind, object }: Pick<CheckResult, 'kind' | 'object'>): string {
  return `${kind} ${object}`;
}
