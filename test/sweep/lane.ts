/** One service on which points are tried one after the other: what one leaves behind would show in the next. */
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError } from '@temporalio/client';
import type { DeployResult } from '../../src/core/model/operation.ts';
import { MEMO, ownershipId } from '../../src/core/model/names.ts';
import type { OwnershipView } from '../../src/core/model/ownership.ts';
import { HTTP_ROUTES } from '../../src/sandbox/router/gateway-objects.ts';
import { readRouterCounts, since } from '../harness/e2e/router-counts.ts';
import type { Run } from '../harness/e2e/run.ts';
import type { Stage } from '../harness/e2e/stage.ts';
import { until } from '../harness/e2e/until.ts';
import { type Before, endOf, expectedEnds, inventoryOf, type Played, problemsOf } from './checks.ts';
import { edit } from './edits.ts';
import { type Arrived, Interference } from './interference.ts';
import { type End, isForeign, type Point, pointName, type Scenario, type Traced } from './points.ts';
import { LANE, type SweepWorld, VERSIONS } from './world.ts';

/** A point that failed in a passing way comes back within seconds; an undo that asks for help tries again after 30 s. */
const ENDED_WITHIN_MS = 150_000;
const WHOLE_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 400;
const CLOSED: Readonly<Record<string, string>> = { CancelledFailure: 'cancelled', TerminatedFailure: 'terminated' };

export interface Tried {
  readonly name: string;
  readonly point: Point | undefined;
  readonly trace: readonly Traced[];
  readonly end: End | undefined;
  /** What the operation said: its outcome and reason code, or how the server closed it. */
  readonly said: string;
  readonly problems: readonly string[];
  readonly seconds: number;
}

export class Lane {
  readonly stage: Stage;
  interference: Interference | undefined;
  readonly #world: SweepWorld;
  readonly #temporal: string;

  private constructor(world: SweepWorld, stage: Stage, temporal: string) {
    this.#world = world;
    this.stage = stage;
    this.#temporal = temporal;
  }

  static async open(world: SweepWorld, name: string, temporal: string): Promise<Lane> {
    return new Lane(world, await world.e2e.stage(name, { ...LANE, temporal }), temporal);
  }

  async try(scenario: Scenario, point?: Point, arrived?: Arrived): Promise<Tried> {
    const startMs = Date.now();
    const name = point ? pointName(point) : scenario;
    const seconds = (): number => Math.round((Date.now() - startMs) / 100) / 10;
    let run: Run | undefined;
    let unblind: (() => Promise<void>) | undefined;
    try {
      const { before, counts } = await this.#prepare();
      const [first, second, third] = VERSIONS.map((version) => this.#world.e2e.image(version)) as [
        string,
        string,
        string,
      ];
      const isSecond = before.standing.image === second;
      const target = isSecond ? first : second;
      const sighted = this.#world.observer.since(this.stage.name);
      let editedAtMs: number | undefined;
      const handle = (id: string) => this.#world.e2e.client(this.#temporal).workflow.getHandle(id);
      const by = { by: 'release-manager', reason: 'seen enough' };
      const interference = new Interference(
        scenario,
        point,
        {
          cancel: (id) => handle(id).cancel(),
          terminate: (id) => handle(id).terminate('by hand'),
          abort: (id) => handle(id).executeUpdate<unknown, [object]>('abort', { args: [by] }),
          blind: async () => {
            unblind = await this.#world.blind(this.stage.name);
          },
          edit: async () => {
            if (point) await edit(point.kind, this.stage, third);
            editedAtMs = Date.now();
          },
        },
        arrived,
      );
      this.interference = interference;
      run = await this.stage.deploy(isSecond ? VERSIONS[0] : VERSIONS[1]);
      const closed = await this.#closed(run);
      const isRestored = scenario === 'restore' || point?.kind === 'terminate';
      const isPatient = isRestored || (point !== undefined && isForeign(point.kind));
      // What must hold at the end of a deployment holds at once; what others began has its time.
      const atOnce = isPatient ? undefined : await this.#lookAt(counts);
      const free = await this.#untilFree(interference);
      if (isPatient) await this.#untilWhole(before).catch(() => undefined);
      const after = atOnce ?? (await this.#lookAt(counts));
      sighted.end();
      // What ownership keeps may be of the deployment before.
      const last = free?.last !== undefined && free.last.startedAtMs >= startMs ? free.last : undefined;
      const result = closed.result ?? last;
      const played: Played = { point, target, before, after, sighted, editedAtMs, result };
      const isReached = point === undefined || interference.isReached;
      const problems = isReached ? problemsOf(played, expectedEnds(point, scenario)) : ['was never reached'];
      return {
        name,
        point,
        trace: interference.trace,
        end: endOf(played),
        said: closed.said,
        problems,
        seconds: seconds(),
      };
    } catch (error) {
      await run?.handle.terminate('the sweep gave up').catch(() => undefined);
      const told = error instanceof Error ? error.message : String(error);
      const trace = this.interference?.trace ?? [];
      return { name, point, trace, end: undefined, said: '', problems: [`not judged: ${told}`], seconds: seconds() };
    } finally {
      await unblind?.();
      this.interference = undefined;
    }
  }

  /** As at first: one of the two good versions, all weight on it, the usual replicas. */
  async #prepare() {
    const { stage } = this;
    const standing = await stage.standing();
    const [first, second] = VERSIONS.slice(0, 2).map((version) => this.#world.e2e.image(version));
    if (standing.image !== first && standing.image !== second) await stage.editContainer({ image: first });
    if (standing.replicas !== LANE.replicas) await stage.patchDeployment({ spec: { replicas: LANE.replicas } });
    if (standing.weights !== 'crm-api:80 100') await this.#resetWeights();
    await this.#untilWhole();
    const before: Before = { standing: await stage.standing(), inventory: await inventoryOf(stage) };
    return { before, counts: await readRouterCounts(stage.router.adminUrl, stage.name) };
  }

  async #resetWeights(): Promise<void> {
    const route = await this.stage.route();
    const rules = (route.spec?.rules ?? []).map((rule) => ({
      ...rule,
      backendRefs: (rule.backendRefs ?? []).map((ref) => ({ ...ref, weight: 100 })),
    }));
    await this.stage.kube.mergePatch(this.stage.at(HTTP_ROUTES), { spec: { rules } });
  }

