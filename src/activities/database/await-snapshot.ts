/** Waiting for snapshots, copies and exports. How interruption is borne: see poll.ts. */
import { assessExport, assessSnapshot, type ProgressAssessment } from '../../core/backup/assess-snapshot.ts';
import type { ExportFacts, SnapshotFacts } from '../../core/model/backup.ts';
import { guarded } from '../failure.ts';
import type { DatabaseActivityDeps } from './deps.ts';
import { poll, type Polled } from './poll.ts';
import type { AwaitExportInput, AwaitExportResult, AwaitSnapshotInput, AwaitSnapshotResult } from './types.ts';

export function createAwaitSnapshot({ aws }: Pick<DatabaseActivityDeps, 'aws'>) {
  return {
    awaitSnapshot: guarded(async ({ snapshot, untilMs, pollMs }: AwaitSnapshotInput): Promise<AwaitSnapshotResult> => {
      const rds = aws.rds(snapshot.region);
      const polled = await poll<SnapshotFacts | undefined, Done<SnapshotFacts>>({
        object: `snapshot ${snapshot.identifier} in ${snapshot.region}`,
        untilMs,
        pollMs,
        look: (signal) => rds.findSnapshot(snapshot.identifier, signal),
        statusOf: (seen) => seen?.status ?? 'gone',
        assess: (seen) => doneWith(seen, assessSnapshot(seen)),
      });
      if (polled.outcome !== 'done') return polled;
      const { seen, ...rest } = endOf(polled);
      return { outcome: 'available', snapshot: seen, ...rest };
    }),

    awaitExport: guarded(
      async ({ region, exportTask, untilMs, pollMs }: AwaitExportInput): Promise<AwaitExportResult> => {
        const rds = aws.rds(region);
        const polled = await poll<ExportFacts | undefined, Done<ExportFacts>>({
          object: `export ${exportTask} in ${region}`,
          untilMs,
          pollMs,
          look: (signal) => rds.findExport(exportTask, signal),
          statusOf: (seen) => seen?.status ?? 'gone',
          assess: (seen) => doneWith(seen, assessExport(seen)),
        });
        if (polled.outcome !== 'done') return polled;
        const { seen, ...rest } = endOf(polled);
        return { outcome: 'complete', exported: seen, ...rest };
      },
    ),
  };
}

interface Done<T> {
  readonly seen: T;
  readonly warnings: readonly string[];
}

function doneWith<T>(seen: T | undefined, assessment: ProgressAssessment) {
  if (assessment.state !== 'ready') return assessment;
  if (seen === undefined) return { state: 'failed' as const, reason: 'it is not there' };
  return { state: 'done' as const, done: { seen, warnings: assessment.warnings } };
}

function endOf<T>({ done, warnings, elapsedMs }: Extract<Polled<Done<T>>, { outcome: 'done' }>) {
  return { seen: done.seen, warnings: [...warnings, ...done.warnings], elapsedMs };
}
