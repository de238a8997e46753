/** What every adapter of the port promises, whatever its object is. Each adapter's file runs this suite. */
import { describe, expect, it } from 'vitest';
import { KINDS, type KubernetesObject, type ObjectAddress } from '../../../src/clients/kubernetes/port.ts';
import type { RouteState } from '../../../src/clients/router/port.ts';
import { createTrafficRouter } from '../../../src/clients/router/traffic-router.ts';
import type { BackendWeight } from '../../../src/core/model/operation.ts';
import type { TrafficPlan } from '../../../src/core/model/plan.ts';
import { replicasFor } from '../../../src/core/rollout/routing.ts';
import { sameBackends, splitBackends } from '../../../src/core/rollout/route.ts';
import { until } from '../../harness/until.ts';
import { CANARY_NAME, openRouterLab, type RouterLab, STABLE_PODS } from './router-lab.ts';

/** Below the limit of a test, so that the last reason is told. */
const WITHIN_MS = 10_000;
/** Whole rounds of 5 and of 8 pods, and of weights in tens. */
const REQUESTS = 200;
const FENCE = 'mainstay.dev/fence-crm-api';

export interface RouterCase {
  readonly objects: readonly KubernetesObject[];
  readonly trafficOf: (adminUrl: string) => TrafficPlan;
  readonly address: ObjectAddress;
  readonly name: string;
  /** What is observed before anything is changed. */
  readonly before: readonly BackendWeight[];
  /** Per cent of the requests that the canary really gets at 10, 50 and 100 %. */
  readonly shares: Readonly<Record<10 | 50 | 100, number>>;
  /** Someone else changes a field we own. */
  readonly foreign: (object: KubernetesObject) => KubernetesObject;
  /** The request by which the data plane is read fails. */
  readonly blind: (lab: RouterLab) => void;
}

