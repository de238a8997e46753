/** One size: so many deployments in flight on one worker process, what they cost, and how fast an abort begins its undo. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { ownershipId, TASK_QUEUES } from '../../src/core/model/names.ts';
import type { DeployInput } from '../../src/core/model/plan.ts';
import type { DeployResult } from '../../src/core/model/operation.ts';
import { until } from '../../test/harness/e2e/until.ts';
import { costOf } from '../../test/harness/history-cost.ts';
import { type BenchWorker, startBenchWorker } from '../world/bench-worker.ts';
import { writeCatalogue } from '../world/catalogue.ts';
import { startBenchServer } from '../world/dev-server.ts';
import { startMetricsPage } from '../world/metrics-page.ts';
import { inParallel, percentile } from '../world/numbers.ts';

export interface Profile {
  readonly stepMs: number;
  readonly lookMs: number;
  readonly windowMs: number;
  /** So many are between their start and their first watch. */
  readonly startingAtOnce: number;
  /**
   * `promoted`: all go on to their end, and what each has cost is counted. `aborted`: all are aborted once everything is
   * measured. Either way each must end so.
   */
  readonly ends: 'promoted' | 'aborted';
  /** Measured when the steps of the first ones end, so that traffic is shifted meanwhile; else as soon as all are watched. */
  readonly isShifting: boolean;
  /** Deployments besides those that are counted, started and aborted while those are in flight. */
  readonly aborts: number;
  /** From the begin of one undo to the next abort: a person ends one, not fifty at once. */
  readonly abortEveryMs: number;
}

export interface Measured {
  readonly inFlight: number;
  readonly wallS: number;
  /** From the call that starts a deployment until its first step is watched. */
  readonly startP50Ms: number;
  readonly startP99Ms: number;
  /** CPU of the worker for one deployment from its start until its first step is watched. */
  readonly startCpuMs: number;
  /** While all are being watched, a minute of one of them. */
  readonly cpuMsPerMinute: number;
  /** The worker's share of one core meanwhile, and the server's. */
  readonly workerCores: number;
  readonly serverCores: number;
  readonly rssMb: number;
  readonly abortP50Ms: number;
  readonly abortP99Ms: number;
  readonly abortMaxMs: number;
  /** Of a whole deployment, with its share of ownership; 0 when none was awaited. */
  readonly actions: number;
  readonly events: number;
  /** Deployments that did not end as they should, with what they said. */
  readonly wrong: readonly string[];
}

const SERVICES = 25;
const SETTLE_MS = 5_000;
const RUNNING = "WorkflowType = 'deployService' AND ExecutionStatus = 'Running'";
const say = (text: string): void => void process.stderr.write(`  ${text}\n`);

export async function measure(inFlight: number, profile: Profile): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-bench-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const server = await startBenchServer(folder);
    stops.push(() => server.stop());
    const page = await startMetricsPage(10);
    stops.push(() => page.close());
    const all = inFlight + profile.aborts;
    const services = Array.from({ length: SERVICES }, (_none, index) => `svc-${index}`);
    const environments = Array.from({ length: Math.ceil(all / SERVICES) }, (_none, index) => `team-${index}`);
    const config = join(folder, 'mainstay.yaml');
    const { stepMs, lookMs } = profile;
    const intervals = { lookMs, observerHeartbeatMs: 30_000, mutatorHeartbeatMs: 3_000, ownershipQuestionMs: 300_000 };
    writeCatalogue(config, { services, environments, stepMs, intervalMs: lookMs, intervals });
    const worker = await startBenchWorker(
      folder,
      { TEMPORAL_ADDRESS: server.address, MAINSTAY_CONFIG: config, MAINSTAY_LOG_LEVEL: 'error' },
      { temporalNamespaces: ['default'], replicas: 2, podReadyMs: 1000, pods: { '*': page.dial }, watchSlots: all },
    );
    stops.push(() => worker.stop());
    const client = new Client({ connection: server.connection });
    const bench = new Bench(client, worker, services);
    return await bench.run(inFlight, profile, server.pid);
  } finally {
    for (const stop of stops.reverse()) await stop().catch((error: unknown) => say(`while ending: ${String(error)}`));
  }
}

