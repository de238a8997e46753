import type { CatalogueLoad } from '../core/model/catalogue-load.ts';
import { describeProblem } from '../core/model/problem.ts';

/**
 * Says which catalogue the worker reads; answers its digest, empty when there is none. A broken catalogue is told at
 * once, but does not stop a worker: it may have to undo what runs, and that needs no catalogue.
 */
export async function sayCatalogue(load: () => Promise<CatalogueLoad>, say: (line: string) => void): Promise<string> {
  try {
    const loaded = await load();
    if (loaded.outcome === 'loaded') {
      say(`catalogue ${loaded.path}, digest ${loaded.digest.slice(0, 12)}`);
      return loaded.digest;
    }
    say(`the catalogue ${loaded.path} is not usable; new deployments are refused until it is mended:`);
    for (const problem of loaded.problems) say(`  ${describeProblem(problem)}`);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    say(`the catalogue cannot be read; new deployments are refused until it can: ${found}`);
  }
  return '';
}