export function describeRouterContract(title: string, it_: RouterCase): void {
  describe(`${title}: the contract of a traffic router`, () => {
    const open = async () => {
      const lab = await openRouterLab(it_.objects, it_.trafficOf);
      return { lab, router: createTrafficRouter(lab.clients) };
    };
    type Opened = Awaited<ReturnType<typeof open>>;

    async function read({ lab, router }: Opened): Promise<RouteState> {
      const state = await router.read(lab.target);
      if (state === undefined) throw new Error(`${it_.name} does not exist`);
      return state;
    }
    async function write(opened: Opened, backends: readonly BackendWeight[], change: number): Promise<void> {
      await opened.router.write(opened.lab.target, await read(opened), backends, { [FENCE]: `7/${change}` });
    }
    /** Capacity first, as a step does it. */
    async function shift(opened: Opened, weight: number, change: number): Promise<readonly BackendWeight[]> {
      await opened.lab.runCanaryPods(replicasFor(opened.lab.target.traffic, STABLE_PODS, weight));
      const wanted = splitBackends(it_.before[0] as BackendWeight, CANARY_NAME, weight);
      await write(opened, wanted, change);
      return wanted;
    }
    async function confirmed({ lab, router }: Opened, wanted: readonly BackendWeight[]): Promise<string> {
      let says = 'nothing';
      const look = async () => {
        const applied = await router.readApplied(lab.target, wanted);
        ({ says } = applied);
        return applied.confirmed ? says : undefined;
      };
      return within(() => `${it_.name} is not confirmed: ${says}`, look);
    }
    const stored = async ({ lab }: Opened) => (await lab.client.get(it_.address)) as KubernetesObject;

    it('reads the backends that stand, without a stamp, by the name that people know', async () => {
      const opened = await open();
      const state = await read(opened);
      expect(state).toMatchObject({ backends: it_.before, stamp: undefined });
      expect(state.uid).toBe((await stored(opened)).metadata.uid);
      expect(await opened.router.look(opened.lab.target)).toMatchObject({ backends: it_.before });
      expect(opened.router.nameOf(opened.lab.target)).toBe(it_.name);
      expect(opened.router.fenceKey(opened.lab.target)).toBe(FENCE);
    });

    it('sends each arm its share at 10, 50 and 100 %, confirms it, and gives back exactly what was observed', async () => {
      const opened = await open();
      const was = await stored(opened);
      await confirmed(opened, it_.before);
      expect(await opened.lab.send(20)).toEqual({ stable: 20 });
      for (const [change, weight] of ([10, 50, 100] as const).entries()) {
        const wanted = await shift(opened, weight, change + 1);
        await confirmed(opened, wanted);
        expect((await read(opened)).backends).toEqual(wanted);
        // The router follows what was confirmed: at once by gauge, by watch where endpoints confirm.
        const canary = (REQUESTS * it_.shares[weight]) / 100;
        let seen: Readonly<Record<string, number>> = {};
        await within(
          () => `${weight} %: the router gave ${JSON.stringify(seen)}`,
          async () => {
            seen = await opened.lab.send(REQUESTS);
            return (seen['canary-7'] ?? 0) === canary && (seen.stable ?? 0) === REQUESTS - canary ? seen : undefined;
          },
        );
        const percent = await opened.router.readPercent(opened.lab.target, CANARY_NAME);
        expect(percent).toBeCloseTo(it_.shares[weight], 5);
      }
      await write(opened, it_.before, 4);
      await confirmed(opened, it_.before);
      expect((await stored(opened)).spec).toEqual(was.spec);
      await until('stable only', async () => ((await opened.lab.send(20)).stable === 20 ? true : undefined));
    });

    it('writes only over what it read: Conflict when someone wrote in between, and their write stands', async () => {
      const opened = await open();
      const state = await read(opened);
      const note = (object: KubernetesObject): KubernetesObject => ({
        ...object,
        metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, note: 'theirs' } },
      });
      await opened.lab.edit(it_.address, note);
      const theirs = await stored(opened);
      const wanted = splitBackends(it_.before[0] as BackendWeight, CANARY_NAME, 10);
      await expect(opened.router.write(opened.lab.target, state, wanted, { [FENCE]: '7/1' })).rejects.toMatchObject({
        code: 'Conflict',
      });
      expect((await stored(opened)).spec).toEqual(theirs.spec);
      expect((await stored(opened)).metadata.annotations).toEqual(theirs.metadata.annotations);
    });

    it('does not know the outcome of a write whose reply was lost, and finds it when it looks', async () => {
      const opened = await open();
      const resource = KINDS[it_.address.kind].plural;
      opened.lab.api.faults.add({
        id: 'lost',
        verb: 'update',
        resource,
        name: it_.address.name,
        dropReply: true,
        count: 1,
      });
      const wanted = splitBackends(it_.before[0] as BackendWeight, CANARY_NAME, 10);
      await expect(write(opened, wanted, 1)).rejects.toMatchObject({ code: 'OutcomeUnknown' });
      expect(await read(opened)).toMatchObject({ backends: wanted, stamp: '7/1' });
      // Written again it is the same object.
      const { spec } = await stored(opened);
      await write(opened, wanted, 1);
      expect((await stored(opened)).spec).toEqual(spec);
    });

    it('leaves everything of others in the object untouched', async () => {
      const opened = await open();
      const was = await stored(opened);
      const wanted = await shift(opened, 10, 1);
      const now = await stored(opened);
      expect(ofOthers(now)).toEqual(ofOthers(was));
      expect(now.metadata.labels).toEqual(was.metadata.labels);
      expect(now.metadata.annotations).toMatchObject({ ...was.metadata.annotations, [FENCE]: '7/1' });
      expect(sameBackends((await read(opened)).backends, wanted)).toBe(true);
    });

    it('confirms nothing while the data plane does not follow, or cannot be asked', async () => {
      const opened = await open();
      await confirmed(opened, it_.before);
      const release = await opened.lab.holdDataPlane();
      const wanted = await shift(opened, 10, 1);
      for (let look = 0; look < 5; look += 1) {
        expect(await opened.router.readApplied(opened.lab.target, wanted)).toMatchObject({ confirmed: false });
      }
      await release();
      await confirmed(opened, wanted);
      it_.blind(opened.lab);
      await expect(opened.router.readApplied(opened.lab.target, wanted)).rejects.toMatchObject({ code: 'Unavailable' });
    });

    it('shows what someone else set as what it is, confirms it never, and writes ours back over it', async () => {
      const opened = await open();
      const wanted = await shift(opened, 10, 1);
      await confirmed(opened, wanted);
      await opened.lab.edit(it_.address, it_.foreign);
      const found = await read(opened);
      expect(sameBackends(found.backends, wanted)).toBe(false);
      expect(sameBackends(found.backends, it_.before)).toBe(false);
      await until('no longer confirmed', async () =>
        (await opened.router.readApplied(opened.lab.target, wanted)).confirmed ? undefined : true,
      );
      await write(opened, it_.before, 2);
      await confirmed(opened, it_.before);
    });

    it('tells of an object that was deleted, and does not make it anew', async () => {
      const opened = await open();
      const state = await read(opened);
      await opened.lab.client.delete(it_.address);
      expect(await opened.router.read(opened.lab.target)).toBeUndefined();
      expect(await opened.router.look(opened.lab.target)).toBeUndefined();
      expect(await opened.router.readApplied(opened.lab.target, it_.before)).toMatchObject({
        confirmed: false,
        says: `${it_.name} does not exist`,
      });
      // A Service may be made by an update: there it is the version that is refused.
      await expect(opened.router.write(opened.lab.target, state, it_.before, { [FENCE]: '7/1' })).rejects.toMatchObject(
        { code: expect.stringMatching(/^(NotFound|Conflict)$/) },
      );
      expect(await opened.lab.client.get(it_.address)).toBeUndefined();
    });
  });
}

/** The object without the part that is ours: the backends of the first rule, or the track in the selector. */
function ofOthers({ spec }: KubernetesObject): unknown {
  const copy = structuredClone(spec) as {
    rules?: { backendRefs?: unknown }[];
    http?: { route?: unknown }[];
    selector?: Record<string, string>;
  };
  delete copy.rules?.[0]?.backendRefs;
  delete copy.http?.[0]?.route;
  delete copy.selector?.['mainstay.dev/track'];
  return copy;
}

/** Polls; what was seen last is told when it does not come. */
async function within<T>(problem: () => string, ask: () => Promise<T | undefined>): Promise<T> {
  try {
    return await until('what the contract promises', ask, WITHIN_MS);
  } catch (error) {
    throw new Error(problem(), { cause: error });
  }
}