class Bench {
  private readonly client: Client;
  private readonly worker: BenchWorker;
  private readonly services: readonly string[];
  private readonly startedAtMs = new Map<string, number>();

  constructor(client: Client, worker: BenchWorker, services: readonly string[]) {
    this.client = client;
    this.worker = worker;
    this.services = services;
  }

  async run(inFlight: number, profile: Profile, serverPid: number): Promise<Measured> {
    const [beginMs, idle] = [Date.now(), await this.worker.usage()];
    const counted = await this.startAll(0, inFlight, profile);
    const startCpuMs = ((await this.worker.usage()).cpuMs - idle.cpuMs) / inFlight;
    say(`${inFlight} are watched after ${seconds(beginMs)} s, ${startCpuMs.toFixed(0)} ms of CPU each`);
    await delay(profile.isShifting ? Math.max(2000, beginMs + profile.stepMs - Date.now()) : 2000);
    const [cpu0, server0, at0] = [await this.worker.usage(), await cpuMsOf(serverPid), Date.now()];
    await delay(profile.windowMs);
    const [cpu1, server1, at1] = [await this.worker.usage(), await cpuMsOf(serverPid), Date.now()];
    const minutes = ((at1 - at0) / 60_000) * inFlight;
    say(`window over, ${profile.aborts} more are started to be aborted`);
    const victims = await this.startAll(inFlight, profile.aborts, profile);
    const abortMs: number[] = [];
    // What the starts have left in the queues is none of the aborts' business.
    await delay(SETTLE_MS);
    for (const id of victims) {
      abortMs.push(await this.abort(id));
      await delay(profile.abortEveryMs);
    }
    const rss = (await this.worker.usage()).rssMb;
    const { count: running } = await this.client.workflow.count(RUNNING);
    const cores = ((cpu1.cpuMs - cpu0.cpuMs) / (at1 - at0)).toFixed(2);
    const p99 = percentile(abortMs, 0.99).toFixed(0);
    say(`${cores} cores, ${rss.toFixed(0)} MB; an abort's undo begins within ${p99} ms (p99)`);
    say(profile.ends === 'aborted' ? 'aborting all' : 'waiting for all to end');
    if (profile.ends === 'aborted') await inParallel(counted, 4, async (id) => void (await this.abort(id)));
    await this.untilNoneRuns(profile);
    const wallS = (Date.now() - beginMs) / 1000;
    const wrong = [
      // What is measured when the first have ended already is no measure of so many.
      ...(running < inFlight ? [`only ${running} of ${inFlight} were still in flight after the aborts`] : []),
      ...(await this.wrongEnds(counted, profile.ends)),
      ...(await this.wrongEnds(victims, 'aborted')),
    ];
    const starts = counted.map((id) => (this.worker.watches.get(id) ?? Number.NaN) - (this.startedAtMs.get(id) ?? 0));
    return {
      inFlight,
      wallS,
      startP50Ms: percentile(starts, 0.5),
      startP99Ms: percentile(starts, 0.99),
      startCpuMs,
      cpuMsPerMinute: (cpu1.cpuMs - cpu0.cpuMs) / minutes,
      workerCores: (cpu1.cpuMs - cpu0.cpuMs) / (at1 - at0),
      serverCores: (server1 - server0) / (at1 - at0),
      rssMb: rss,
      abortP50Ms: percentile(abortMs, 0.5),
      abortP99Ms: percentile(abortMs, 0.99),
      abortMaxMs: Math.max(...abortMs),
      ...(await this.costs(profile.ends === 'promoted' ? counted : [])),
      wrong,
    };
  }

