/** Deployments side by side, each in a Temporal namespace of its own, so that the server itself tells what each cost. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type WorkflowHandle } from '@temporalio/client';
import { ownershipId, TASK_QUEUES } from '../../src/core/model/names.ts';
import type { DeployResult } from '../../src/core/model/operation.ts';
import type { DeployInput } from '../../src/core/model/plan.ts';
import { until } from '../../test/harness/e2e/until.ts';
import { costOf, type HistoryCost } from '../../test/harness/history-cost.ts';
import { startBenchWorker } from '../world/bench-worker.ts';
import { writeCatalogue } from '../world/catalogue.ts';
import { startBenchServer } from '../world/dev-server.ts';
import { startMetricsPage } from '../world/metrics-page.ts';

export interface Scale {
  /** How many times faster than real time steps, bake, looks and the observer's heartbeat go. */
  readonly speed: number;
  /** In real time, as the heartbeats of changes are: until pods are ready after a change of a Deployment. */
  readonly podReadyMs: number;
}

export interface Case {
  readonly lookS: number;
  /** Of every pod. */
  readonly rps: number;
}

export interface CaseCost extends Case {
  /** Each with its own history: the deployment, its share of the ownership entity, its guard. */
  readonly parts: Readonly<Record<'deployment' | 'ownership' | 'guard', HistoryCost>>;
  readonly events: number;
  /** By kind, as Temporal Cloud's list of what is billed reads: retries of activities among them, heartbeats not. */
  readonly actions: Readonly<Record<string, number>>;
  readonly actionsInAll: number;
  /** As the server counts them, which takes more things for billable; heartbeats not. The greater of the two is judged. */
  readonly actionsByServer: number;
  /** `RecordActivityTaskHeartbeat` as the server counted them. */
  readonly heartbeats: number;
  /** What the server itself counted as billable, by its own names, heartbeats among them. */
  readonly byServer: Readonly<Record<string, number>>;
  readonly outcome: string;
}

/** The server's counters come a moment later. */
const COUNTED_WITHIN_MS = 2_500;
const MINUTE_MS = 60_000;
const STEP_MS = 10 * MINUTE_MS;
const STEPS = 5;
/** Four pods at 10, 25, 50, 75 and 100 % are 1, 1, 2, 3, 4: four times pods have to start, and once more for the roll. */
const REPLICAS = 4;
const STARTS_OF_PODS = 5;

export async function measureCosts(cases: readonly Case[], scale: Scale): Promise<readonly CaseCost[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mainstay-bench-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const named = cases.map((each) => ({ ...each, name: `look-${each.lookS}-rps-${each.rps}` }));
    const names = named.map(({ name }) => name);
    const server = await startBenchServer(folder, names);
    stops.push(() => server.stop());
    const pods: Record<string, string> = {};
    for (const rps of new Set(cases.map((each) => each.rps))) {
      // Counters grow with the clock that the observers see.
      const page = await startMetricsPage(rps * scale.speed);
      stops.push(() => page.close());
      for (const each of named) if (each.rps === rps) pods[each.name] = page.dial;
    }
    const config = join(folder, 'mainstay.yaml');
    writeCatalogue(config, {
      services: ['crm-api'],
      environments: names,
      stepMs: STEP_MS / scale.speed,
      intervalMs: 30_000 / scale.speed,
      intervals: {
        lookMs: 10_000 / scale.speed,
        observerHeartbeatMs: 30_000 / scale.speed,
        mutatorHeartbeatMs: 3_000,
        ownershipQuestionMs: questionMs(scale),
      },
      lookMsOf: Object.fromEntries(named.map(({ name, lookS }) => [name, (lookS * 1000) / scale.speed])),
    });
    const worker = await startBenchWorker(
      folder,
      { TEMPORAL_ADDRESS: server.address, MAINSTAY_CONFIG: config, MAINSTAY_LOG_LEVEL: 'error' },
      { temporalNamespaces: names, replicas: REPLICAS, podReadyMs: scale.podReadyMs, pods, watchSlots: 20 },
    );
    stops.push(() => worker.stop());
    return await Promise.all(
      named.map(async ({ name, ...each }) => {
        const client = new Client({ connection: server.connection, namespace: name });
        const { parts, outcome } = await deployOnce(client, name);
        await delay(COUNTED_WITHIN_MS);
        const [asked, billed] = await Promise.all([server.requests(name), server.actions(name)]);
        return {
          ...each,
          parts,
          outcome,
          ...countAll(parts, asked),
          byServer: withoutNothing(billed),
          actionsByServer: sumBut('grpc_RecordActivityTaskHeartbeat', billed),
        };
      }),
    );
  } finally {
    for (const stop of stops.reverse()) await stop().catch(() => undefined);
  }
}

