// The folder of one user that keeps downloaded programs, and the two ways several set-ups at once stay out of each
// other's way: programs are put in place by one rename, and `npm ci` runs under a lock file.
import { createHash } from 'node:crypto';
import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync } from 'node:fs';
import { closeSync, lstatSync, rmSync, statSync, writeSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PINS } from './pins.mjs';

let chosen;

/**
 * Absolute path of the cache: MAINSTAY_CACHE, XDG_CACHE_HOME, the home folder, else a private folder under the
 * system's temporary folder. It exists and can be written.
 */
export function cacheDir() {
  chosen ??= firstWritable() ?? privateTempDir();
  return chosen;
}

/**
 * Where the cached program stands or would stand: the version is part of the path, so that an old one is not used. Of a
 * Python environment it is the interpreter, and the list of its packages is part of the path too.
 */
export function cachedPath(name) {
  const { version, venv } = PINS[name];
  const platform = `${process.platform}-${process.arch}`;
  const program = (folder, ...within) => join(cacheDir(), 'tools', name, folder, ...within);
  if (!venv) return program(`${version}-${platform}`, name);
  const list = readFileSync(new URL(venv.requirements, import.meta.url));
  const digest = createHash('sha256').update(list).digest('hex').slice(0, 8);
  return program(`${version}-${digest}-${platform}`, 'bin', 'python');
}

/** A scratch folder on the same file system as the cache, so that a rename out of it is atomic. */
export function scratchDir() {
  const parent = join(cacheDir(), 'tmp');
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, 'install-'));
}

/** Puts a finished program into the cache by rename: a reader sees all of it or nothing, and the last writer wins. */
export function putInCache(name, file) {
  const target = cachedPath(name);
  chmodSync(file, 0o755);
  mkdirSync(join(target, '..'), { recursive: true });
  renameSync(file, target);
  return target;
}

/** Whether the file exists and this user may run it. */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Runs `work` while holding a lock file, waiting for another process that holds it. A lock whose process is gone is
 * taken over.
 */
export async function withLock(path, onWait, work) {
  let told = false;
  while (!tryLock(path)) {
    if (!told) onWait();
    told = true;
    await sleep(200);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function tryLock(path) {
  try {
    const handle = openSync(path, 'wx');
    writeSync(handle, String(process.pid));
    closeSync(handle);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (isStale(path)) rmSync(path, { force: true });
    return false;
  }
}

function isStale(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    if (!pid) return Date.now() - statSync(path).mtimeMs > 10_000; // made a moment ago, its number not yet written
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function firstWritable() {
  const { MAINSTAY_CACHE, XDG_CACHE_HOME } = process.env;
  const home = homedir();
  const candidates = [
    MAINSTAY_CACHE && resolve(MAINSTAY_CACHE),
    XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? join(XDG_CACHE_HOME, 'mainstay') : undefined,
    home ? join(home, '.cache', 'mainstay') : undefined,
  ];
  for (const candidate of candidates) if (candidate && isWritable(candidate)) return candidate;
  return undefined;
}

function isWritable(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Programs are run from here, so a folder that somebody else prepared under the guessable name is not trusted. */
function privateTempDir() {
  const uid = process.getuid?.() ?? 0;
  const folder = join(tmpdir(), `mainstay-cache-${uid}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const found = lstatSync(folder);
  const isOurs = found.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0;
  return isOurs ? folder : mkdtempSync(join(tmpdir(), 'mainstay-cache-'));
}