  async #untilWhole(before?: Before): Promise<void> {
    let why: string | undefined = 'not looked at';
    const whole = async (): Promise<boolean> => {
      why = await this.stage.whyNotS1();
      return why === undefined;
    };
    const what = before ? 'S1 to hold again' : `${this.stage.name} to be whole`;
    await until(what, whole, WHOLE_WITHIN_MS, () => why, LOOK_EVERY_MS);
  }

  /** How the deployment closed; a workflow that was ended by hand has no result. */
  async #closed(run: Run): Promise<{ readonly said: string; readonly result?: DeployResult }> {
    const closing = run.result().then(
      (result) => ({ said: `${result.outcome} (${result.reasonCode})`, result }),
      (error: unknown) => {
        if (!(error instanceof WorkflowFailedError)) throw error;
        return { said: CLOSED[error.cause?.name ?? ''] ?? `failed (${error.cause?.message})` };
      },
    );
    const late = delay(ENDED_WITHIN_MS, undefined, { ref: false });
    const closed = await Promise.race([closing, late]);
    if (closed) return closed;
    const { memo, activities } = await run.look();
    throw new Error(
      `did not end within ${ENDED_WITHIN_MS / 1000} s: ${activities.join(', ')}; ${memo?.phase}: ${memo?.why}`,
    );
  }

  /** Nobody owns the service any more, and nothing of the old owner runs on. */
  async #untilFree(interference: Interference): Promise<OwnershipView | undefined> {
    const handle = this.#world.e2e
      .client(this.#temporal)
      .workflow.getHandle(ownershipId(this.stage.name, 'service', 'crm-api'));
    let view: OwnershipView | undefined;
    const isFree = async (): Promise<boolean> => {
      const found = await handle.describe().catch((error: unknown) => {
        if ((error as Error).name === 'WorkflowNotFoundError') return undefined;
        throw error;
      });
      view = found?.memo?.[MEMO.status] as OwnershipView | undefined;
      return view?.owner === undefined && interference.inFlight === 0;
    };
    const seen = (): string => `owner ${JSON.stringify(view?.owner)}, ${interference.inFlight} activities in flight`;
    await until('the service to be free', isFree, ENDED_WITHIN_MS, seen, LOOK_EVERY_MS);
    return view;
  }

  async #lookAt(counts: Awaited<ReturnType<typeof readRouterCounts>>): Promise<Played['after']> {
    const { stage } = this;
    const whyNotS1 = await stage.whyNotS1();
    const now = since(counts, await readRouterCounts(stage.router.adminUrl, stage.name));
    return {
      whyNotS1,
      standing: await stage.standing(),
      inventory: await inventoryOf(stage),
      failedRequests: Object.values(now).reduce((sum, { failed }) => sum + failed, 0),
    };
  }

  close(): Promise<void> {
    return this.stage.close();
  }
}
