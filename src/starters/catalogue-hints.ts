/** What the catalogue beside the caller can tell beforehand. Only a hint: the worker's own catalogue decides. */
import { loadCatalogue } from '../config/load-catalogue.ts';
import { didYouMean } from '../core/model/did-you-mean.ts';
import type { Screen } from './view/screen.ts';

export interface LocalCatalogue {
  readonly path: string;
  readonly digest: string;
  readonly services: readonly string[];
  readonly environments: readonly string[];
  readonly databases?: readonly string[];
}

/** The catalogue of MAINSTAY_CONFIG or ./mainstay.yaml; undefined when there is none here or it is broken. */
export async function readLocalCatalogue(): Promise<LocalCatalogue | undefined> {
  try {
    const load = await loadCatalogue();
    if (load.outcome !== 'loaded') return undefined;
    const { services, environments, databases = {} } = load.catalogue;
    return {
      path: load.path,
      digest: load.digest,
      services: Object.keys(services),
      environments: Object.keys(environments),
      databases: Object.keys(databases),
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

/** The same for a database. */
export function unknownDatabase(local: LocalCatalogue, database: string, environment: string): readonly string[] {
  return [
    ...unknownName(local, 'database', database, local.databases ?? []),
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
  const near = didYouMean(name, known);
  const hint = near === undefined ? `it knows: ${known.join(', ')}` : `did you mean ${near}?`;
  return [`note: ${path} knows no ${kind} ${name}; ${hint}`];
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
