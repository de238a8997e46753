/** Read replicas: a copy of the source that follows it over a slot, until it is promoted. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError } from '../../../../errors/coded-error.ts';
import { type AdminTarget, asAdmin, one } from './admin.ts';
import { copyRunning } from './base-copy.ts';
import type { EngineContext } from './context.ts';
import { makeFolder, writeFor } from './places.ts';
import type { RdsEngine, ReplicaState, RunningServer, ServerSpec } from './port.ts';
import { dropSlot, reload } from './server-calls.ts';
import { clearPlace, factsFor, type ServerFacts } from './servers.ts';
import { DEFAULTS } from './settings.ts';

type Calls = Pick<RdsEngine, 'createReplica' | 'promote' | 'replicaState'>;

const STREAMING_LIMIT_MS = 60_000;
const PROMOTE_LIMIT_S = 60;
const POLL_MS = 20;
/** A replica with less of these than its source does not start, or stops later. With Postgres' own values. */
const NOT_LESS: Readonly<Record<string, string>> = {
  max_connections: DEFAULTS.max_connections ?? '100',
  max_wal_senders: DEFAULTS.max_wal_senders ?? '10',
  max_worker_processes: '8',
  max_prepared_transactions: '0',
  max_locks_per_transaction: '64',
};

export function createReplication({ places, servers, inTurn }: EngineContext): Calls {
  return {
    createReplica: (source, spec) => inTurn(spec.resourceId, () => createReplica(source, spec)),
    promote: (id) => inTurn(id, () => promote(id)),
    replicaState,
  };

  async function createReplica(source: string, spec: ServerSpec): Promise<RunningServer> {
    const { major } = await servers.factsOf(source);
    await clearPlace(places, servers, spec.resourceId);
    const slot = slotName(spec.resourceId);
    const facts: ServerFacts = { ...factsFor(spec, major), follows: { resourceId: source, slot } };
    try {
      await makeFolder(places.server(spec.resourceId), places.account);
      await inTurn(source, () => copySource(source, slot, facts));
      await writeFor(places.account, join(places.data(spec.resourceId), 'standby.signal'), '');
      const running = await servers.start(facts);
      await untilStreaming(spec.resourceId);
      await servers.save({ ...facts, port: running.port });
      return running;
    } catch (error) {
      await servers.end(spec.resourceId);
      if (servers.isUp(source)) await dropSlot(servers.target(source), slot).catch(() => undefined);
      throw error;
    }
  }

  async function copySource(
    source: string,
    slot: string,
    { resourceId, major, parameters }: ServerFacts,
  ): Promise<void> {
    const admin = servers.target(source);
    await refuseLess(admin, parameters, resourceId);
    await dropSlot(admin, slot);
    await asAdmin(admin, (client) => client.query('SELECT pg_create_physical_replication_slot($1, true)', [slot]));
    const { account } = places;
    await copyRunning({
      resourceId: source,
      major,
      admin,
      account,
      dataDir: places.data(source),
      target: places.data(resourceId),
    });
  }

  async function refuseLess(
    admin: AdminTarget,
    parameters: ServerSpec['parameters'],
    resourceId: string,
  ): Promise<void> {
    const { rows } = await asAdmin(admin, (client) =>
      client.query<{ name: string; setting: string }>('SELECT name, setting FROM pg_settings WHERE name = ANY ($1)', [
        Object.keys(NOT_LESS),
      ]),
    );
    for (const { name, setting } of rows) {
      const wished = parameters[name] ?? NOT_LESS[name];
      if (Number(wished) < Number(setting))
        throw new CodedError(
          'InvalidInput',
          `replica ${resourceId}: expected ${name} of at least ${setting}, that of its source, found ${wished}`,
        );
    }
  }

  async function untilStreaming(resourceId: string): Promise<void> {
    const deadlineMs = Date.now() + STREAMING_LIMIT_MS;
    while (!(await replicaState(resourceId)).streaming) {
      if (Date.now() > deadlineMs)
        throw new CodedError(
          'Timeout',
          `replica in ${places.data(resourceId)}: does not stream after ${STREAMING_LIMIT_MS / 1000} s`,
        );
      await delay(POLL_MS);
    }
  }

  async function promote(resourceId: string): Promise<void> {
    const facts = await servers.factsOf(resourceId);
    if (!facts.follows) return;
    const target = servers.target(resourceId);
    const isDone = await asAdmin(target, async (client) => {
      if ((await one(client, 'SELECT pg_is_in_recovery()')) !== 'true') return true;
      return (await one(client, 'SELECT pg_promote(true, $1)', [PROMOTE_LIMIT_S])) === 'true';
    });
    if (!isDone)
      throw new CodedError('Timeout', `replica in ${places.data(resourceId)}: not promoted after ${PROMOTE_LIMIT_S} s`);
    const { resourceId: source, slot } = facts.follows;
    const promoted: ServerFacts = { ...facts, follows: undefined };
    await servers.save(promoted);
    await servers.writeConfig(promoted);
    await reload(target);
    if (servers.isUp(source)) await dropSlot(servers.target(source), slot);
  }

  async function replicaState(resourceId: string): Promise<ReplicaState> {
    const { follows } = await servers.factsOf(resourceId).catch(() => ({ follows: undefined }));
    const seen = await asAdmin(servers.target(resourceId), async (client) => {
      const { rows } = await client.query<{
        recovering: boolean;
        status: string | null;
        replayed: string | null;
        commit: string | null;
      }>(
        `SELECT pg_is_in_recovery() AS recovering, (SELECT status FROM pg_stat_wal_receiver) AS status,
          pg_last_wal_replay_lsn()::text AS replayed,
          floor(extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000)::text AS commit`,
      );
      return rows[0];
    });
    const lastReplayedCommitMs = seen?.commit ? Number(seen.commit) : null;
    const streaming = seen?.recovering === true && seen.status === 'streaming';
    if (!follows || !seen?.recovering || !seen.replayed || !servers.isUp(follows.resourceId))
      return { streaming, replayLagBytes: null, lastReplayedCommitMs };
    const lag = await asAdmin(servers.target(follows.resourceId), (client) =>
      one(client, 'SELECT greatest(0, pg_wal_lsn_diff(pg_current_wal_lsn(), $1::pg_lsn))', [seen.replayed]),
    ).catch(() => undefined);
    return { streaming, replayLagBytes: lag === undefined ? null : Number(lag), lastReplayedCommitMs };
  }
}

/** Lower case, digits and underscores, at most 63. */
function slotName(resourceId: string): string {
  return `rds_${resourceId.toLowerCase().replace(/[^a-z0-9_]/g, '_')}`.slice(0, 63);
}
