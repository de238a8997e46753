/** Reads `mainstay.yaml`: text, YAML, variables, contract; either a catalogue or everything that is wrong with it. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { checkCatalogue } from '../contracts/catalogue.ts';
import type { LocatedProblem } from '../contracts/problems.ts';
import { canonicalJson } from '../core/model/canonical-json.ts';
import type {
  BuildEntry,
  Catalogue,
  EnvironmentEntry,
  MigrationsEntry,
  ServiceEntry,
} from '../core/model/catalogue.ts';
import type { CatalogueLoad } from '../core/model/catalogue-load.ts';
import { type Problem, pathText } from '../core/model/problem.ts';
import { sha256 } from '../core/model/sha256.ts';
import { replaceVariables } from './catalogue-variables.ts';
import { readYaml } from './yaml-source.ts';

export const DEFAULT_CATALOGUE = './mainstay.yaml';
/** A larger file is a mistake (or an attack), and its plan would not fit into a history. */
export const LARGEST_CATALOGUE_BYTES = 1024 * 1024;

export interface LoadCatalogueOptions {
  /** Else MAINSTAY_CONFIG, else ./mainstay.yaml. */
  readonly path?: string | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

type Parse = typeof parseCatalogue;

/** Throws only what is no fault of the file (an I/O error of the machine). */
export async function loadCatalogue(
  options: LoadCatalogueOptions = {},
  parse: Parse = parseCatalogue,
): Promise<CatalogueLoad> {
  const environment = options.environment ?? process.env;
  const path = resolve(options.path ?? (environment.MAINSTAY_CONFIG || DEFAULT_CATALOGUE));
  const read = await readText(path);
  if ('problem' in read) return { outcome: read.outcome, path, problems: [{ path: '', ...read.problem }] };
  return parse(read.text, path, { ...options, environment });
}

/**
 * For a process that lives: reads the file each time, and checks it only when its text is another. Checking takes a tenth
 * of a second of a large catalogue, in which a worker can do nothing else.
 */
export function catalogueReader(options: LoadCatalogueOptions = {}): () => Promise<CatalogueLoad> {
  let last: { readonly text: string; readonly load: CatalogueLoad } | undefined;
  const parse: Parse = (text, path, all) => {
    if (last?.text !== text) last = { text, load: parseCatalogue(text, path, all) };
    return last.load;
  };
  return () => loadCatalogue(options, parse);
}

/** The same for a text already read; `path` is absolute and the base of relative directories. */
export function parseCatalogue(text: string, path: string, options: LoadCatalogueOptions = {}): CatalogueLoad {
  const yaml = readYaml(text);
  if ('problems' in yaml) return { outcome: 'refused', path, problems: yaml.problems };
  const { source } = yaml;
  const { value, problems, unset } = replaceVariables(source.value, options.environment ?? process.env);
  const checked = checkCatalogue(value);
  if ('problems' in checked || problems.length > 0) {
    const located = [...('problems' in checked ? checked.problems : []), ...problems];
    return { outcome: 'refused', path, problems: inFileOrder(located, source.lineOf) };
  }
  const digest = sha256(canonicalJson(source.value));
  return { outcome: 'loaded', catalogue: withAbsolutePaths(checked.catalogue, path), digest, path, unset };
}

type ReadText =
  | { readonly text: string }
  | { readonly outcome: 'refused' | 'absent'; readonly problem: { readonly expected: string; readonly found: string } };

async function readText(path: string): Promise<ReadText> {
  const expected = `the catalogue at ${path} (set MAINSTAY_CONFIG to the path of your mainstay.yaml)`;
  try {
    const file = await stat(path);
    if (!file.isFile()) return { outcome: 'absent', problem: { expected, found: 'no regular file' } };
    if (file.size > LARGEST_CATALOGUE_BYTES) {
      const limit = `a catalogue of at most ${LARGEST_CATALOGUE_BYTES} bytes`;
      return { outcome: 'refused', problem: { expected: limit, found: `${file.size} bytes` } };
    }
    return { text: await readFile(path, 'utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { outcome: 'absent', problem: { expected, found: 'no file' } };
    if (code === 'EACCES') return { outcome: 'absent', problem: { expected, found: 'no right to read it' } };
    throw error;
  }
}

function inFileOrder(located: readonly LocatedProblem[], lineOf: (path: LocatedProblem['path']) => number | undefined) {
  return located
    .map(({ path, expected, found }): Problem => {
      const line = lineOf(path);
      return { path: pathText(path), expected, found, ...(line === undefined ? {} : { line }) };
    })
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** Relative paths mean "beside the catalogue", wherever the worker was started. */
function withAbsolutePaths(catalogue: Catalogue, path: string): Catalogue {
  const base = dirname(path);
  // `${VARIABLE}` that is unset stays as written, for the message that names it.
  const absolute = (written: string): string =>
    isAbsolute(written) || written.includes('${') ? written : resolve(base, written);
  const build = (entry: BuildEntry): BuildEntry =>
    entry.kind === 'localCommand' ? { ...entry, directory: absolute(entry.directory) } : entry;
  const migrations = (entry: MigrationsEntry): MigrationsEntry => ({ ...entry, directory: absolute(entry.directory) });
  const environment = (entry: EnvironmentEntry): EnvironmentEntry =>
    entry.cluster.kubeconfig === undefined
      ? entry
      : { ...entry, cluster: { ...entry.cluster, kubeconfig: absolute(entry.cluster.kubeconfig) } };
  const service = (entry: ServiceEntry): ServiceEntry => ({
    ...entry,
    build: build(entry.build),
    ...(entry.migrations && { migrations: migrations(entry.migrations) }),
    ...(entry.environments && {
      environments: mapValues(entry.environments, (override) => ({
        ...override,
        ...(override.build && { build: build(override.build) }),
        ...(override.migrations && { migrations: migrations(override.migrations) }),
      })),
    }),
  });
  return {
    ...catalogue,
    environments: mapValues(catalogue.environments, environment),
    services: mapValues(catalogue.services, service),
  };
}

function mapValues<Value>(
  entries: Readonly<Record<string, Value>>,
  map: (value: Value) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(entries).map(([key, value]) => [key, map(value)]));
}
