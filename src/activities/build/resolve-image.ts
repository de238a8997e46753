import { Context } from '@temporalio/activity';
import type { RegistryClient } from '../../clients/registry/port.ts';
import { isDigest } from '../../core/build/build-outcome.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { CodedError } from '../../errors/coded-error.ts';
import { guarded } from '../failure.ts';
import type { BuiltImage } from './await-build.ts';

export interface ResolveImageInput {
  readonly plan: DeployPlan;
}

export function createResolveImage(deps: { readonly registry: RegistryClient }) {
  return {
    /**
     * The image of a plan that builds nothing: its version is a tag, or a digest (`sha256:...`), of the repository.
     * Throws NotFound when the registry has neither, Unavailable or Timeout (within 5 s) when it does not answer.
     */
    resolveImage: guarded(async ({ plan }: ResolveImageInput): Promise<BuiltImage> => {
      const { build, version } = plan;
      if (build.kind !== 'image') {
        throw new CodedError(
          'InvalidInput',
          `image of ${plan.service}: expected build kind image, found ${build.kind}`,
        );
      }
      const { repository } = build;
      const signal = Context.current().cancellationSignal;
      if (!isDigest(version)) {
        const digest = await deps.registry.resolveTag(repository, version, signal);
        return { image: `${repository}@${digest}`, digest };
      }
      if (!(await deps.registry.hasDigest(repository, version, signal))) {
        throw new CodedError('NotFound', `image ${repository}@${version}: the registry does not hold this digest`);
      }
      return { image: `${repository}@${version}`, digest: version };
    }),
  };
}
