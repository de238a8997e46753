// The compiled code of a clone: `dist/` as `npm run build` makes it, used only while it was made of these very sources.
// Compiled code starts in half the time of the sources through tsx. Node's own modules only: set-up calls this.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
const STAMP = join(DIST, '.sources');

/** True when `dist/` was compiled from the sources and packages as they stand now. */
export function isCompiled() {
  try {
    return readFileSync(STAMP, 'utf8') === hashSources();
  } catch {
    return false;
  }
}

/** Compiles beside and swaps, so that whoever starts meanwhile finds whole code. Throws when it does not compile. */
export function compile() {
  const hash = hashSources();
  const fresh = `${DIST}.${process.pid}`;
  const old = `${fresh}.old`;
  try {
    run([join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', fresh]);
    run([join(ROOT, 'tools/copy-assets.mjs'), fresh]);
    run([join(ROOT, 'tools/bundle-workflows.mjs'), fresh]);
    writeFileSync(join(fresh, '.sources'), hash);
    if (existsSync(DIST)) renameSync(DIST, old);
    renameSync(fresh, DIST);
  } finally {
    rmSync(old, { recursive: true, force: true });
    rmSync(fresh, { recursive: true, force: true });
  }
}

function run(args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} failed:\n${stdout}${stderr}`);
}

function hashSources() {
  const hash = createHash('sha256');
  for (const name of ['tsconfig.json', 'tsconfig.build.json', 'node_modules/.package-lock.json']) {
    hash.update(readFileSync(join(ROOT, name)));
  }
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) {
    hash.update(`\0${file.slice(ROOT.length)}\0`);
    hash.update(readFileSync(file));
  }
  return hash.digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) compile();
