/**
 * Restores a snapshot into an instance of its own name, own tags and quarantine. How interruption is borne: see
 * start-or-adopt.ts. Its keeper was started before: whatever happens here, somebody deletes it.
 */
import { temporaryTags } from '../../core/backup/names.ts';
import type { InstanceFacts } from '../../core/model/backup.ts';
import { AWS_TAGS } from '../../core/model/temporary.ts';
import { CodedError } from '../../errors/coded-error.ts';
import { startOrAdopt } from '../database/start-or-adopt.ts';
import { withHeartbeats } from '../mutation.ts';
import type { TemporaryActivityDeps } from './deps.ts';
import { mustBeTemporary } from './ours.ts';
import type { RestoreInstanceInput, RestoreInstanceResult } from './types.ts';

export function createRestoreInstance({ aws }: Pick<TemporaryActivityDeps, 'aws'>) {
  return {
    /** Throws NotReady while the snapshot is not available, PreconditionFailed after the expiry. */
    async restoreInstance({ plan, temporary, snapshot }: RestoreInstanceInput): Promise<RestoreInstanceResult> {
      return withHeartbeats(async (tell) => {
        const { identifier, region, expiresAtMs } = temporary;
        mustBeTemporary(temporary);
        // A late attempt must not make what the keeper has given up.
        if (Date.now() >= expiresAtMs) {
          const at = new Date(expiresAtMs).toISOString();
          throw new CodedError(
            'PreconditionFailed',
            `instance ${identifier}: its time was over at ${at}; not restored`,
          );
        }
        tell(`restoring ${snapshot.identifier} into ${identifier}`);
        const rds = aws.rds(region);
        const { parameterGroup, securityGroupIds, subnetGroup, instanceClass } = plan.verification;
        const started = await startOrAdopt<InstanceFacts>({
          object: `instance ${identifier}`,
          mark: temporary,
          source: snapshot.arn,
          look: () => rds.findInstance(identifier),
          tagsOf: (found) => found.tags,
          sourceOf: (found) => found.tags[AWS_TAGS.source],
          make: () =>
            rds.restoreInstance({
              identifier,
              snapshotIdentifier: snapshot.identifier,
              parameterGroup,
              securityGroupIds,
              ...(instanceClass !== undefined && { instanceClass }),
              ...(subnetGroup !== undefined && { subnetGroup }),
              tags: temporaryTags(temporary, snapshot.arn),
            }),
        });
        if (started.outcome !== 'started') return started;
        return { outcome: 'started', arn: started.made.arn, adopted: started.adopted };
      });
    },
  };
}
