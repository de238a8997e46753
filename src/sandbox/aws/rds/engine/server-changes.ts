/** What is done to one server: start, stop, password, parameters, end. */
import pg from 'pg';
import { CodedError } from '../../../../errors/coded-error.ts';
import { type AdminTarget, asAdmin } from './admin.ts';
import type { EngineContext } from './context.ts';
import { readFacts, removeFolder } from './places.ts';
import type { RdsEngine } from './port.ts';
import { dropSlot, reload } from './server-calls.ts';
import type { ServerFacts } from './servers.ts';

type Calls = Pick<RdsEngine, 'start' | 'stop' | 'restart' | 'setMasterPassword' | 'setParameters' | 'destroy'>;

export function createServerChanges({ places, servers, inTurn }: EngineContext): Calls {
  return {
    start: (id) => inTurn(id, async () => servers.start(await servers.factsOf(id))),
    stop: (id) => inTurn(id, () => servers.stop(id)),
    restart: (id) =>
      inTurn(id, async () => {
        const facts = await servers.factsOf(id);
        await servers.stop(id);
        return servers.start(facts);
      }),
    setMasterPassword: (id, password) => inTurn(id, () => setMasterPassword(id, password)),
    setParameters: (id, parameters) => inTurn(id, () => setParameters(id, parameters)),
    destroy: (id) => inTurn(id, () => destroy(id)),
  };

  async function setMasterPassword(resourceId: string, password: string): Promise<void> {
    const { masterUsername } = await servers.factsOf(resourceId);
    await asAdmin(servers.target(resourceId), (client) =>
      client.query(`ALTER ROLE ${pg.escapeIdentifier(masterUsername)} PASSWORD ${pg.escapeLiteral(password)}`),
    );
  }

  async function setParameters(
    resourceId: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<readonly string[]> {
    const before = await servers.factsOf(resourceId);
    const facts: ServerFacts = { ...before, parameters };
    await servers.writeConfig(facts);
    if (!servers.isUp(resourceId)) {
      await servers.save(facts);
      return [];
    }
    const target = servers.target(resourceId);
    await reload(target);
    const { waiting, refused } = await settingsOf(target);
    if (refused.length > 0) {
      await servers.writeConfig(before);
      await reload(target);
      throw new CodedError(
        'InvalidInput',
        `Postgres in ${places.data(resourceId)}: expected settings it accepts, found ${refused.join('; ')}`,
      );
    }
    await servers.save(facts);
    return waiting;
  }

  async function destroy(resourceId: string): Promise<void> {
    const facts = await readFacts<ServerFacts>(`${places.server(resourceId)}/server.json`);
    await servers.end(resourceId);
    if (facts?.follows && servers.isUp(facts.follows.resourceId))
      await dropSlot(servers.target(facts.follows.resourceId), facts.follows.slot);
    await removeFolder(places.server(resourceId));
  }
}

async function settingsOf(target: AdminTarget): Promise<{ waiting: string[]; refused: string[] }> {
  return asAdmin(target, async (client) => {
    const pending = await client.query<{ name: string }>(
      'SELECT name FROM pg_settings WHERE pending_restart ORDER BY name',
    );
    const waiting = pending.rows.map((row) => row.name);
    const failed = await client.query<{ name: string | null; setting: string | null; error: string }>(
      'SELECT name, setting, error FROM pg_file_settings WHERE error IS NOT NULL',
    );
    const refused = failed.rows
      .filter(({ name }) => name === null || !waiting.includes(name))
      .map(({ name, setting, error }) => `${name ?? 'postgresql.conf'} = ${setting ?? ''}: ${error}`);
    return { waiting, refused };
  });
}
