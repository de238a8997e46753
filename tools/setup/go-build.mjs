// Builds programs that are published as Go modules, for where their official download cannot be reached.
// `k8s.io/kubernetes` has replace directives, so `go install` refuses it: tools/setup/kube is a module that requires it
// and replaces each of its staging modules with the published version. Its go.sum is what all sources are held against.
import { spawn } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDir, isExecutable, putInCache, scratchDir, withLock } from './cache.mjs';
import { currentPlatform, PINS } from './pins.mjs';

const MODULE = fileURLToPath(new URL('./kube/', import.meta.url));
/** Where Go's own installer puts it, which is not on everybody's PATH. */
const USUAL_PLACE = '/usr/local/go/bin';
const BUILD_MS = 30 * 60_000;

/**
 * Builds the programs into the cache, one after the other: what they share is built once.
 * @param {readonly import('./pins.mjs').ToolName[]} names
 * @returns {Promise<Record<string, { path?: string, problem?: string }>>} never throws
 */
export async function buildWithGo(names) {
  const go = findGo();
  if (!go) return Object.fromEntries(names.map((name) => [name, { problem: 'Go was not found' }]));
  const lock = join(cacheDir(), 'go-build.lock');
  return withLock(
    lock,
    () => process.stderr.write('setup: another set-up builds with Go: waiting for it\n'),
    async () => {
      const results = {};
      for (const name of names) results[name] = await build(go, name);
      return results;
    },
  );
}

async function build(go, name) {
  const scratch = scratchDir();
  try {
    for (const file of ['go.mod', 'go.sum']) copyFileSync(join(MODULE, file), join(scratch, file));
    const target = join(scratch, name);
    const { package: wanted, variables = [] } = PINS[name].go;
    const linker = ['-s', '-w', ...variables.map((variable) => `-X ${variable}`)].join(' ');
    await run(go, ['build', '-mod=readonly', '-trimpath', '-ldflags', linker, '-o', target, wanted], scratch);
    return { path: putInCache(name, target) };
  } catch (error) {
    return { problem: error.message };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function findGo() {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), USUAL_PLACE];
  return folders.map((folder) => join(folder, 'go')).find(isExecutable);
}

/** Runs Go; its own words are shown when it fails. */
function run(go, args, cwd) {
  const platform = currentPlatform();
  if (!platform) return Promise.reject(new Error(`not known how to build for ${process.platform} ${process.arch}`));
  const env = { ...process.env, CGO_ENABLED: '0', GOWORK: 'off', GOOS: platform.os, GOARCH: platform.arch };
  return new Promise((done, fail) => {
    const child = spawn(go, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'], timeout: BUILD_MS });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-4_000);
    });
    child.on('error', (error) => fail(new Error(`Go could not be started: ${error.message}`)));
    child.on('exit', (code, signal) => {
      if (code === 0) return done(undefined);
      const lines = said
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('go: downloading'));
      fail(new Error(`go build ended with ${signal ?? code}: ${lines.slice(-3).join(' | ')}`));
    });
  });
}
