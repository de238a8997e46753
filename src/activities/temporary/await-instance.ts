/** Waits until the copy can be worked with. How interruption is borne: see ../database/poll.ts. */
import { whyNotOurs } from '../../core/backup/assess-adoption.ts';
import { assessInstance, isBilled } from '../../core/backup/assess-instance.ts';
import type { Endpoint, InstanceFacts } from '../../core/model/backup.ts';
import { poll } from '../database/poll.ts';
import { guarded } from '../failure.ts';
import type { TemporaryActivityDeps } from './deps.ts';
import type { AwaitInstanceInput, AwaitInstanceResult } from './types.ts';

/** Stands for a status where there is no instance. */
const GONE = 'gone';

interface Ready {
  readonly instance: InstanceFacts;
  readonly endpoint: Endpoint;
  readonly warnings: readonly string[];
}

export function createAwaitInstance({ aws }: Pick<TemporaryActivityDeps, 'aws'>) {
  return {
    awaitInstance: guarded(async ({ temporary, untilMs, pollMs }: AwaitInstanceInput): Promise<AwaitInstanceResult> => {
      const { identifier, region } = temporary;
      const rds = aws.rds(region);
      const polled = await poll<InstanceFacts | undefined, Ready>({
        object: `instance ${identifier} in ${region}`,
        untilMs,
        pollMs,
        look: (signal) => rds.findInstance(identifier, signal),
        statusOf: (seen) => seen?.status ?? GONE,
        assess(seen) {
          const foreign = seen && whyNotOurs(seen.tags, temporary);
          if (foreign !== undefined) return { state: 'failed', reason: `it is not ours: ${foreign}` };
          const assessment = assessInstance(seen);
          if (assessment.state !== 'ready' || seen === undefined) {
            return assessment.state === 'ready' ? { state: 'wait', reason: 'it is not seen' } : assessment;
          }
          const { endpoint, warnings } = assessment;
          return { state: 'done', done: { instance: seen, endpoint, warnings } };
        },
      });
      if (polled.outcome !== 'done') return { ...polled, billed: polled.status !== GONE && isBilled(polled.status) };
      const { done, elapsedMs } = polled;
      const { tags: _tags, ...instance } = done.instance;
      const warnings = [...polled.warnings, ...done.warnings];
      return { outcome: 'ready', instance, endpoint: done.endpoint, warnings, elapsedMs };
    }),
  };
}
