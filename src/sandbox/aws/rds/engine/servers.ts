/** The servers of an engine: which run, on which port, and the file that remembers what each is. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, stopServer } from '../../../../clients/postgres/server-process.ts';
import { CodedError } from '../../../../errors/coded-error.ts';
import type { AdminTarget } from './admin.ts';
import { type Launched, launch } from './launch.ts';
import { isThere, type Places, readFacts, removeFolder, writeFor } from './places.ts';
import type { RunningServer, ServerSpec } from './port.ts';
import { endImmediately, processesOf } from './processes.ts';
import type { Programs } from './programs.ts';
import { configText, HBA_TEXT } from './settings.ts';

/** Kept in server.json; written when the server is complete, so that half a one is never taken for one. */
export interface ServerFacts {
  readonly resourceId: string;
  readonly major: number;
  readonly masterUsername: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly isArchiving: boolean;
  readonly follows?: { readonly resourceId: string; readonly slot: string } | undefined;
  /** Asked for again at the next start: clients have it in their settings. */
  readonly port?: number | undefined;
}

export interface EngineProblem {
  readonly resourceId: string;
  /** What the server said last. */
  readonly message: string;
}

export interface ServersOptions {
  readonly places: Places;
  readonly programs: Programs;
  readonly durable: boolean;
  readonly startLimitMs: number;
  readonly onProblem: (problem: EngineProblem) => void;
}

interface Live {
  readonly pid: number;
  readonly port: number;
  /** Set before we end it: then its end is no problem. */
  isEnding: boolean;
  readonly callOff: () => void;
}

const LOOPBACK = '127.0.0.1';

