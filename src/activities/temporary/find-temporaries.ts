/** The net under the keepers: reads every instance of the regions, and tells which are temporary ones of ours. */
import { Context } from '@temporalio/activity';
import { assessTemporary } from '../../core/backup/assess-temporary.ts';
import type { InstanceFacts } from '../../core/model/backup.ts';
import { isCoded } from '../../errors/coded-error.ts';
import { guarded } from '../failure.ts';
import type { TemporaryActivityDeps } from './deps.ts';
import type { FindTemporariesInput, FindTemporariesResult, FoundTemporary } from './types.ts';

type Seen = { readonly instances: readonly InstanceFacts[] } | { readonly region: string; readonly reason: string };

export function createFindTemporaries({ aws }: Pick<TemporaryActivityDeps, 'aws'>) {
  return {
    /** One region that does not answer hides no other. Throws when none answers. */
    findTemporaries: guarded(async ({ regions }: FindTemporariesInput): Promise<FindTemporariesResult> => {
      const signal = Context.current().cancellationSignal;
      const atMs = Date.now();
      const troubles: Error[] = [];
      const seen = await Promise.all(
        [...new Set(regions)].map(async (region): Promise<Seen> => {
          try {
            return { instances: await aws.rds(region).listInstances(signal) };
          } catch (error) {
            if (!isCoded(error)) throw error;
            troubles.push(error);
            return { region, reason: error.message };
          }
        }),
      );
      const notLooked = seen.flatMap((each) => ('reason' in each ? [each] : []));
      if (troubles[0] && notLooked.length === seen.length) throw troubles[0];
      const found: FoundTemporary[] = [];
      const suspicious: FindTemporariesResult['suspicious'][number][] = [];
      for (const instance of seen.flatMap((each) => ('instances' in each ? each.instances : []))) {
        const { region, identifier, status } = instance;
        const assessment = assessTemporary(instance, atMs);
        switch (assessment.kind) {
          case 'expired':
          case 'alive': {
            const { temporary, reason, kind } = assessment;
            found.push({ temporary, status, expired: kind === 'expired', reason });
            break;
          }
          case 'suspicious':
            suspicious.push({ region, identifier, reason: assessment.reason });
            break;
          case 'notOurs':
            break;
        }
      }
      return { atMs, found, suspicious, notLooked };
    }),
  };
}