  /** Starts them, a few at a time, and returns when each is watched at its first step. */
  private async startAll(from: number, count: number, { startingAtOnce, stepMs }: Profile): Promise<string[]> {
    const ids = Array.from({ length: count }, (_none, index) => this.idOf(from + index));
    await inParallel(ids, startingAtOnce, async (id) => {
      this.startedAtMs.set(id, Date.now());
      const [, environment = '', service = ''] = id.split('/');
      const args: [DeployInput] = [{ service, environment, version: 'v2', requestedBy: 'benchmark' }];
      await this.client.workflow.start('deployService', { taskQueue: TASK_QUEUES.main, workflowId: id, args });
      await this.untilWatched(id, stepMs);
    });
    return ids;
  }

  private async untilWatched(id: string, stepMs: number): Promise<void> {
    const untilMs = Date.now() + stepMs * 4 + 60_000;
    while (!this.worker.watches.has(id)) {
      const isLate = Date.now() > untilMs;
      for (let look = 0; look < 50 && !this.worker.watches.has(id); look += 1) await delay(20);
      const refused = this.worker.watches.has(id) ? undefined : await this.endBeforeWatch(id);
      if (refused !== undefined || isLate) throw new Error(refused ?? `${id} is not watched yet`);
    }
  }

  /** What a deployment said that ended where it should be watched; undefined while it runs. */
  private async endBeforeWatch(id: string): Promise<string | undefined> {
    const handle = this.client.workflow.getHandle(id);
    if ((await handle.describe()).status.name === 'RUNNING' || this.worker.watches.has(id)) return undefined;
    const { outcome, reason } = (await handle.result()) as DeployResult;
    return `${id} ended before it was watched: ${outcome}, ${reason}`;
  }

  private idOf(index: number): string {
    const service = this.services[index % this.services.length];
    return `deploy/team-${Math.floor(index / this.services.length)}/${service}/1`;
  }

  /** Milliseconds from sending `abort` until the first activity of the undo runs. */
  private async abort(id: string): Promise<number> {
    const sentMs = Date.now();
    const args: [object] = [{ by: 'benchmark', reason: 'how fast is it' }];
    await this.client.workflow.getHandle(id).executeUpdate('abort', { args });
    return (await until(`undo of ${id}`, () => this.worker.undos.get(id), 120_000, undefined, 5)) - sentMs;
  }

  private async untilNoneRuns({ stepMs }: Profile): Promise<void> {
    let running = -1;
    const none = async (): Promise<boolean> => {
      running = (await this.client.workflow.count(RUNNING)).count;
      return running === 0;
    };
    await until('all deployments to end', none, stepMs * 8 + 300_000, () => running, 1000);
  }

  private async wrongEnds(ids: readonly string[], outcome: DeployResult['outcome']): Promise<string[]> {
    const wrong: string[] = [];
    await inParallel(ids, 20, async (id) => {
      try {
        const result = (await this.client.workflow.getHandle(id).result()) as DeployResult;
        if (result.outcome !== outcome) wrong.push(`${id}: ${result.outcome}, ${result.reason}`);
      } catch (error) {
        wrong.push(`${id}: ${String(error)}`);
      }
    });
    return wrong;
  }

  /** Mean of some deployments. */
  private async costs(ids: readonly string[]): Promise<Pick<Measured, 'actions' | 'events'>> {
    const some = ids.filter((_id, index) => index % Math.ceil(ids.length / 10) === 0);
    let [actions, events] = [0, 0];
    for (const id of some) {
      const handle = this.client.workflow.getHandle(id);
      const { runId } = await handle.describe();
      const [, environment = '', service = ''] = id.split('/');
      const parts = [id, ownershipId(environment, 'service', service), `guard/${id}/${runId}`];
      for (const part of parts) {
        const cost = await costOf(this.client.workflow.getHandle(part));
        actions += cost.actions / some.length;
        events += cost.events / some.length;
      }
    }
    return { actions, events };
  }
}

const TICK_MS = 10;

/** From the kernel's account of a process; 0 where there is none. */
async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS;
}

function seconds(sinceMs: number): string {
  return ((Date.now() - sinceMs) / 1000).toFixed(0);
}
