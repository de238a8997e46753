/**
 * The Postgres programs of each major version, in a copy of their layout where extensions that RDS lets its master user
 * install are trusted. Postgres finds its extensions from its own place: so `postgres` and `initdb` are copied, and the
 * rest is linked, but for the few files of those extensions.
 */
import { chmod, copyFile, mkdir, readdir, readFile, realpath, rename, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join, relative } from 'node:path';
import type { Account } from '../../../../clients/postgres/account.ts';
import { findBinaries } from '../../../../clients/postgres/binaries.ts';
import { runToEnd } from '../../../../clients/postgres/server-process.ts';
import { CodedError } from '../../../../errors/coded-error.ts';
import { grantsOf, TRUSTED_EXTENSIONS } from './extensions.ts';
import { isThere, removeFolder } from './places.ts';

/** Those that are tried: the reference for both is a run of the whole suite. */
export const MAJORS = [15, 18] as const;

export interface Programs {
  majors(): Promise<readonly number[]>;
  /** Folder of `initdb` and `postgres`. @throws CodedError NotFound for a version that is not there */
  binOf(major: number): Promise<string>;
  /** Folder of loadable libraries. */
  hasLibrary(major: number, name: string): Promise<boolean>;
}

export function createPrograms(folder: string, account: Account | undefined): Programs {
  const found = new Map<number, Promise<string | undefined>>();
  const ready = new Map<number, Promise<string>>();
  const find = (major: number) => remember(found, major, () => findMajor(major, account));
  const majors = async () => {
    const there: number[] = [];
    for (const major of MAJORS) if (await find(major)) there.push(major);
    return there;
  };
  const binOf = async (major: number) => {
    const bin = MAJORS.some((each) => each === major) ? await find(major) : undefined;
    if (bin === undefined) throw await missing(major, majors);
    return remember(ready, major, () => layOut(bin, join(folder, String(major))));
  };
  return {
    majors,
    binOf,
    hasLibrary: async (major, name) => isThere(join(await libraryFolder(await binOf(major)), `${name}.so`)),
  };
}

function remember<T>(known: Map<number, Promise<T>>, key: number, make: () => Promise<T>): Promise<T> {
  const value = known.get(key) ?? make();
  known.set(key, value);
  value.catch(() => known.delete(key));
  return value;
}

async function missing(major: number, majors: () => Promise<readonly number[]>): Promise<CodedError> {
  const there = (await majors()).join(', ') || 'none';
  const hint = MAJORS.some((each) => each === major)
    ? `: install it, or set MAINSTAY_PG_BIN_${major} to its folder of programs`
    : '';
  return new CodedError(
    'NotFound',
    `Postgres ${major}: expected its programs, found those of versions ${there}${hint}`,
  );
}

async function findMajor(major: number, account: Account | undefined): Promise<string | undefined> {
  const named = process.env[`MAINSTAY_PG_BIN_${major}`];
  if (named) {
    const seen = await versionIn(named);
    if (seen === major) return realpath(named);
    throw new CodedError(
      'InvalidInput',
      `MAINSTAY_PG_BIN_${major}: expected Postgres ${major} in ${named}, found ${seen ?? 'none'}`,
    );
  }
  const packaged = await findBinaries(account).catch(() => undefined);
  for (const folder of [packaged, ...(await wellKnown(major))]) {
    if (folder && (await versionIn(folder)) === major) return realpath(folder);
  }
  return undefined;
}

async function wellKnown(major: number): Promise<string[]> {
  const configured = await runToEnd('pg_config', ['--bindir'], { account: undefined, cwd: '/' }).catch(() => '');
  return [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    `/usr/local/opt/postgresql@${major}/bin`,
    configured.trim(),
    ...(process.env.PATH ?? '').split(delimiter),
  ].filter((folder) => folder !== '');
}

async function versionIn(bin: string): Promise<number | undefined> {
  if (!(await isThere(join(bin, 'initdb')))) return undefined;
  const said = await runToEnd(join(bin, 'postgres'), ['--version'], { account: undefined, cwd: '/' }).catch(() => '');
  const major = Number(/(\d+)/.exec(said)?.[1]);
  return major > 0 ? major : undefined;
}

async function libraryFolder(bin: string): Promise<string> {
  const lib = join(bin, '../lib');
  return (await isThere(join(lib, 'postgresql'))) ? join(lib, 'postgresql') : lib;
}

/** Where the programs look for extensions: beside them, or where pg_config says. */
async function shareOf(bin: string): Promise<string> {
  const beside = join(bin, '../share/postgresql');
  if (await isThere(join(beside, 'extension'))) return beside;
  return (await runToEnd(join(bin, 'pg_config'), ['--sharedir'], { account: undefined, cwd: '/' })).trim();
}

/** Same relative places as the original from the root on: that is how Postgres finds them. Appears in one step. */
async function layOut(bin: string, target: string): Promise<string> {
  const share = await realpath(await shareOf(bin));
  const done = join(target, relative('/', bin));
  await removeFolder(target);
  const fresh = `${target}.new`;
  await removeFolder(fresh);
  const at = (path: string) => join(fresh, relative('/', path));
  await mkdir(at(bin), { recursive: true, mode: 0o755 });
  for (const program of ['initdb', 'postgres']) {
    await copyFile(join(bin, program), join(at(bin), program));
    await chmod(join(at(bin), program), 0o755);
  }
  await symlink(join(bin, '../lib'), join(at(bin), '../lib'));
  await linkAll(share, at(share), ['extension']);
  await layOutExtensions(join(share, 'extension'), join(at(share), 'extension'));
  await chmod(fresh, 0o755);
  await rename(fresh, target);
  await chmod(join(target, '..'), 0o711);
  return done;
}

async function linkAll(from: string, to: string, but: readonly string[]): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o755 });
  for (const name of await readdir(from)) if (!but.includes(name)) await symlink(join(from, name), join(to, name));
}

async function layOutExtensions(from: string, to: string): Promise<void> {
  const own: string[] = [];
  await mkdir(to, { recursive: true, mode: 0o755 });
  for (const name of TRUSTED_EXTENSIONS) {
    const control = await readFile(join(from, `${name}.control`), 'utf8').catch(() => undefined);
    if (control === undefined) continue;
    own.push(`${name}.control`);
    const kept = control.replace(/^\s*(trusted|superuser)\s*=.*$/gm, '');
    await writeFile(join(to, `${name}.control`), `${kept.trimEnd()}\ntrusted = true\n`, { mode: 0o644 });
    const grants = grantsOf(name);
    const script = grants && (await lastScript(from, name, /default_version\s*=\s*'([^']+)'/.exec(control)?.[1] ?? ''));
    if (!grants || !script) continue;
    own.push(script);
    await writeFile(join(to, script), `${await readFile(join(from, script), 'utf8')}\n${grants}\n`, { mode: 0o644 });
  }
  await linkAll(from, to, own);
}

/** The script that ends an installation of the version: an update to it, else the one that makes it at once. */
async function lastScript(folder: string, name: string, version: string): Promise<string | undefined> {
  const names = (await readdir(folder)).filter((each) => each.startsWith(`${name}--`));
  const whole = `${name}--${version}.sql`;
  return names.includes(whole) ? whole : names.find((each) => each.endsWith(`--${version}.sql`));
}
