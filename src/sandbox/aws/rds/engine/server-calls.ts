/** What several parts ask of a running server as its superuser. */
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError } from '../../../../errors/coded-error.ts';
import { type AdminTarget, asAdmin, one } from './admin.ts';

const RELOAD_LIMIT_MS = 10_000;
const POLL_MS = 20;

/** Tells the server to read its files again, and waits until new connections have the new values. */
export async function reload(target: AdminTarget): Promise<void> {
  const loadedAt = () => asAdmin(target, (client) => one(client, 'SELECT pg_conf_load_time()::text'));
  const before = await asAdmin(target, async (client) => {
    const at = await one(client, 'SELECT pg_conf_load_time()::text');
    await client.query('SELECT pg_reload_conf()');
    return at;
  });
  const deadlineMs = Date.now() + RELOAD_LIMIT_MS;
  while ((await loadedAt()) === before) {
    if (Date.now() > deadlineMs)
      throw new CodedError(
        'Timeout',
        `Postgres at port ${target.port}: did not read its settings within ${RELOAD_LIMIT_MS / 1000} s`,
      );
    await delay(POLL_MS);
  }
}

/** Gone already is success. Whoever follows over it is cut off. */
export async function dropSlot(target: AdminTarget, slot: string): Promise<void> {
  await asAdmin(target, async (client) => {
    const isThere = 'SELECT active_pid FROM pg_replication_slots WHERE slot_name = $1';
    const deadlineMs = Date.now() + 5_000;
    for (;;) {
      const { rows } = await client.query<{ active_pid: number | null }>(isThere, [slot]);
      if (!rows[0]) return;
      if (rows[0].active_pid === null || Date.now() > deadlineMs) break;
      await client.query('SELECT pg_terminate_backend($1)', [rows[0].active_pid]);
      await delay(POLL_MS);
    }
    await client.query('SELECT pg_drop_replication_slot($1)', [slot]);
  });
}
