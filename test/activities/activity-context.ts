import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';

/** A context to run one activity in. Expected failures are the test's business, not the log's. */
export function activityContext(): MockActivityEnvironment {
  return new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
}

/** Runs one activity, in a context of its own unless one is given. */
export async function runActivity<Input, Result>(
  activity: (input: Input) => Promise<Result>,
  input: Input,
  context: MockActivityEnvironment = activityContext(),
): Promise<Result> {
  return context.run<[Input], Result, typeof activity>(activity, input);
}
