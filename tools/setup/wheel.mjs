// The Python wheel of a program: a native executable that Python's package installer fetches, checks by hash and
// unpacks. Python is needed for that only, not to run the program.
import { execFile } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { putInCache, scratchDir } from './cache.mjs';
import { PINS } from './pins.mjs';

const exec = promisify(execFile);
const INSTALL_MS = 300_000;

/**
 * Installs the programs into the cache: all in one go, and when that fails one by one, because a platform may lack the
 * wheel of one of them.
 * @param {readonly import('./pins.mjs').ToolName[]} names
 * @returns {Promise<Record<string, { path?: string, problem?: string }>>} never throws
 */
export async function installWheels(names) {
  const python = await findPython();
  if (!python) return Object.fromEntries(names.map((name) => [name, { problem: 'no Python 3.8 or later was found' }]));
  const all = await installTogether(python, names);
  if (all.paths) return Object.fromEntries(names.map((name) => [name, { path: all.paths[name] }]));
  if (names.length === 1) return { [names[0]]: { problem: all.problem } };
  const results = {};
  for (const name of names) {
    const { paths, problem } = await installTogether(python, [name]);
    results[name] = paths ? { path: paths[name] } : { problem };
  }
  return results;
}

async function installTogether(python, names) {
  const scratch = scratchDir();
  try {
    const requirements = join(scratch, 'requirements.txt');
    writeFileSync(requirements, names.map(requirementLine).join('\n'));
    const bin = await pipInstall(python, scratch, requirements);
    const paths = {};
    for (const name of names) {
      const file = join(bin, name);
      if (!existsSync(file)) return { problem: `wheel ${PINS[name].wheel.name} holds no ${name}` };
      paths[name] = putInCache(name, file);
    }
    return { paths };
  } catch (error) {
    return { problem: lastLine(error.stderr) ?? error.message };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** One line in the form that --require-hashes wants: every hash that may be met, one platform each. */
function requirementLine(name) {
  const { wheel, version } = PINS[name];
  return `${wheel.name}==${version} ${wheel.sha256.map((hash) => `--hash=sha256:${hash}`).join(' ')}`;
}

/** A private environment where Python can make one, else the interpreter's own pip into a plain folder. */
async function pipInstall(python, scratch, requirements) {
  const venv = join(scratch, 'venv');
  const options = ['install', '--quiet', '--no-deps', '--no-cache-dir', '--disable-pip-version-check'];
  options.push('--only-binary=:all:', '--require-hashes', '-r', requirements);
  const madeVenv = await exec(python, ['-m', 'venv', venv]).then(
    () => true,
    () => false, // Debian splits venv off into a package of its own
  );
  if (madeVenv) {
    await exec(join(venv, 'bin', 'python'), ['-m', 'pip', ...options], { timeout: INSTALL_MS });
    return join(venv, 'bin');
  }
  const target = join(scratch, 'target');
  await exec(python, ['-m', 'pip', ...options, '--target', target], { timeout: INSTALL_MS });
  return join(target, 'bin');
}

/** The first interpreter that runs for this user: a version manager's shim may belong to somebody else. */
async function findPython() {
  for (const python of ['python3', '/usr/bin/python3', '/usr/local/bin/python3', 'python']) {
    const code = 'import sys; sys.exit(0 if sys.version_info >= (3, 8) else 1)';
    const runs = await exec(python, ['-c', code], { timeout: 20_000 }).then(
      () => true,
      () => false,
    );
    if (runs) return python;
  }
  return undefined;
}

function lastLine(text) {
  return text?.trim().split('\n').at(-1) || undefined;
}