export function createServers(options: ServersOptions) {
  const { places, programs } = options;
  const live = new Map<string, Live>();
  const inFlight = new Set<Promise<Launched>>();
  let isClosed = false;
  return { factsOf, save, isUp, target, start, launchOnce, stop, end, writeConfig, endAll, close };

  async function factsOf(resourceId: string): Promise<ServerFacts> {
    const facts = await readFacts<ServerFacts>(factsFile(resourceId));
    if (facts) return facts;
    throw new CodedError('NotFound', `RDS engine: expected server ${places.server(resourceId)}, found none`);
  }

  async function save(facts: ServerFacts): Promise<void> {
    await writeFor(places.account, factsFile(facts.resourceId), JSON.stringify(facts, undefined, 2));
  }

  function isUp(resourceId: string): boolean {
    const entry = live.get(resourceId);
    return entry !== undefined && !entry.isEnding && isRunning(entry.pid);
  }

  /** @throws CodedError PreconditionFailed when it does not run */
  function target(resourceId: string): AdminTarget {
    const entry = live.get(resourceId);
    if (entry && isUp(resourceId)) return { port: entry.port, password: places.password };
    throw new CodedError(
      'PreconditionFailed',
      `Postgres in ${places.data(resourceId)}: expected a running server, found none`,
    );
  }

  /** Starts it, or finds that it runs. Its followers are told when it has another port than before. */
  async function start(facts: ServerFacts): Promise<RunningServer> {
    const { resourceId } = facts;
    const running = live.get(resourceId);
    if (running && isUp(resourceId)) return { host: LOOPBACK, port: running.port };
    await end(resourceId);
    await writeConfig(facts);
    const { server, port, callOff } = await launchOnce(facts, 'server.log', { port: facts.port });
    const entry: Live = { pid: server.pid, port, isEnding: false, callOff };
    live.set(resourceId, entry);
    void server.whenEnded.then(() => {
      callOff();
      if (!entry.isEnding) options.onProblem({ resourceId, message: server.ended() ?? 'ended' });
    });
    // A server that is being made is noted by who makes it, when it is complete.
    if (facts.port !== port && (await isThere(factsFile(resourceId)))) await save({ ...facts, port });
    if (facts.port !== undefined && facts.port !== port) await tellFollowers(resourceId);
    return { host: LOOPBACK, port };
  }

  /** A start that the caller looks after: nothing is noted. */
  async function launchOnce(
    facts: ServerFacts,
    logName: string,
    wish: { readonly port?: number | undefined; readonly settings?: Record<string, string>; readonly limitMs?: number },
  ): Promise<Launched> {
    if (isClosed) throw closed();
    const cwd = places.server(facts.resourceId);
    const launching = launch({
      ...wish,
      bin: await programs.binOf(facts.major),
      account: places.account,
      dataDir: places.data(facts.resourceId),
      cwd,
      log: join(cwd, logName),
      password: places.password,
      readyWhen: facts.follows ? 'readOnly' : 'writable',
      limitMs: wish.limitMs ?? options.startLimitMs,
    });
    inFlight.add(launching);
    return launching.finally(() => inFlight.delete(launching));
  }

  /** Fast shutdown. Does not run already is success. */
  async function stop(resourceId: string): Promise<void> {
    const entry = live.get(resourceId);
    if (entry) entry.isEnding = true;
    entry?.callOff();
    const { postmaster } = await processesOf(places.data(resourceId));
    if (postmaster !== undefined) await stopServer(postmaster);
    await endImmediately(places.data(resourceId));
    live.delete(resourceId);
  }

  /** Immediate stop, gone confirmed. */
  async function end(resourceId: string): Promise<void> {
    const entry = live.get(resourceId);
    if (entry) entry.isEnding = true;
    entry?.callOff();
    await endImmediately(places.data(resourceId));
    live.delete(resourceId);
  }

  async function writeConfig(facts: ServerFacts): Promise<void> {
    const data = places.data(facts.resourceId);
    const parameters = await withoutUnknownLibraries(facts);
    const text = configText({
      major: facts.major,
      durable: options.durable,
      parameters,
      archiveTo: facts.isArchiving ? join(places.archive(facts.resourceId), 'wal') : undefined,
      follows: await followedOf(facts),
    });
    await writeFor(places.account, join(data, 'postgresql.conf'), text);
    await writeFor(places.account, join(data, 'pg_hba.conf'), HBA_TEXT);
    // What a superuser of the source may have set there; parameter groups are the only way on RDS.
    await writeFor(places.account, join(data, 'postgresql.auto.conf'), '');
  }

  async function followedOf(facts: ServerFacts) {
    if (!facts.follows) return undefined;
    const { resourceId, slot } = facts.follows;
    const source = await readFacts<ServerFacts>(factsFile(resourceId));
    const passwordFile = join(places.server(facts.resourceId), 'pgpass');
    if (!(await isThere(passwordFile)))
      await writeFor(places.account, passwordFile, `*:*:*:rdsrepladmin:${places.password}\n`);
    return { port: live.get(resourceId)?.port ?? source?.port ?? 1, slot, passwordFile, name: facts.resourceId };
  }

  /** A library that is not there would keep the server from starting; on RDS every allowed one is there. */
  async function withoutUnknownLibraries(facts: ServerFacts): Promise<Readonly<Record<string, string>>> {
    const wished = facts.parameters.shared_preload_libraries;
    if (!wished) return facts.parameters;
    const names = wished.split(',').map((name) => name.trim());
    const there: string[] = [];
    for (const name of names) if (name && (await programs.hasLibrary(facts.major, name))) there.push(name);
    return { ...facts.parameters, shared_preload_libraries: there.join(',') };
  }

  async function followersOf(resourceId: string): Promise<ServerFacts[]> {
    const all = await Promise.all([...live.keys()].map((id) => readFacts<ServerFacts>(factsFile(id))));
    return all.filter((facts) => facts !== undefined).filter((facts) => facts.follows?.resourceId === resourceId);
  }

  async function tellFollowers(resourceId: string): Promise<void> {
    for (const facts of await followersOf(resourceId)) {
      await writeConfig(facts);
      const pid = live.get(facts.resourceId)?.pid;
      if (pid !== undefined && isRunning(pid)) process.kill(pid, 'SIGHUP');
    }
  }

  /** Also those of an engine that is gone: their processes are found by their folders. */
  async function endAll(how: 'stop' | 'end'): Promise<void> {
    const folders = await readdir(join(places.home, 'servers'));
    const known = new Set([...live.keys()].map((id) => places.server(id)));
    const rest = folders.map((name) => join(places.home, 'servers', name)).filter((folder) => !known.has(folder));
    await Promise.all([
      ...[...live.keys()].map((id) => (how === 'stop' ? stop(id) : end(id))),
      ...rest.map((folder) => endImmediately(join(folder, 'data'))),
    ]);
  }

  /** Ends what runs and what is just starting; nothing starts any more. */
  async function close(): Promise<void> {
    isClosed = true;
    await endAll('stop');
    await Promise.allSettled(inFlight);
    // What was ready at that moment is noted by now.
    await delay(0);
    await endAll('stop');
  }

  function closed(): CodedError {
    return new CodedError('PreconditionFailed', `RDS engine in ${places.home}: expected it open, found it closed`);
  }

  function factsFile(resourceId: string): string {
    return join(places.server(resourceId), 'server.json');
  }
}

export type Servers = ReturnType<typeof createServers>;

/** What a copied server is before it has been changed. */
export function factsFor(spec: ServerSpec, major: number): ServerFacts {
  const { resourceId, masterUsername, parameters } = spec;
  return { resourceId, major, masterUsername, parameters, isArchiving: false };
}

/** Removes what a call that failed has left; refuses a server that is there. */
export async function clearPlace(places: Places, servers: Servers, resourceId: string): Promise<void> {
  const folder = places.server(resourceId);
  if (await isThere(join(folder, 'server.json')))
    throw new CodedError('PreconditionFailed', `RDS engine: expected no server in ${folder}, found one`);
  await servers.end(resourceId);
  await removeFolder(folder);
}
