/** Postgres refuses to run as root: which account runs it then, and what that account can reach. */
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Numbers of `nobody` where no list of accounts can be read. */
const NOBODY: Account = { name: 'nobody', uid: 65_534, gid: 65_534 };

/**
 * The account that initdb and postgres run as; undefined means as ourselves. As root: the owner of the cluster that is
 * there already, else `postgres`, else `nobody`.
 */
export async function serverAccount(clusterDir: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(clusterDir).catch(() => undefined);
  if (owner && owner.uid !== 0) return { name: `uid ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  return pickAccount(await readFile('/etc/passwd', 'utf8').catch(() => ''));
}

/** `postgres`, else `nobody`, of the lines of a passwd file. */
export function pickAccount(passwd: string): Account {
  const lines = passwd.split('\n').map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const found = lines.find(([name]) => name === wanted);
    const [uid, gid] = [Number(found?.[2]), Number(found?.[3])];
    if (found && uid > 0 && gid >= 0) return { name: wanted, uid, gid };
  }
  return NOBODY;
}

/** True when the account may walk down to the folder and enter it, by the mode bits. */
export async function canEnter(folder: string, account: Account): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    const seen = await stat(at);
    const bit = seen.uid === account.uid ? 0o100 : seen.gid === account.gid ? 0o010 : 0o001;
    if ((seen.mode & bit) === 0) return false;
    if (dirname(at) === at) return true;
  }
}
