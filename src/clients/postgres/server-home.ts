/**
 * The folder of an embedded server: `cluster/` (Postgres' own data directory), `password` (0600), `users/` (one file
 * for each process that has it open), `server.log`.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, link, mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CodedError } from '../../errors/coded-error.ts';
import { startTimeOf } from '../build/process-identity.mjs';
import { type Account, canEnter } from './account.ts';
import { isRunning, runToEnd } from './server-process.ts';

/** Root's place for clusters whose wished folder the account of Postgres cannot walk to. */
const ROOT_PLACE = '/var/lib/mainstay';

/**
 * Makes the folder and answers where it really is: the data directory itself, or (only as root, when the account
 * cannot walk down to it, for instance below /root) a folder below /var/lib/mainstay that is named after it.
 */
export async function makeHome(
  dataDir: string,
  account: Account | undefined,
): Promise<{ readonly home: string; readonly isElsewhere: boolean }> {
  const { home, isElsewhere } = await reachablePlace(dataDir, account, 'postgres');
  await mkdir(join(home, 'users'), { recursive: true, mode: 0o755 });
  await chmod(home, account ? 0o711 : 0o700);
  return { home: await realpath(home), isElsewhere };
}

/**
 * Where a folder for Postgres can be: as wished, or (only as root, when the account cannot walk down to it) below
 * /var/lib/mainstay under the kind and a digest of the wish. The wished folder is made, the other one is not.
 */
export async function reachablePlace(
  folder: string,
  account: Account | undefined,
  kind: string,
): Promise<{ readonly home: string; readonly isElsewhere: boolean }> {
  const wished = resolve(folder);
  await mkdir(wished, { recursive: true });
  const isReachable = account === undefined || (await canEnter(dirname(wished), account));
  const name = `${kind}-${createHash('sha256').update(wished).digest('hex').slice(0, 12)}`;
  return { home: isReachable ? wished : join(ROOT_PLACE, name), isElsewhere: !isReachable };
}

/** The password that belongs to the folder; made by whoever comes first, complete or not there. */
export async function passwordOf(home: string): Promise<string> {
  const path = join(home, 'password');
  const mine = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(mine, randomBytes(24).toString('base64url'), { mode: 0o600 });
  try {
    await link(mine, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(mine, { force: true });
  }
  return (await readFile(path, 'utf8')).trim();
}

export interface ClusterWish {
  readonly home: string;
  readonly bin: string;
  readonly account: Account | undefined;
  readonly password: string;
  readonly durable: boolean;
}

/**
 * Makes the cluster when there is none. It is made beside its place and moved there, so that a start that is killed
 * leaves no half a cluster, and of two starts one wins.
 */
export async function ensureCluster({ home, bin, account, password, durable }: ClusterWish): Promise<void> {
  const cluster = join(home, 'cluster');
  if (await versionOf(cluster)) return;
  await removeLeftovers(home);
  const fresh = join(home, `new-${process.pid}-${randomBytes(4).toString('hex')}`);
  const passwordFile = `${fresh}.password`;
  try {
    await mkdir(fresh, { mode: 0o700 });
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (account) {
      await chown(fresh, account.uid, account.gid);
      await chown(passwordFile, account.uid, account.gid);
    }
    const settings = ['--auth=scram-sha-256', '--username=postgres', '--encoding=UTF8', '--locale=C'];
    const sync = durable ? [] : ['--no-sync'];
    const argv = [`--pgdata=${fresh}`, `--pwfile=${passwordFile}`, ...settings, '--no-instructions', ...sync];
    await runToEnd(join(bin, 'initdb'), argv, { account, cwd: home });
    await rename(fresh, cluster);
  } catch (error) {
    // Someone else's cluster may have been moved there first.
    if (!(await versionOf(cluster))) throw error;
  } finally {
    await rm(passwordFile, { force: true });
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Throws PreconditionFailed when the cluster was made by another major version than the programs are of. */
export async function checkVersion(home: string, bin: string): Promise<void> {
  const found = await versionOf(join(home, 'cluster'));
  const said = await runToEnd(join(bin, 'postgres'), ['--version'], { account: undefined, cwd: home });
  const programs = /(\d+)/.exec(said)?.[1];
  if (found === programs || programs === undefined) return;
  throw new CodedError(
    'PreconditionFailed',
    `Postgres data directory ${home}: expected one of version ${programs}, found version ${found ?? 'unknown'}: name another folder, or delete this one if its data are not needed`,
  );
}

async function versionOf(cluster: string): Promise<string | undefined> {
  const text = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EACCES')
      throw new CodedError('Forbidden', `Postgres data directory ${cluster}: belongs to another account`);
    return undefined;
  });
  return text?.trim();
}

/** What starts that were killed have left. */
async function removeLeftovers(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const pid = /^new-(\d+)-/.exec(name)?.[1];
    if (pid && !isRunning(Number(pid))) await rm(join(home, name), { recursive: true, force: true });
  }
}

/** How a process says that it uses the server; who leaves last ends it. */
export interface Membership {
  /** Someone may be ending the server at this moment: it must not be relied upon. */
  isSomeoneLeaving(): Promise<boolean>;
  /** Calls `stop` when no other living process uses the server. */
  leave(stop: () => Promise<void>): Promise<void>;
}

/**
 * We are a user while our file stands and we live. Who leaves says so before it looks for others, and who comes looks
 * for leavers after it has said that it came: so nobody is given a server that is being ended.
 */
export async function joinUsers(home: string): Promise<Membership> {
  const folder = join(home, 'users');
  const name = [process.pid, startTimeOf(process.pid) ?? 'unknown', randomBytes(6).toString('hex')].join('-');
  await writeFile(join(folder, name), '');
  const leavingFile = join(folder, `${LEAVING}${name}`);
  return {
    isSomeoneLeaving: async () => (await livingUsers(folder)).some((each) => each.startsWith(LEAVING)),
    leave: async (stop) => {
      await rename(join(folder, name), leavingFile).catch(() => undefined);
      try {
        if ((await livingUsers(folder)).every((each) => each.startsWith(LEAVING))) await stop();
      } finally {
        await rm(leavingFile, { force: true });
      }
    },
  };
}

const LEAVING = 'leaving-';

/** Files of processes that live; those of others are removed. A pid that is used again has another start time. */
async function livingUsers(folder: string): Promise<string[]> {
  const living: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const [pid, started] = name.replace(LEAVING, '').split('-');
    if (isRunning(Number(pid)) && (startTimeOf(Number(pid)) ?? 'unknown') === started) living.push(name);
    else await rm(join(folder, name), { force: true });
  }
  return living;
}
