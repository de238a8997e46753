/** Somebody who goes on writing while a manifest and a backup are made. */
import { setTimeout as delay } from 'node:timers/promises';
import { withClient } from '../harness/cluster.ts';

const PAUSE_MS = 5;

export interface Writer {
  /** Rounds that were written so far. */
  rounds(): number;
  /** Ends after the round under way; throws what went wrong. */
  stop(): Promise<void>;
}

export function startWriter(url: string, statements: readonly string[]): Writer {
  let rounds = 0;
  let isOver = false;
  const done = withClient(url, async (client) => {
    while (!isOver) {
      rounds += 1;
      for (const statement of statements) await client.query(statement.replaceAll('$n', String(rounds)));
      await delay(PAUSE_MS);
    }
  });
  done.catch(() => undefined); // told by stop
  return {
    rounds: () => rounds,
    stop: () => {
      isOver = true;
      return done;
    },
  };
}
