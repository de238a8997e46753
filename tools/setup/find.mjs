// Looks for a program that is already on this machine, and makes sure that it is the one meant.
import { execFile } from 'node:child_process';
import { closeSync, openSync, readSync, realpathSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { cachedPath, isExecutable } from './cache.mjs';
import { PINS } from './pins.mjs';

/** Everything that is imported from there, asked without importing it: that would take seconds. */
const WHICH_MOTO = `
from importlib.metadata import version
[version(name) for name in ("boto3", "flask", "flask-cors")]
print("moto", version("moto"))
`;

/**
 * @typedef {{ name: string, path: string, version: string, source: string }} Found
 * @typedef {import('./pins.mjs').ToolName} ToolName
 */

/**
 * The program by environment variable, PATH or cache; undefined when it is on none of them.
 * @param {ToolName} name
 * @param {(line: string) => void} say
 * @returns {Promise<Found | undefined>}
 * @throws {Error} when the environment variable names something that will not do: a person set it, so it is not passed over
 */
export async function findOnMachine(name, say) {
  const pin = PINS[name];
  const named = process.env[pin.variable];
  if (named) return { ...(await checkNamed(name, resolve(named), pin.variable)), source: pin.variable };
  const folder = pin.folderVariable && process.env[pin.folderVariable];
  const inFolder = folder && resolve(folder, name);
  if (inFolder && isExecutable(inFolder))
    return { ...(await checkNamed(name, inFolder, pin.folderVariable)), source: pin.folderVariable };

  const passedOver = [];
  for (const onPath of candidatesOnPath(pin.onPath ?? name)) {
    const isWrapper = name === 'kubectl' && firstLine(onPath).startsWith('#!');
    const path = name === 'moto' ? interpreterOf(onPath) : onPath;
    const seen = isWrapper
      ? { problem: 'a script around kubectl' }
      : path
        ? await versionOf(name, path)
        : { problem: 'a script that names no Python' };
    if (seen.version && pin.accepts(seen.version)) return { name, path, version: seen.version, source: 'PATH' };
    passedOver.push(`${onPath} is ${seen.version ?? seen.problem}, wanted ${pin.wants}: passed over`);
  }

  const cached = cachedPath(name);
  if (isExecutable(cached)) return { name, path: cached, version: pin.version, source: 'cache' };
  passedOver.forEach(say); // only now: with a cached program nobody needs to know
  return undefined;
}

async function checkNamed(name, path, variable) {
  const { accepts, wants } = PINS[name];
  if (!isExecutable(path)) throw new Error(`${variable}=${path}: no such program, or it may not be run`);
  const seen = await versionOf(name, path);
  if (seen.version && accepts(seen.version)) return { name, path, version: seen.version };
  throw new Error(`${variable}=${path}: wanted ${wants}, found ${seen.version ?? seen.problem}. Correct or unset it`);
}

/** Every program of that name on PATH, in order; one that is reached twice through links counts once. */
function candidatesOnPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const paths = folders.map((folder) => resolve(join(folder, name)));
  const real = new Map(paths.filter(isExecutable).map((path) => [realpathSync(path), path]));
  return [...real.values()];
}

/**
 * What the program says it is.
 * @param {ToolName} name
 * @returns {Promise<{ version?: string, problem?: string }>}
 */
export async function versionOf(name, path) {
  if (name === 'temporal') return readVersion(await run(path, ['--version']), /^temporal version (\d+\.\d+\.\d+)/m);
  if (name === 'kubectl') {
    const text = await run(path, ['version', '--client', '-o', 'json']);
    return readVersion(text, /"gitVersion": "v(\d+\.\d+\.\d+[^"]*)"/);
  }
  if (name === 'etcd') return readVersion(await run(path, ['--version']), /^etcd Version: (\d+\.\d+\.\d+)/m);
  if (name === 'prometheus')
    return readVersion(await run(path, ['--version']), /^prometheus, version (\d+\.\d+\.\d+)/m);
  if (name === 'redis-server') return readVersion(await run(path, ['--version']), /\bv=(\d+\.\d+\.\d+)/);
  if (name === 'moto') return readVersion(await run(path, ['-c', WHICH_MOTO]), /^moto (\d+\.\d+\.\d+)/m);
  if (name.startsWith('kube-')) return readVersion(await run(path, ['--version']), /^Kubernetes v(\d+\.\d+\.\d+)/m);
  // It knows no --version: it takes the word for a port number and dies naming its own class.
  const text = await run(path, ['--version']);
  return text.includes('testserver.TestServer') ? { version: PINS[name].version } : { problem: 'another program' };
}

function readVersion(text, pattern) {
  const version = pattern.exec(text)?.[1];
  return version ? { version } : { problem: `a program that answers "${text.trim().slice(0, 60)}"` };
}

function run(path, args) {
  return new Promise((done) => {
    execFile(path, args, { timeout: 10_000 }, (error, stdout, stderr) => {
      done(`${stdout}${stderr}` || String(error?.message ?? ''));
    });
  });
}

/** The Python of a script that one runs; undefined for anything else, as the shim of a version manager. */
function interpreterOf(script) {
  const path = /^#!(\/\S*python[\d.]*)\s*$/.exec(firstLine(script))?.[1];
  return path && isExecutable(path) ? path : undefined;
}

function firstLine(path) {
  const start = Buffer.alloc(256);
  const handle = openSync(path, 'r');
  try {
    const length = readSync(handle, start, 0, start.length, 0);
    return start.toString('latin1', 0, length).split('\n', 1)[0] ?? '';
  } catch {
    return '';
  } finally {
    closeSync(handle);
  }
}
