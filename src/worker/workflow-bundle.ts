/**
 * The bundled workflow code. Bundling takes seconds of CPU, so it is done once: at build time for the package, and from
 * a clone once for each state of the sources.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleOption } from '@temporalio/worker';

const IS_CLONE = import.meta.url.endsWith('.ts');
const SOURCES = fileURLToPath(new URL('..', import.meta.url));
/** Which entry is bundled: that of a worker with a build id also says how its workflows move between builds. */
export type BundleKind = 'unversioned' | 'versioned';
const ENTRIES: Readonly<Record<BundleKind, readonly [string, string]>> = {
  unversioned: ['workflows', 'index'],
  versioned: ['worker', 'versioned-workflows'],
};
/** Files that `npm run build` writes into the folder of the compiled code. */
export const PACKAGED_NAMES: Readonly<Record<BundleKind, string>> = {
  unversioned: 'workflow-bundle.js',
  versioned: 'workflow-bundle-versioned.js',
};
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/mainstay', import.meta.url));
/** What may stand in the bundle besides packages; a test holds that nothing else does. */
const BUNDLED_FOLDERS = ['workflows', 'core'];
const BUNDLED_PACKAGES = ['@temporalio/worker', '@temporalio/workflow', '@temporalio/common'];
const KEEP = 6;

/** The bundle of the package, or of the sources as they stand now. A cache that cannot be written costs time only. */
export async function loadWorkflowBundle(kind: BundleKind = 'unversioned'): Promise<WorkflowBundleOption> {
  const packaged = join(SOURCES, PACKAGED_NAMES[kind]);
  if (!IS_CLONE) return existsSync(packaged) ? { codePath: packaged } : bundleWorkflows(kind);
  const codePath = join(CACHE, `workflows-${hashSources(kind)}.js`);
  if (existsSync(codePath)) return { codePath };
  const bundle = await bundleWorkflows(kind);
  try {
    keepBundle(codePath, bundle.code);
  } catch {
    // A read-only installation: the next start bundles again.
  }
  return bundle;
}

export async function bundleWorkflows(kind: BundleKind = 'unversioned'): Promise<{ readonly code: string }> {
  const workflowsPath = entryOf(kind);
  return bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
}

/** `.ts` from a clone, `.js` from the package. */
function entryOf(kind: BundleKind): string {
  const [folder, name] = ENTRIES[kind];
  return join(SOURCES, folder, `${name}.${IS_CLONE ? 'ts' : 'js'}`);
}

/** Workers that start together write the same file: the last rename wins, and each reads a whole one. */
function keepBundle(codePath: string, code: string): void {
  mkdirSync(CACHE, { recursive: true });
  const partial = `${codePath}.${randomUUID()}.partial`;
  writeFileSync(partial, code);
  renameSync(partial, codePath);
  const older = readdirSync(CACHE)
    .filter((name) => name.startsWith('workflows-'))
    .map((name) => ({ path: join(CACHE, name), atMs: statSync(join(CACHE, name)).mtimeMs }))
    .toSorted((a, b) => b.atMs - a.atMs)
    .slice(KEEP);
  for (const { path } of older) rmSync(path, { force: true });
}

/** Of names and contents of every source that may be bundled, and of the versions that bundle and run it. */
function hashSources(kind: BundleKind): string {
  const hash = createHash('sha256');
  hash.update(`${kind}\n`);
  hash.update(readFileSync(entryOf(kind)));
  const require = createRequire(import.meta.url);
  for (const name of BUNDLED_PACKAGES) {
    const { version } = require(`${name}/package.json`) as { version: string };
    hash.update(`${name} ${version}\n`);
  }
  for (const folder of BUNDLED_FOLDERS) {
    const root = join(SOURCES, folder);
    const files = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.toSorted()) {
      hash.update(`${file.slice(SOURCES.length)}\n`);
      hash.update(readFileSync(file));
      hash.update('\0');
    }
  }
  return hash.digest('hex').slice(0, 32);
}
