import { Context } from '@temporalio/activity';
import type { BuildJobs, BuildSight } from '../../clients/build/port.ts';
import type { RegistryClient } from '../../clients/registry/port.ts';
import { assessBuild, explainBuildFailure } from '../../core/build/build-outcome.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { CodedError } from '../../errors/coded-error.ts';
import { guarded } from '../failure.ts';
import { localCommandOf, nameOfBuild } from './build-job.ts';

export interface AwaitBuildInput {
  readonly plan: DeployPlan;
  readonly jobId: string;
}
export interface BuiltImage {
  /** `repository@sha256:...`: only digests are deployed. */
  readonly image: string;
  readonly digest: string;
}
/** What a heartbeat of a running build carries, for `mainstay status`. */
export interface BuildProgress {
  readonly jobId: string;
  readonly elapsedMs: number;
  readonly lastLine: string;
}

const LOOK_EVERY_MS = 250;
/** The runner ends the command at its time; if it has not done so by then, it is ended from here. */
const OVERTIME_MS = 15_000;

export function createAwaitBuild(deps: { readonly builds: BuildJobs; readonly registry: RegistryClient }) {
  return {
    /**
     * Waits for a build and answers its image, checked in the registry. A cancellation by the workflow ends the
     * command; a worker that shuts down leaves it to the next one.
     * Throws BuildFailed with the end of the log, NotFound when this host has no such build.
     */
    awaitBuild: guarded(async ({ plan, jobId }: AwaitBuildInput): Promise<BuiltImage> => {
      const build = localCommandOf(plan);
      const ended = await waitForEnd(deps.builds, plan, jobId, build.timeoutMs);
      const verdict = assessBuild(ended.end);
      if (verdict.outcome === 'failed') {
        const { exitCode, signal, tail } = ended.end;
        throw new CodedError('BuildFailed', explainBuildFailure(nameOfBuild(plan), verdict.reason, tail), {
          details: { ended: ended.end.ended, exitCode, signal, log: ended.logPath },
        });
      }
      if (!(await deps.registry.hasDigest(build.repository, verdict.digest, Context.current().cancellationSignal))) {
        const reason = `it printed ${verdict.digest}, but ${build.repository} does not hold that image; was it pushed?`;
        throw new CodedError('BuildFailed', explainBuildFailure(nameOfBuild(plan), reason, ended.end.tail));
      }
      return { image: `${build.repository}@${verdict.digest}`, digest: verdict.digest };
    }),
  };
}

async function waitForEnd(
  builds: BuildJobs,
  plan: DeployPlan,
  jobId: string,
  timeoutMs: number,
): Promise<Extract<BuildSight, { state: 'ended' }>> {
  const context = Context.current();
  for (;;) {
    const sight = await builds.look(jobId);
    if (sight.state === 'ended') return sight;
    if (sight.state === 'absent') {
      const hint = 'a build by local command is known only to workers on the host and state directory that started it';
      throw new CodedError('NotFound', `${nameOfBuild(plan)}: no job ${jobId} here; ${hint}`);
    }
    const elapsedMs = Date.now() - sight.startedAtMs;
    context.heartbeat({ jobId, elapsedMs, lastLine: sight.lastLine.slice(0, 200) } satisfies BuildProgress);
    if (elapsedMs > timeoutMs + OVERTIME_MS) await builds.stop(jobId, 'timedOut');
    try {
      await context.sleep(LOOK_EVERY_MS);
    } catch (error) {
      // Shutdown, a lost connection or a pause leave the build to whoever waits for it next.
      if (context.cancellationDetails?.cancelRequested) await stopAlive(builds, jobId);
      throw error;
    }
  }
}

/** Ends the build with heartbeats going on: a command may take its seconds to end. */
async function stopAlive(builds: BuildJobs, jobId: string): Promise<void> {
  const context = Context.current();
  const beat = setInterval(
    () => context.heartbeat({ jobId, elapsedMs: 0, lastLine: 'stopping' } satisfies BuildProgress),
    500,
  );
  try {
    await builds.stop(jobId, 'stopped');
  } finally {
    clearInterval(beat);
  }
}
