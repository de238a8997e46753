/** Looks until nothing is left of a temporary instance. How interruption is borne: see ../database/poll.ts. */
import { assessGone, type GoneObservation } from '../../core/backup/assess-gone.ts';
import { poll } from '../database/poll.ts';
import { guarded } from '../failure.ts';
import type { TemporaryActivityDeps } from './deps.ts';
import { mustBeTemporary } from './ours.ts';
import type { Leftover, ProveGoneInput, ProveGoneResult } from './types.ts';

export function createProveGone({ aws }: Pick<TemporaryActivityDeps, 'aws'>) {
  return {
    /** Answers `left` when its time is over, or when the provider could not be asked until then: no answer is no proof. */
    proveGone: guarded(async ({ temporary, untilMs, pollMs }: ProveGoneInput): Promise<ProveGoneResult> => {
      mustBeTemporary(temporary);
      const { identifier, region } = temporary;
      const rds = aws.rds(region);
      let left: readonly Leftover[] = [];
      const polled = await poll<GoneObservation, 'gone'>({
        object: `instance ${identifier} in ${region}`,
        untilMs,
        pollMs,
        async look(signal) {
          const [instance, automatedBackups, snapshots] = await Promise.all([
            rds.findInstance(identifier, signal),
            rds.listAutomatedBackups(identifier, signal),
            rds.listSnapshots(identifier, signal),
          ]);
          return { instance, automatedBackups, snapshots };
        },
        statusOf: ({ instance }) => instance?.status ?? 'gone',
        assess(seen) {
          const assessment = assessGone(temporary, seen);
          if (assessment.state === 'gone') return { state: 'done', done: 'gone' };
          if (assessment.state === 'foreign') return { state: 'failed', reason: assessment.reason };
          left = assessment.left;
          return assessment;
        },
      });
      switch (polled.outcome) {
        case 'done':
          return {
            outcome: 'gone',
            provenAtMs: Date.now(),
            looked: ['instance', 'automated backups', 'snapshots'].map(
              (what) => `${what} of ${identifier} in ${region}`,
            ),
          };
        case 'failed':
          return { outcome: 'foreign', reason: polled.reason };
        case 'deadline':
          return { outcome: 'left', left, reason: polled.reason };
      }
    }),
  };
}
