import type { Catalogue } from './catalogue.ts';
import type { Problem } from './problem.ts';

/** What reading the catalogue file gives. */
export type CatalogueLoad =
  | {
      readonly outcome: 'loaded';
      readonly catalogue: Catalogue;
      /** sha256 over the parsed content before variables are replaced: the same on every machine, in any formatting. */
      readonly digest: string;
      /** Absolute. */
      readonly path: string;
      /** Variables the file names that are not set here, sorted; a plan that needs one is refused. */
      readonly unset: readonly string[];
    }
  /** `absent`: there is no such file, or it cannot be read. */
  | { readonly outcome: 'refused' | 'absent'; readonly path: string; readonly problems: readonly Problem[] };
