import type { BuildJobs } from '../../clients/build/port.ts';
import type { KubernetesClients } from '../../clients/kubernetes/port.ts';
import { resolveSecret } from '../../clients/secrets/resolve-secret.ts';
import { parseSecretReference } from '../../clients/secrets/secret-reference.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { guarded } from '../failure.ts';
import { jobIdOf, localCommandOf } from './build-job.ts';

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
  /** For `k8s:` references: read from the cluster of the workload. */
  readonly kubernetes: KubernetesClients;
}

export function createStartBuild(deps: StartBuildDeps) {
  return {
    /**
     * Starts the build command of a plan, or finds it started (running or ended) by an earlier attempt. Values of the
     * build environment that are secret references are resolved here and never leave this host.
     * Throws InvalidInput for a plan without a command, NotFound for a secret that is not there, Unavailable when no
     * process can be started.
     */
    startBuild: guarded(async ({ plan, buildId }: StartBuildInput): Promise<StartBuildResult> => {
      const build = localCommandOf(plan);
      const jobId = jobIdOf(plan, buildId);
      const given = await readEnvironment(plan, build.environment, deps.kubernetes);
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
  clusters: KubernetesClients,
): Promise<{ values: Record<string, string>; secretNames: string[] }> {
  const values: Record<string, string> = {};
  const secretNames: string[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!parseSecretReference(text)) {
      values[name] = text;
      continue;
    }
    values[name] = await resolveSecret(text, { kubernetes: clusters(plan.workload.cluster) });
    secretNames.push(name);
  }
  return { values, secretNames };
}
