/** What the catalogue beside the caller can tell beforehand. Only a hint: the worker's own catalogue decides. */
import { loadCatalogue } from '../config/load-catalogue.ts';
import type { Screen } from './view/screen.ts';

export interface LocalCatalogue {
  readonly path: string;
  readonly digest: string;
  readonly services: readonly string[];
  readonly environments: readonly string[];
}

/** The catalogue of MAINSTAY_CONFIG or ./mainstay.yaml; undefined when there is none here or it is broken. */
export async function readLocalCatalogue(): Promise<LocalCatalogue | undefined> {
  try {
    const load = await loadCatalogue();
    if (load.outcome !== 'loaded') return undefined;
    const { services, environments } = load.catalogue;
    return {
      path: load.path,
      digest: load.digest,
      services: Object.keys(services),
      environments: Object.keys(environments),
    };
  } catch {
    return undefined; // an unreadable file here says nothing about the worker's
  }
}

/** One line for each name that this catalogue does not know, with the nearest one that it does. */
export function unknownNames(local: LocalCatalogue, service: string, environment: string): readonly string[] {
  return [
    ...unknownName(local, 'service', service, local.services),
    ...unknownName(local, 'environment', environment, local.environments),
  ];
}

function unknownName(
  { path }: LocalCatalogue,
  kind: string,
  name: string,
  known: readonly string[],
): readonly string[] {
  if (known.includes(name)) return [];
  const near = nearest(name, known);
  const hint = near === undefined ? `it knows: ${known.join(', ')}` : `did you mean ${near}?`;
  return [`note: ${path} knows no ${kind} ${name}; ${hint}`];
}

/** The known name with the fewest edits, when it is near enough to be meant. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((candidate) => ({ candidate, edits: editDistance(name, candidate) }));
  const best = ranked.toSorted((a, b) => a.edits - b.edits)[0];
  return best && best.edits <= Math.max(2, Math.floor(name.length / 3)) ? best.candidate : undefined;
}

/** Levenshtein: insertions, deletions and substitutions that turn one word into the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of from.split('').entries()) {
    const next = [index + 1];
    for (const [column, other] of to.split('').entries()) {
      const substituted = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(substituted, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** Says once which catalogue the worker reads, when it is not the one that lies here. */
export function tellingOtherCatalogue(screen: Screen, local: LocalCatalogue | undefined): Screen {
  let isTold = local === undefined;
  return {
    show: (view) => {
      const digest = view.status?.catalogueDigest;
      if (!isTold && local && digest !== undefined) {
        isTold = true;
        if (digest !== local.digest) screen.say(otherCatalogue(local, digest));
      }
      screen.show(view);
    },
    end: (view) => screen.end(view),
    say: (line) => screen.say(line),
  };
}

function otherCatalogue(local: LocalCatalogue, digest: string): string {
  return `note: the worker reads another catalogue (${digest.slice(0, 12)}) than ${local.path} (${local.digest.slice(0, 12)}); --expect-catalogue refuses that`;
}
