// The npm packages of this checkout: installed when absent or when they are not what package-lock.json says.
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheDir, withLock } from './cache.mjs';

/**
 * Makes node_modules match the lock file.
 * @param {string} root the checkout
 * @param {(line: string) => void} say
 * @returns {Promise<{ installed: boolean }>}
 * @throws {Error} when npm is absent or failed
 */
export async function ensurePackages(root, say) {
  if (!whyStale(root)) return { installed: false };
  const lock = join(root, '.cache', 'packages.lock');
  mkdirSync(join(root, '.cache'), { recursive: true });
  const onWait = () => say('another set-up installs the packages of this checkout: waiting for it');
  return withLock(lock, onWait, async () => {
    const why = whyStale(root); // again: the one we waited for may have done it
    if (!why) return { installed: false };
    say(`installing packages with npm ci (${why})`);
    await npmCi(root);
    const left = whyStale(root);
    if (left) throw new Error(`npm ci ended well and yet ${left}`);
    return { installed: true };
  });
}

/**
 * Why node_modules does not hold what package-lock.json says, or undefined when it does. npm writes its own record of
 * what it installed last of all, so an interrupted installation has none.
 */
export function whyStale(root) {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages;
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (!wanted) return 'package-lock.json cannot be read';
  if (!installed) return 'none are installed';
  for (const [place, { version, integrity, optional }] of Object.entries(wanted)) {
    if (place === '') continue;
    const found = installed[place];
    if (!found && optional) continue; // built for another platform
    if (!found) return `${place} is absent`;
    if (found.version !== version || found.integrity !== integrity) {
      return `${place} is ${found.version}, package-lock.json says ${version}`;
    }
  }
  const extra = Object.keys(installed).find((place) => !(place in wanted));
  return extra ? `${extra} is not in package-lock.json` : undefined;
}

function npmCi(root) {
  // Under `npm test` the running npm names itself; a second one on PATH may be older.
  const { npm_execpath: self } = process.env;
  const [command, ...first] = self?.endsWith('npm-cli.js') ? [process.execPath, self] : ['npm'];
  const args = [...first, 'ci', '--no-audit', '--no-fund', '--include=dev', '--loglevel=error'];
  const env = { ...process.env, ...(canUseHome() ? {} : { npm_config_cache: join(cacheDir(), 'npm') }) };
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 2, 2] });
    child.on('error', (error) => fail(new Error(`npm could not be started (${error.code}): install Node with npm`)));
    child.on('exit', (code, signal) => {
      if (code === 0) done(undefined);
      else fail(new Error(`npm ci failed (${signal ?? `exit code ${code}`}); its own words stand above`));
    });
  });
}

function canUseHome() {
  try {
    accessSync(homedir(), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
