/** First activities of the copies of caches and clusters: from names to plans, by the worker's own catalogue. */
import { ApplicationFailure } from '@temporalio/activity';
import { parseInput } from '../../contracts/backup-input.ts';
import { backUpCacheInputSchema, backUpClusterInputSchema } from '../../contracts/copy-input.ts';
import { resolveCache, resolveClusterBackup } from '../../core/cache-backup/resolve-copies.ts';
import type { CachePlan } from '../../core/model/cache.ts';
import type { CatalogueLoad } from '../../core/model/catalogue-load.ts';
import type { ClusterBackupPlan } from '../../core/model/cluster-backup.ts';
import { describeProblem, type Problem } from '../../core/model/problem.ts';

export interface ResolveCopiesDeps {
  readonly loadCatalogue: () => Promise<CatalogueLoad>;
}

type Loaded = Extract<CatalogueLoad, { outcome: 'loaded' }>;

export function createResolveCopies({ loadCatalogue }: ResolveCopiesDeps) {
  async function loaded(operation: string, expectCatalogue: string | undefined): Promise<Loaded> {
    const load = await loadCatalogue();
    if (load.outcome !== 'loaded') {
      const problems = load.problems.map((each) => ({
        ...each,
        path: [load.path, each.path].filter(Boolean).join(': '),
      }));
      throw invalidInput(operation, problems);
    }
    if (expectCatalogue === undefined || load.digest.startsWith(expectCatalogue.replace('sha256:', ''))) return load;
    const expected = `the digest of the worker's catalogue (${load.path}), ${load.digest.slice(0, 12)}`;
    const found = `${JSON.stringify(expectCatalogue)}: the two catalogues differ`;
    throw invalidInput(operation, [{ path: 'expectCatalogue', expected, found }]);
  }

  return {
    /** Everything that is wrong with input and catalogue is one failure of type `InvalidInput`. */
    async resolveCache({ input: raw }: { readonly input: unknown }): Promise<{ readonly plan: CachePlan }> {
      const parsed = parseInput(backUpCacheInputSchema, raw);
      if ('problems' in parsed) throw invalidInput('backUpCache', parsed.problems);
      const resolved = resolveCache(await loaded('backUpCache', parsed.input.expectCatalogue), parsed.input);
      if ('problems' in resolved) throw invalidInput('backUpCache', resolved.problems);
      return resolved;
    },

    async resolveClusterBackup({
      input: raw,
    }: {
      readonly input: unknown;
    }): Promise<{ readonly plan: ClusterBackupPlan }> {
      const parsed = parseInput(backUpClusterInputSchema, raw);
      if ('problems' in parsed) throw invalidInput('backUpCluster', parsed.problems);
      const { environment, expectCatalogue } = parsed.input;
      const resolved = resolveClusterBackup(await loaded('backUpCluster', expectCatalogue), environment);
      if ('problems' in resolved) throw invalidInput('backUpCluster', resolved.problems);
      return resolved;
    },
  };
}

function invalidInput(operation: string, problems: readonly Problem[]): ApplicationFailure {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const message = [`${operation}: ${count}`, ...problems.map((problem) => `- ${describeProblem(problem)}`)].join('\n');
  return ApplicationFailure.nonRetryable(message, 'InvalidInput', problems);
}
