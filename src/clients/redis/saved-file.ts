/** The RDB of a server that takes no replicas: it saves, and its file is read. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError, isCoded } from '../../errors/coded-error.ts';
import type { RedisCommands } from './commands.ts';

const POLL_MS = 200;

/**
 * Asks for a BGSAVE that begins after this call, waits for its good end, and gives the file's bytes. A save that runs
 * already is older than what is asked for: it is waited for first.
 *
 * @throws CodedError PreconditionFailed when the save fails or the file is not there, and what a command throws
 */
export async function* readSavedFile(
  redis: RedisCommands,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const running = async (): Promise<boolean> =>
    (await redis.infoField('persistence', 'rdb_bgsave_in_progress')) === '1';
  const wait = async (): Promise<void> => {
    while (await running()) await delay(POLL_MS, undefined, { signal });
  };
  const savedAt = async (): Promise<number> => Number(await redis.command('LASTSAVE'));
  await wait();
  // LASTSAVE counts seconds: a save within the same one would look like the one before.
  const before = await savedAt();
  while (Math.floor(Date.now() / 1000) <= before) await delay(POLL_MS, undefined, { signal });
  try {
    await redis.command('BGSAVE');
  } catch (error) {
    if (!isCoded(error) || !/in progress/i.test(error.message)) throw error;
  }
  await wait();
  const status = await redis.infoField('persistence', 'rdb_last_bgsave_status');
  if (status !== 'ok' || (await savedAt()) <= before) {
    throw new CodedError(
      'PreconditionFailed',
      `BGSAVE: expected a save that ends well, found status ${status ?? 'none'}`,
    );
  }
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || found.mtimeMs / 1000 < before) {
    throw new CodedError(
      'PreconditionFailed',
      `RDB ${path}: expected the file of this save, found ${found ? 'an older one' : 'none'}`,
    );
  }
  for await (const piece of createReadStream(path, { signal })) yield piece as Buffer;
}