/** The question goes on a clock of its own: as many of them as in real time, where waiting for pods is a small part. */
function questionMs({ speed, podReadyMs }: Scale): number {
  const watchedMs = (STEPS + 1) * STEP_MS;
  const podsMs = STARTS_OF_PODS * podReadyMs;
  return (5 * MINUTE_MS * (watchedMs / speed + podsMs)) / (watchedMs + podsMs);
}

async function deployOnce(client: Client, environment: string): Promise<Pick<CaseCost, 'parts' | 'outcome'>> {
  const args: [DeployInput] = [{ service: 'crm-api', environment, version: 'v2', requestedBy: 'benchmark' }];
  const workflowId = `deploy/${environment}/crm-api/1`;
  const handle = await client.workflow.start('deployService', { taskQueue: TASK_QUEUES.main, workflowId, args });
  const { outcome, reasonCode, reason } = (await handle.result()) as DeployResult;
  const { runId } = await handle.describe();
  const guard = client.workflow.getHandle(`guard/${workflowId}/${runId}`);
  await until('the guard to have told ownership', () => hasEnded(guard), 30_000);
  const owner = client.workflow.getHandle(ownershipId(environment, 'service', 'crm-api'));
  const parts = { deployment: await costOf(handle), ownership: await costOf(owner), guard: await costOf(guard) };
  return { parts, outcome: outcome === 'promoted' ? outcome : `${outcome} (${reasonCode}: ${reason})` };
}

async function hasEnded(handle: WorkflowHandle): Promise<boolean> {
  return (await handle.describe()).status.name !== 'RUNNING';
}

/** Events that are billed when they are written, in words. A retry of an activity is billed and is in no history. */
const BILLED: Readonly<Record<string, string>> = {
  WORKFLOW_EXECUTION_STARTED: 'workflow starts',
  START_CHILD_WORKFLOW_EXECUTION_INITIATED: 'child starts',
  ACTIVITY_TASK_SCHEDULED: 'activities',
  TIMER_STARTED: 'timers',
  WORKFLOW_EXECUTION_SIGNALED: 'signals',
  WORKFLOW_EXECUTION_UPDATE_ACCEPTED: 'updates',
  UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: 'search attributes',
  MARKER_RECORDED: 'markers',
};

function countAll(
  parts: CaseCost['parts'],
  asked: Readonly<Record<string, number>>,
): Pick<CaseCost, 'events' | 'actions' | 'actionsInAll' | 'heartbeats'> {
  const actions: Record<string, number> = {};
  for (const { byType } of Object.values(parts)) {
    for (const [type, what] of Object.entries(BILLED)) {
      const count = byType[type] ?? 0;
      if (count > 0) actions[what] = (actions[what] ?? 0) + count;
    }
  }
  // Here every failed attempt is tried again: the outcome says that nothing failed for good.
  actions['retries of activities'] = asked.RespondActivityTaskFailed ?? 0;
  return {
    events: Object.values(parts).reduce((sum, part) => sum + part.events, 0),
    actions,
    actionsInAll: Object.values(actions).reduce((sum, count) => sum + count, 0),
    heartbeats: asked.RecordActivityTaskHeartbeat ?? 0,
  };
}

function withoutNothing(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

function sumBut(left: string, counts: Readonly<Record<string, number>>): number {
  return Object.entries(counts).reduce((sum, [kind, count]) => (kind === left ? sum : sum + count), 0);
}
