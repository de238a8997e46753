import { Context } from '@temporalio/activity';
import { DUMP_PARTS, dumpsAmong, dumpsFolder } from '../../core/dumps/dump-place.ts';
import { planDumpRetention } from '../../core/dumps/plan-dump-retention.ts';
import { withHeartbeats } from '../mutation.ts';
import { type DumpDeps, mustHave } from './take-dump.ts';
import type { PruneDumpsInput, PruneDumpsResult } from './types.ts';

export function createPruneDumps({ aws }: Pick<DumpDeps, 'aws'>) {
  return {
    /** Removes what retention allows, as it stands there now. What stands under no name of ours is not touched. */
    async pruneDumps({ plan, own, nowMs }: PruneDumpsInput): Promise<PruneDumpsResult> {
      const { bucket, prefix, keepMs, deadlineMs } = mustHave(plan);
      return withHeartbeats(async (tell) => {
        const signal = Context.current().cancellationSignal;
        const store = aws.objects(plan.region);
        const root = dumpsFolder(prefix, plan);
        const found = await store.list({ bucket, prefix: root }, signal);
        const dumps = dumpsAmong(
          root,
          found.map(({ key }) => key),
        );
        const steps = planDumpRetention(dumps, { keepMs, nowMs, own, deadlineMs });
        for (const [index, { folder }] of steps.entries()) {
          tell(`removing ${folder} (${index + 1} of ${steps.length})`);
          // Its proofs first: what is left of an interrupted removal must not pass for a whole dump.
          for (const part of [DUMP_PARTS.verified, DUMP_PARTS.manifest, DUMP_PARTS.archive]) {
            await store.remove({ bucket, key: `${folder}${part}` }, signal);
          }
        }
        return { removed: steps, kept: dumps.length - steps.length };
      });
    },
  };
}
