import type { BuildJobs } from '../../clients/build/port.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { CodedError } from '../../errors/coded-error.ts';
import { guarded } from '../failure.ts';
import { jobIdOf, localCommandOf, nameOfBuild } from './build-job.ts';

export interface StartBuildInput {
  readonly plan: DeployPlan;
  /** Names the build: the same id and plan are never built twice. The workflow's id. */
  readonly buildId: string;
}
export interface StartBuildResult {
  readonly jobId: string;
}

export interface StartBuildDeps {
  readonly builds: BuildJobs;
  /** Value of a secret reference (`env:NAME`, `file:PATH`, `k8s:NAMESPACE/NAME/KEY`, `aws-sm:ID#KEY`). */
  readonly resolveSecret?: (reference: string, plan: DeployPlan) => Promise<string>;
}

const SECRET_REFERENCE = /^(?:env|file|k8s|aws-sm):\S+$/;

export function createStartBuild(deps: StartBuildDeps) {
  return {
    /**
     * Starts the build command of a plan, or finds it started (running or ended) by an earlier attempt.
     * Throws InvalidInput for a plan without a command, Unavailable when no process can be started.
     */
    startBuild: guarded(async ({ plan, buildId }: StartBuildInput): Promise<StartBuildResult> => {
      const build = localCommandOf(plan);
      const jobId = jobIdOf(plan, buildId);
      const given = await readEnvironment(plan, build.environment, deps.resolveSecret);
      await deps.builds.start({
        jobId,
        command: build.command,
        directory: build.directory,
        environment: { ...given.values, MAINSTAY_VERSION: plan.version, MAINSTAY_REPOSITORY: build.repository },
        secretNames: given.secretNames,
        timeoutMs: build.timeoutMs,
      });
      return { jobId };
    }),
  };
}

async function readEnvironment(
  plan: DeployPlan,
  environment: Readonly<Record<string, string>>,
  resolveSecret: StartBuildDeps['resolveSecret'],
): Promise<{ values: Record<string, string>; secretNames: string[] }> {
  const values: Record<string, string> = {};
  const secretNames: string[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!SECRET_REFERENCE.test(text)) {
      values[name] = text;
      continue;
    }
    if (!resolveSecret) {
      throw new CodedError(
        'InvalidInput',
        `${nameOfBuild(plan)}: ${name} is a secret reference, and this worker can resolve none`,
      );
    }
    values[name] = await resolveSecret(text, plan);
    secretNames.push(name);
  }
  return { values, secretNames };
}
