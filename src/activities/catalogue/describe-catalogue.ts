import type { CatalogueLoad } from '../../core/model/catalogue-load.ts';
import { describeProblem } from '../../core/model/problem.ts';

/** Enough to act on; a broken file may have hundreds. */
const MOST_PROBLEMS = 20;

/** Which catalogue the worker reads at this moment. */
export interface CatalogueDescription {
  readonly outcome: CatalogueLoad['outcome'];
  readonly path: string;
  /** Empty unless it is loaded. */
  readonly digest: string;
  readonly problems: readonly string[];
}

export function createDescribeCatalogue({ loadCatalogue }: { readonly loadCatalogue: () => Promise<CatalogueLoad> }) {
  return {
    /** For `mainstay doctor`, which runs it by itself, outside of any workflow. */
    async describeCatalogue(): Promise<CatalogueDescription> {
      const load = await loadCatalogue();
      const { outcome, path } = load;
      if (load.outcome === 'loaded') return { outcome, path, digest: load.digest, problems: [] };
      return { outcome, path, digest: '', problems: load.problems.slice(0, MOST_PROBLEMS).map(describeProblem) };
    },
  };
}
