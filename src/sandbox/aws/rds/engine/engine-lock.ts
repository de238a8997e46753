import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTimeOf } from '../../../../clients/build/process-identity.mjs';
import { isRunning } from '../../../../clients/postgres/server-process.ts';
import { CodedError } from '../../../../errors/coded-error.ts';

/** One engine a folder: two would end each other's servers. Answers how to give it free. */
export async function lockEngine(home: string): Promise<() => Promise<void>> {
  const path = join(home, 'engine.lock');
  const mine = `${process.pid} ${startTimeOf(process.pid) ?? 'unknown'}`;
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await writeFile(path, mine, { flag: 'wx' });
      return () => rm(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = await readFile(path, 'utf8').catch(() => '');
    const [pid, started] = holder.split(' ');
    if (isRunning(Number(pid)) && (startTimeOf(Number(pid)) ?? 'unknown') === started)
      throw new CodedError(
        'PreconditionFailed',
        `RDS engine in ${home}: expected no other engine, found that of process ${pid}`,
      );
    await rm(path, { force: true });
  }
  throw new CodedError('Conflict', `RDS engine in ${home}: others take its lock at the same time`);
}
