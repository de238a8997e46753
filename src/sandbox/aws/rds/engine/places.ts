/**
 * Folders of the engine. Everything below belongs to the account that runs Postgres:
 * `programs/<major>/`, `servers/<resource>/{data,server.json,server.log}`, `snapshots/<snapshot>/{data,base.json}`,
 * `archives/<resource>/{wal,bases/<number>/{data,base.json},tick.json}`.
 */
import { randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Account, serverAccount } from '../../../../clients/postgres/account.ts';
import { passwordOf, reachablePlace } from '../../../../clients/postgres/server-home.ts';

export interface Places {
  readonly home: string;
  /** True when that is not the state folder that was asked for, so that who deletes the one must delete the other. */
  readonly isElsewhere: boolean;
  readonly account: Account | undefined;
  /** Of `rdsadmin` and `rdsrepladmin` in every server of this state folder: a secret. */
  readonly password: string;
  server(resourceId: string): string;
  data(resourceId: string): string;
  snapshot(snapshotId: string): string;
  archive(resourceId: string): string;
}

export async function openPlaces(stateDir: string): Promise<Places> {
  const first = await serverAccount(join(stateDir, 'servers'));
  const { home, isElsewhere } = await reachablePlace(stateDir, first, 'aws-rds');
  const account = await serverAccount(join(home, 'servers'));
  await mkdir(home, { recursive: true, mode: 0o755 });
  await chmod(home, account ? 0o711 : 0o700);
  for (const name of ['servers', 'snapshots', 'archives', 'programs']) await makeFolder(join(home, name), account);
  const server = (resourceId: string) => join(home, 'servers', safeName(resourceId));
  return {
    home,
    isElsewhere,
    account,
    password: await passwordOf(home),
    server,
    data: (resourceId) => join(server(resourceId), 'data'),
    snapshot: (snapshotId) => join(home, 'snapshots', safeName(snapshotId)),
    archive: (resourceId) => join(home, 'archives', safeName(resourceId)),
  };
}

/** A name as one path segment that needs no quotes anywhere: what is special becomes `=` and its code. */
export function safeName(name: string): string {
  if (name === '') throw new Error('RDS engine: expected a name for a folder, found none');
  const escape = (char: string) =>
    [...Buffer.from(char)].map((byte) => `=${byte.toString(16).padStart(2, '0')}`).join('');
  return name.replace(/[^A-Za-z0-9._-]/gu, escape).replace(/^\./, '=2e');
}

/** Folder of the account, mode 0700, with what is above it. */
export async function makeFolder(path: string, account: Account | undefined): Promise<void> {
  if (await isThere(path)) return;
  if (!(await isThere(dirname(path)))) await makeFolder(dirname(path), account);
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (account) await chown(path, account.uid, account.gid);
}

/** Whole or not at all, mode 0600. */
export async function writeFor(account: Account | undefined, path: string, text: string): Promise<void> {
  const fresh = `${path}.${randomBytes(4).toString('hex')}.new`;
  await writeFile(fresh, text, { mode: 0o600 });
  if (account) await chown(fresh, account.uid, account.gid);
  await rename(fresh, path);
}

/** The JSON of a file that we wrote; undefined when it is not there. */
export async function readFacts<T>(path: string): Promise<T | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

export async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/** Removes a folder; gone already is success. */
export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** Bytes of the files below a folder. */
export async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    bytes += entry.isDirectory() ? await sizeOf(path) : (await lstat(path)).size;
  }
  return bytes;
}
