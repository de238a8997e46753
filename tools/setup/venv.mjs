// A Python environment of several packages, each pinned by version and hash: kept in the cache as a whole, and used as
// the interpreter that sees them.
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cachedPath, scratchDir } from './cache.mjs';
import { PINS } from './pins.mjs';
import { findPython, lastLine } from './python.mjs';

const exec = promisify(execFile);
const INSTALL_MS = 600_000;
// What is imported is compiled then, and stays so; the rest is most of it.
const PIP =
  '--quiet --no-deps --no-compile --no-cache-dir --disable-pip-version-check --only-binary=:all: --require-hashes'.split(
    ' ',
  );

/**
 * Installs the environments into the cache, one after the other.
 * @param {readonly import('./pins.mjs').ToolName[]} names
 * @returns {Promise<Record<string, { path?: string, problem?: string }>>} never throws
 */
export async function installVenvs(names) {
  const results = {};
  for (const name of names) results[name] = await installVenv(name);
  return results;
}

async function installVenv(name) {
  const { requirements, python: minor } = PINS[name].venv;
  const python = await findPython(minor);
  if (!python) return { problem: `no Python 3.${minor} or later was found` };
  const scratch = scratchDir();
  const made = join(scratch, 'venv');
  try {
    const { runner, options } = await makeEnvironment(python, made);
    const list = fileURLToPath(new URL(requirements, import.meta.url));
    await exec(runner, ['-m', 'pip', 'install', ...PIP, ...options, '-r', list], { timeout: INSTALL_MS });
    return { path: putFolderInCache(name, made) };
  } catch (error) {
    return { problem: lastLine(error.stderr) ?? error.message };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A private environment where Python can make one, else a folder of packages and an interpreter that is told of it. */
async function makeEnvironment(python, folder) {
  const madeVenv = await exec(python, ['-m', 'venv', folder]).then(
    () => true,
    () => false, // Debian splits venv off into a package of its own
  );
  if (madeVenv) return { runner: join(folder, 'bin', 'python'), options: [] };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'bin'), { recursive: true });
  const wrapper = join(folder, 'bin', 'python');
  writeFileSync(
    wrapper,
    `#!/bin/sh\nhere=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)\nPYTHONPATH="$here/packages" exec ${python} "$@"\n`,
  );
  chmodSync(wrapper, 0o755);
  return { runner: python, options: ['--target', join(folder, 'packages')] };
}

/**
 * By one rename, as a single program. A folder cannot replace one that has something in it: where another set-up was
 * faster its work is taken, and where what stands there does not run (its Python is gone) it makes room.
 */
function putFolderInCache(name, made) {
  const python = cachedPath(name);
  const target = dirname(dirname(python));
  mkdirSync(dirname(target), { recursive: true });
  for (let attempt = 1; ; attempt++) {
    try {
      renameSync(made, target);
      return python;
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST'].includes(error.code) || attempt === 3) throw error;
      if (existsSync(python)) return python;
      rmSync(target, { recursive: true, force: true });
    }
  }
}
