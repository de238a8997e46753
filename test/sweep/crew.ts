/** A worker and the lanes whose deployments it runs. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Arrived } from './interference.ts';
import { Lane, type Tried } from './lane.ts';
import type { Point, Scenario } from './points.ts';
import type { Conduct, SweepWorker } from './sweep-worker.ts';
import type { SweepWorld } from './world.ts';

export class Crew {
  readonly #world: SweepWorld;
  readonly #temporal: string;
  readonly #worker: SweepWorker;
  readonly #lanes: Map<string, Lane>;
  #opened = 0;

  private constructor(world: SweepWorld, temporal: string, worker: SweepWorker, lanes: Map<string, Lane>) {
    this.#world = world;
    this.#temporal = temporal;
    this.#worker = worker;
    this.#lanes = lanes;
  }

  static async assemble(world: SweepWorld, temporal: string): Promise<Crew> {
    const lanes = new Map<string, Lane>();
    // `deploy/<environment>/...`, `restore/<environment>/...`, `ownership/<environment>/...`
    const conduct: Conduct = async (ask) => {
      const interference = lanes.get(ask.workflowId.split('/')[1] ?? '')?.interference;
      return interference ? interference.conduct(ask) : 'go';
    };
    return new Crew(world, temporal, await world.startWorker(temporal, conduct), lanes);
  }

  /** Undisturbed: each once. */
  async reference(scenarios: readonly Scenario[]): Promise<readonly Tried[]> {
    return Promise.all(scenarios.map(async (scenario) => this.#inLane((lane) => lane.try(scenario))));
  }

  /** One after the other in each lane, `width` lanes side by side. */
  async run(points: readonly Point[], width: number, done: (tried: Tried) => void): Promise<void> {
    const queue = points.values();
    const work = async (): Promise<void> => {
      for (const point of queue) done(await this.#inLane((lane) => lane.try(point.step.scenario, point)));
    };
    await Promise.all(Array.from({ length: Math.min(width, points.length) }, work));
  }

  /** In batches: when all have come to where they are to be killed, the worker is killed once. */
  async runKills(points: readonly Point[], width: number, done: (tried: Tried) => void): Promise<void> {
    for (let from = 0; from < points.length; from += width) {
      await this.#runBatch(points.slice(from, from + width), done);
    }
  }

  async #runBatch(points: readonly Point[], done: (tried: Tried) => void): Promise<void> {
    let [arrived, killed, ended] = [0, 0, 0];
    let killAtMs = Number.POSITIVE_INFINITY;
    const arrive: Arrived = (heldForMs) => {
      arrived += 1;
      killAtMs = Math.min(killAtMs, Date.now() + heldForMs);
    };
    const all = points.map(async (point) => {
      const tried = await this.#inLane((lane) => lane.try(point.step.scenario, point, arrive));
      ended += 1;
      done(tried);
    });
    while (ended < points.length && killed < points.length) {
      if (arrived === killed) {
        await delay(50);
        continue;
      }
      while (arrived < points.length - ended && Date.now() < killAtMs) await delay(50);
      await this.#worker.kill();
      killed = arrived;
      killAtMs = Number.POSITIVE_INFINITY;
      for (const lane of this.#lanes.values()) lane.interference?.killed();
      await this.#worker.start();
    }
    await Promise.all(all);
  }

  #idle: Lane[] = [];

  /** A lane in which something went wrong is not used again: what comes next would be blamed for it. */
  async #inLane(work: (lane: Lane) => Promise<Tried>): Promise<Tried> {
    const lane = this.#idle.pop() ?? (await this.#open());
    const tried = await work(lane);
    if (tried.problems.length === 0) this.#idle.push(lane);
    else await this.#retire(lane);
    return tried;
  }

  async #open(): Promise<Lane> {
    this.#opened += 1;
    const name = `${this.#temporal}-${this.#opened}`;
    const lane = await Lane.open(this.#world, name, this.#temporal);
    this.#lanes.set(name, lane);
    return lane;
  }

  async #retire(lane: Lane): Promise<void> {
    this.#lanes.delete(lane.stage.name);
    await lane.close();
  }
}
