import { ApplicationFailure } from '@temporalio/activity';
import { parseDeployInput } from '../../contracts/deploy-input.ts';
import { withMigrationFiles } from '../../clients/migrations/migration-folder.ts';
import type { CatalogueLoad } from '../../core/model/catalogue-load.ts';
import type { DeployPlan } from '../../core/model/plan.ts';
import { type Problem, describeProblem } from '../../core/model/problem.ts';
import { isCoded } from '../../errors/coded-error.ts';
import { resolvePlan } from '../../core/rollout/resolve-plan.ts';

export interface ResolvePlanDeps {
  /** Reads the worker's own file anew, so that a changed catalogue needs no restart. */
  readonly loadCatalogue: () => Promise<CatalogueLoad>;
}

export function createResolvePlan({ loadCatalogue }: ResolvePlanDeps) {
  return {
    /**
     * First activity of a deployment: from names to the complete plan. Everything that is wrong with input and catalogue
     * is one non-retryable failure of type `InvalidInput`, with the list of problems as its details.
     */
    async resolvePlan(input: unknown): Promise<{ readonly plan: DeployPlan }> {
      const loaded = await loadCatalogue();
      const parsed = parseDeployInput(input);
      const problems = [
        ...('problems' in parsed ? parsed.problems : []),
        // A line of another file than the input: its name goes with the path.
        ...(loaded.outcome === 'loaded' ? [] : loaded.problems.map((problem) => inFile(loaded.path, problem))),
      ];
      if ('problems' in parsed || loaded.outcome !== 'loaded' || problems.length > 0) throw invalidInput(problems);
      const resolved = resolvePlan(loaded, parsed.input);
      if ('problems' in resolved) throw invalidInput(resolved.problems);
      const { plan } = resolved;
      try {
        return { plan: await withMigrationFiles(plan) };
      } catch (error) {
        if (!isCoded(error)) throw error;
        const path = `services.${plan.service}.migrations.directory`;
        throw invalidInput([{ path, expected: 'a readable directory of SQL files', found: error.message }]);
      }
    },
  };
}

function inFile(path: string, problem: Problem): Problem {
  return { ...problem, path: problem.path === '' ? path : `${path}: ${problem.path}` };
}

function invalidInput(problems: readonly Problem[]): ApplicationFailure {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const message = [`deployService: ${count}`, ...problems.map((problem) => `- ${describeProblem(problem)}`)].join('\n');
  return ApplicationFailure.nonRetryable(message, 'InvalidInput', problems);
}
