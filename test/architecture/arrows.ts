import { posix } from 'node:path';
import { type Import, importsOf } from './imports-of.ts';

/** What the files of one folder of `src/` may import from the other folders, and from packages. */
interface Rule {
  readonly values: readonly string[];
  /** Folders of which `import type` is allowed beyond those in `values`. */
  readonly types?: readonly string[];
  /** Which packages, `node:` modules included. */
  readonly packages: (specifier: string, file: string) => boolean;
}

const anyPackage = () => true;
const noTemporal = (specifier: string) => !specifier.startsWith('@temporalio/');
const oneOf =
  (...names: readonly string[]) =>
  (specifier: string) =>
    names.includes(specifier);

/** The arrows of docs/architecture.md. A folder that is not here must be added with its arrows. */
const RULES: Readonly<Record<string, Rule>> = {
  core: { values: [], packages: () => false },
  contracts: { values: ['core'], packages: oneOf('zod') },
  errors: { values: ['core'], packages: noTemporal },
  config: { values: ['contracts', 'errors', 'core'], packages: noTemporal },
  clients: {
    values: ['contracts', 'errors', 'core'],
    packages: (specifier, file) => noTemporal(specifier) || file.startsWith('src/clients/temporal/'),
  },
  // A library of its own: activities and the command line call it.
  'restore-suite': { values: ['clients', 'errors', 'core'], packages: noTemporal },
  activities: {
    values: ['restore-suite', 'clients', 'config', 'contracts', 'errors', 'core'],
    packages: (specifier) => !/^@temporalio\/(workflow|worker|testing)$/.test(specifier),
  },
  workflows: {
    values: ['core'],
    types: ['activities', 'contracts'],
    packages: oneOf('@temporalio/workflow', '@temporalio/common'),
  },
  sandbox: { values: ['clients', 'errors'], packages: noTemporal },
  gateway: { values: ['activities', 'clients', 'config', 'contracts', 'errors', 'core'], packages: anyPackage },
  starters: {
    values: ['worker', 'activities', 'restore-suite', 'clients', 'config', 'contracts', 'errors', 'core', 'gateway'],
    types: ['workflows'],
    packages: anyPackage,
  },
  worker: {
    values: ['activities', 'restore-suite', 'clients', 'config', 'contracts', 'errors', 'core', 'gateway'],
    types: ['workflows'],
    packages: anyPackage,
  },
};

/** Starters that exist to run the sandbox. */
const SANDBOX_STARTER = /^src\/starters\/(sandbox|demo)/;

/** Entry of the workflow bundle of a worker with a build id: bundled, never run by the worker's own process. */
const VERSIONED_ENTRY = 'src/worker/versioned-workflows.ts';

/**
 * Every import that points the wrong way, as `file imports x: rule`.
 * @param files text of each TypeScript file by its path from the project's root, `/` between folders
 */
export function wrongImports(files: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  for (const [file, text] of files) {
    for (const imported of importsOf(text)) {
      const why = whyNot(file, imported);
      if (why) problems.push(`${file} imports ${imported.isValue ? '' : 'type of '}${imported.specifier}: ${why}`);
    }
  }
  return problems;
}

/**
 * Everything that the value imports of `entry` reach: project files by path, packages by specifier. What a bundler
 * would pack.
 */
export function reachedByValue(entry: string, files: ReadonlyMap<string, string>): Set<string> {
  const reached = new Set<string>();
  const open = [entry];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    for (const { specifier, isValue } of importsOf(files.get(next) ?? '')) {
      if (isValue) open.push(specifier.startsWith('.') ? resolved(next, specifier) : specifier);
    }
  }
  return reached;
}

function whyNot(file: string, { specifier, isValue }: Import): string | undefined {
  const from = folderOf(file);
  const rule = RULES[from];
  if (!rule) return `src/${from} has no arrows in test/architecture/arrows.ts`;
  if (!specifier.startsWith('.')) return rule.packages(specifier, file) ? undefined : `not a package for src/${from}`;

  const target = resolved(file, specifier);
  if (!target.startsWith('src/')) return 'code under src/ imports nothing outside it';
  const to = folderOf(target);
  if (to === from || rule.values.includes(to)) return undefined;
  if (to === 'sandbox' && SANDBOX_STARTER.test(file)) return undefined;
  if (to === 'workflows' && file === VERSIONED_ENTRY) return undefined;
  if (rule.types?.includes(to)) return isValue ? `src/${from} may import only types of src/${to}` : undefined;
  return `src/${from} must not know src/${to}`;
}

function resolved(file: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(file), specifier));
}

/** `src/core/model/plan.ts` -> `core`; `src/worker.ts` -> `worker`. */
function folderOf(file: string): string {
  return (file.split('/')[1] ?? '').replace(/\.ts$/, '');
}
