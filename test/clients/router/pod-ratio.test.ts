import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../src/clients/kubernetes/port.ts';
import { createPodRatioRouter } from '../../../src/clients/router/pod-ratio.ts';
import type { PodRatioPlan } from '../../../src/core/model/plan.ts';
import { splitBackends } from '../../../src/core/rollout/route.ts';
import { until } from '../../harness/until.ts';
import { describeRouterContract } from './contract.ts';
import { CANARY_NAME, gatewayRoute, openRouterLab } from './router-lab.ts';

const TRAFFIC: PodRatioPlan = {
  kind: 'podRatio',
  route: 'crm-api',
  stableService: 'crm-api',
  port: 80,
  tolerancePercent: 10,
};
const ADDRESS = { kind: 'Service', namespace: 'crm', name: 'crm-api' } as const;
const BEFORE = { service: 'crm-api', port: 80, weight: 100 };
/** The way in knows one Service; no weights, nothing of it is ours. */
const WAY_IN = gatewayRoute([{ backendRefs: [{ name: 'crm-api', port: 80, weight: 1 }] }]);

function withTrack(object: KubernetesObject, track: string | undefined): KubernetesObject {
  const { selector, ...spec } = object.spec as { selector: Record<string, string> };
  const { 'mainstay.dev/track': _track, ...others } = selector;
  return { ...object, spec: { ...spec, selector: { ...others, ...(track && { 'mainstay.dev/track': track }) } } };
}

describeRouterContract('Pod ratio', {
  objects: WAY_IN,
  trafficOf: () => TRAFFIC,
  address: ADDRESS,
  name: 'Service crm/crm-api',
  before: [BEFORE],
  // One of five pods is as near as 10 % comes.
  shares: { 10: 20, 50: 50, 100: 100 },
  foreign: (object) => withTrack(object, 'blue'),
  blind: ({ api }) => {
    api.faults.add({ id: 'away', verb: 'list', resource: 'endpointslices', status: 503 });
  },
});

describe('Pod ratio', () => {
  async function opened() {
    const lab = await openRouterLab(WAY_IN, () => TRAFFIC);
    const router = createPodRatioRouter(lab.clients);
    const target = { ...lab.target, traffic: TRAFFIC };
    const write = async (weight: number) => {
      const state = await router.read(target);
      if (state === undefined) throw new Error('no Service');
      const wanted = weight === 0 ? [BEFORE] : splitBackends(BEFORE, CANARY_NAME, weight);
      await router.write(target, state, wanted, {});
      return wanted;
    };
    return { lab, router, target, write };
  }

  it('lets no canary pod in before the first shift, however many run', async () => {
    const { lab } = await opened();
    await lab.runCanaryPods(4);
    await until('served', async () => ((await lab.send(1)).stable === 1 ? true : undefined));
    expect(await lab.send(50)).toEqual({ stable: 50 });
  });

  it('does not confirm a share that is off by more than the tolerance, nor endpoints of neither arm', async () => {
    const { lab, router, target, write } = await opened();
    await lab.runCanaryPods(4);
    const wanted = await write(10);
    const says = async (text: string) =>
      until(text, async () => {
        const applied = await router.readApplied(target, wanted);
        return !applied.confirmed && applied.says.includes(text) ? true : undefined;
      });
    await says('4 of 8 ready endpoints are canary pods (50 %), asked 10 %: off by more than 10 points');
    const pod = (await lab.client.list('Pod', 'crm'))[0] as KubernetesObject;
    await lab.edit({ kind: 'Pod', namespace: 'crm', name: pod.metadata.name }, (each) => ({
      ...each,
      metadata: { ...each.metadata, labels: { ...each.metadata.labels, 'mainstay.dev/track': 'debug' } },
    }));
    await says('1 belong to neither arm');
  });

  it('does not forget the track of the stable pods when someone strips our note', async () => {
    const { lab, router, target, write } = await opened();
    const was = await lab.client.get(ADDRESS);
    await lab.runCanaryPods(4);
    await write(100);
    await lab.edit(ADDRESS, (each) => ({ ...each, metadata: { ...each.metadata, annotations: {} } }));
    expect((await router.read(target))?.backends).toEqual([
      { ...BEFORE, weight: 0 },
      { service: CANARY_NAME, port: 80, weight: 100 },
    ]);
    await write(0);
    expect((await lab.client.get(ADDRESS))?.spec).toEqual(was?.spec);
  });

  it('tells a selector without a track that nobody of us opened', async () => {
    const { lab, router, target } = await opened();
    await lab.edit(ADDRESS, (each) => withTrack(each, undefined));
    const state = await router.read(target);
    expect(state?.backends).toEqual([{ ...BEFORE, service: 'crm-api (every track)' }]);
    // Stamping it changes nothing of it.
    if (state) await router.write(target, state, state.backends, { mark: '7/1' });
    expect((await router.read(target))?.backends).toEqual(state?.backends);
  });
});
