/** First activities of the operations on backups: from names to plans, by the worker's own catalogue. */
import { ApplicationFailure } from '@temporalio/activity';
import type { z } from 'zod';
import {
  backUpInputSchema,
  parseInput,
  sweepInputSchema,
  verifyRestoreInputSchema,
} from '../../contracts/backup-input.ts';
import { databasesOf, resolveDatabase } from '../../core/backup/resolve-database.ts';
import type { SweepPlan } from '../../core/model/backup-operation.ts';
import type { CatalogueLoad } from '../../core/model/catalogue-load.ts';
import type { DatabasePlan } from '../../core/model/database.ts';
import { describeProblem, type Problem } from '../../core/model/problem.ts';

export interface ResolveDatabaseDeps {
  readonly loadCatalogue: () => Promise<CatalogueLoad>;
}

export interface ResolveDatabaseInput {
  /** What the input is for; its contract follows. */
  readonly operation: 'backUpDatabase' | 'verifyRestore' | 'dumpDatabase';
  readonly input: unknown;
}

const CONTRACTS = {
  backUpDatabase: backUpInputSchema,
  dumpDatabase: backUpInputSchema,
  verifyRestore: verifyRestoreInputSchema,
} as const;

export function createResolveDatabase({ loadCatalogue }: ResolveDatabaseDeps) {
  async function checked<Input extends { readonly environment: string; readonly expectCatalogue?: string | undefined }>(
    operation: string,
    schema: z.ZodType<Input>,
    raw: unknown,
  ) {
    const load = await loadCatalogue();
    const parsed = parseInput(schema, raw);
    const problems = [
      ...('problems' in parsed ? parsed.problems : []),
      ...(load.outcome === 'loaded' ? [] : load.problems.map((problem) => inFile(load.path, problem))),
    ];
    if ('problems' in parsed || load.outcome !== 'loaded') throw invalidInput(operation, problems);
    const { expectCatalogue } = parsed.input;
    if (expectCatalogue !== undefined && !load.digest.startsWith(expectCatalogue.replace('sha256:', ''))) {
      const expected = `the digest of the worker's catalogue (${load.path}), ${load.digest.slice(0, 12)}`;
      const found = `${JSON.stringify(expectCatalogue)}: the two catalogues differ`;
      throw invalidInput(operation, [{ path: 'expectCatalogue', expected, found }]);
    }
    return { load, input: parsed.input };
  }

  return {
    /** Everything that is wrong with input and catalogue is one failure of type `InvalidInput`. */
    async resolveDatabase({ operation, input: raw }: ResolveDatabaseInput): Promise<{ readonly plan: DatabasePlan }> {
      const { load, input } = await checked(operation, CONTRACTS[operation], raw);
      const resolved = resolveDatabase(load, input);
      if ('problems' in resolved) throw invalidInput(operation, resolved.problems);
      return resolved;
    },

    /** Where a sweep of an environment has to look: in every region of its databases. */
    async resolveSweep({ input: raw }: { readonly input: unknown }): Promise<{ readonly plan: SweepPlan }> {
      const operation = 'sweepTemporaries';
      const { load, input } = await checked(operation, sweepInputSchema, raw);
      const { environment } = input;
      const resolved = databasesOf(load.catalogue)
        .filter((each) => each.environment === environment)
        .map((each) => resolveDatabase(load, each));
      const problems = resolved.flatMap((each) => ('problems' in each ? each.problems : []));
      const plans = resolved.flatMap((each) => ('plan' in each ? [each.plan] : []));
      if (problems.length > 0) throw invalidInput(operation, problems);
      if (plans.length === 0) {
        const expected = 'an environment that has databases';
        throw invalidInput(operation, [{ path: 'environment', expected, found: JSON.stringify(environment) }]);
      }
      return {
        plan: {
          environment,
          regions: [...new Set(plans.map(({ region }) => region))].sort(),
          goneWithinMs: Math.max(...plans.map(({ verification }) => verification.goneWithinMs)),
          pollMs: Math.min(...plans.map(({ verification }) => verification.pollMs)),
          catalogueDigest: load.digest,
        },
      };
    },
  };
}

function inFile(path: string, problem: Problem): Problem {
  return { ...problem, path: problem.path === '' ? path : `${path}: ${problem.path}` };
}

function invalidInput(operation: string, problems: readonly Problem[]): ApplicationFailure {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const message = [`${operation}: ${count}`, ...problems.map((problem) => `- ${describeProblem(problem)}`)].join('\n');
  return ApplicationFailure.nonRetryable(message, 'InvalidInput', problems);
}
