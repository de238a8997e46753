import type { RdsEngine, ServerSpec, SnapshotFacts } from '../../../../../src/sandbox/aws/rds/engine/port.ts';

/** Servers that are nothing but a record of what was asked of them. */
export interface FakeEngine extends RdsEngine {
  /** `create db-ABC`, in order. */
  readonly calls: readonly string[];
  readonly servers: ReadonlyMap<string, FakeServer>;
  readonly snapshots: ReadonlySet<string>;
  /** The next call of this name waits for the promise, or fails with it. */
  hold(call: string, until: Promise<void>): void;
}

export interface FakeServer {
  readonly spec: ServerSpec;
  port: number;
  password: string;
  parameters: Readonly<Record<string, string>>;
  archiving: boolean;
  isRunning: boolean;
  isReplica: boolean;
  baseMs: number | undefined;
  tickMs: number | undefined;
}

export function createFakeEngine(majors: readonly number[] = [15, 18]): FakeEngine {
  const calls: string[] = [];
  const servers = new Map<string, FakeServer>();
  const snapshots = new Set<string>();
  const holds = new Map<string, Promise<void>>();
  let nextPort = 40_000;

  async function called(name: string, of: string): Promise<void> {
    calls.push(`${name} ${of}`);
    const held = holds.get(name);
    holds.delete(name);
    await held;
  }
  function server(resourceId: string): FakeServer {
    const found = servers.get(resourceId);
    if (!found) throw new Error(`no server ${resourceId}`);
    return found;
  }
  function made(spec: ServerSpec, isReplica = false): { host: '127.0.0.1'; port: number } {
    const port = nextPort++;
    const { masterPassword: password, parameters } = spec;
    const idle = { archiving: false, isRunning: true, baseMs: undefined, tickMs: undefined };
    servers.set(spec.resourceId, { spec, port, password, parameters, isReplica, ...idle });
    return { host: '127.0.0.1', port };
  }
  const facts = (): SnapshotFacts => ({ sizeBytes: 4096, major: 18, databaseTimeMs: Date.now() });
  const at = (resourceId: string): { host: '127.0.0.1'; port: number } => ({
    host: '127.0.0.1',
    port: server(resourceId).port,
  });

  return {
    calls,
    servers,
    snapshots,
    hold: (call, until) => {
      until.catch(() => undefined);
      holds.set(call, until);
    },
    majors: async () => majors,
    async create(spec) {
      await called('create', spec.resourceId);
      return made(spec);
    },
    async start(id) {
      await called('start', id);
      server(id).isRunning = true;
      return at(id);
    },
    async stop(id) {
      await called('stop', id);
      server(id).isRunning = false;
    },
    async restart(id) {
      await called('restart', id);
      return at(id);
    },
    async setMasterPassword(id, password) {
      await called('setMasterPassword', id);
      server(id).password = password;
    },
    async setParameters(id, parameters) {
      await called('setParameters', id);
      server(id).parameters = parameters;
      return 'max_connections' in parameters ? ['max_connections'] : [];
    },
    async setArchiving(id, on) {
      await called(`setArchiving(${on})`, id);
      Object.assign(server(id), { archiving: on, baseMs: on ? Date.now() : undefined, tickMs: undefined });
    },
    async takeBase(id) {
      await called('takeBase', id);
    },
    async tick(id) {
      await called('tick', id);
      server(id).tickMs = Date.now();
    },
    latestRestorableMs: async (id) => servers.get(id)?.tickMs,
    earliestRestorableMs: async (id) => servers.get(id)?.baseMs,
    async snapshot(id, snapshotId) {
      await called('snapshot', id);
      snapshots.add(snapshotId);
      return facts();
    },
    async copySnapshot(from, to) {
      await called('copySnapshot', from);
      if (!snapshots.has(from)) throw new Error(`no snapshot ${from}`);
      snapshots.add(to);
      return facts();
    },
    async deleteSnapshot(id) {
      await called('deleteSnapshot', id);
      snapshots.delete(id);
    },
    snapshotFolder: (id) => `/fake/snapshots/${id}`,
    dataFolder: (id) => `/fake/servers/${id}`,
    adminUrl: (id, database = 'postgres') => `postgres://rdsadmin@127.0.0.1:${server(id).port}/${database}`,
    async restoreSnapshot(id, spec) {
      await called('restoreSnapshot', spec.resourceId);
      if (!snapshots.has(id)) throw new Error(`no snapshot ${id}`);
      return made(spec);
    },
    async restoreToTime(source, target, spec) {
      await called(`restoreToTime(${String(target)})`, source);
      return made(spec);
    },
    async createReplica(source, spec) {
      await called('createReplica', source);
      return made(spec, true);
    },
    async promote(id) {
      await called('promote', id);
      server(id).isReplica = false;
    },
    replicaState: async () => ({ streaming: true, replayLagBytes: 0, lastReplayedCommitMs: Date.now() }),
    async destroy(id) {
      await called('destroy', id);
      servers.delete(id);
    },
    async forget(id) {
      await called('forget', id);
    },
    close: async () => undefined,
  };
}
