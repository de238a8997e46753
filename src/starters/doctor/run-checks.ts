/** Runs checks side by side, each within its time: a question without an answer is told as such and holds nobody up. */
import { setMaxListeners } from 'node:events';
import { type Check, failed, notChecked } from '../../core/doctor/check.ts';
import { isCoded } from '../../errors/coded-error.ts';
import { CommandError } from '../command-error.ts';

export interface CheckRun {
  /** Of the check that is told when it does not answer. */
  readonly id: string;
  run(signal: AbortSignal): Promise<readonly Check[]>;
}

/** In the order of the list, whatever is quicker. */
export async function runChecks(runs: readonly CheckRun[], withinMs: number): Promise<readonly Check[]> {
  return (await Promise.all(runs.map((each) => runOne(each, withinMs)))).flat();
}

async function runOne({ id, run }: CheckRun, withinMs: number): Promise<readonly Check[]> {
  const aborting = new AbortController();
  // One for each right that is asked for.
  setMaxListeners(0, aborting.signal);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Check[]>((resolve) => {
    timer = setTimeout(() => resolve([notChecked(id, `no answer within ${withinMs / 1000} s`)]), withinMs);
  });
  try {
    return await Promise.race([run(aborting.signal), late]);
  } catch (error) {
    return [checkOfError(id, error)];
  } finally {
    clearTimeout(timer);
    aborting.abort();
  }
}

/** What a server refused is a fault that was found; one that did not answer left the question open. */
export function checkOfError(id: string, error: unknown): Check {
  if (error instanceof CommandError) return notChecked(id, error.message, ...error.advice);
  if (!isCoded(error)) return notChecked(id, error instanceof Error ? error.message : String(error));
  const isOpen = error.code === 'Timeout' || error.code === 'Throttled' || error.code === 'OutcomeUnknown';
  return isOpen ? notChecked(id, error.message) : failed(id, error.message, 'mend what it names, then look again');
}
