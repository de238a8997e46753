import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', '.git', '.cache', '.mainstay']);

/** Paths from the project's root of every file that belongs to the project, `/` between folders, in order. */
export function projectFiles(): string[] {
  return filesUnder(ROOT)
    .map((path) => relative(ROOT, path).split(sep).join('/'))
    .sort();
}

/** Text of the project files that `isWanted` picks, by path. */
export function readProject(isWanted: (path: string) => boolean): Map<string, string> {
  const paths = projectFiles().filter(isWanted);
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesUnder(path);
    return entry.isFile() ? [path] : [];
  });
}
