/** Changes of Deployments that someone else, a newer owner or a slow cluster comes in the way of. */
import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../../src/clients/kubernetes/port.ts';
import { type Deployment, withImage, withReplicas } from '../../../src/core/rollout/workload.ts';
import {
  attempt,
  CANARY,
  CANARY_PODS,
  CANARY_SERVICE,
  DEPLOYMENT_MARK,
  fence,
  IMAGE_1,
  IMAGE_2,
  type MutationLab,
  OPERATION,
  openMutationLab,
  ROUTE,
  STABLE,
  STABLE_BACKENDS,
} from '../mutation-lab.ts';

type Stored = Deployment & KubernetesObject;
const IMAGE_3 = IMAGE_2.replaceAll('2', '3');

function common({ plan, before }: MutationLab, change: number) {
  return { plan, before, operation: OPERATION, fence: fence(change) };
}
const scale = (lab: MutationLab, change: number, weightPercent: number, previousReplicas?: number) =>
  lab.act.scaleCanary({
    ...common(lab, change),
    image: IMAGE_2,
    weightPercent,
    ...(previousReplicas !== undefined && { previousReplicas }),
  });
const remove = (lab: MutationLab, change = 6) =>
  lab.act.removeCanary({
    cluster: lab.plan.workload.cluster,
    objects: [CANARY, CANARY_SERVICE],
    podSelector: CANARY_PODS,
    fence: fence(change),
  });
const readStable = async (lab: MutationLab) => (await lab.client.get<Stored>(STABLE)) as Stored;

describe('claimService', () => {
  const claim = (lab: MutationLab) => lab.act.claimService({ plan: lab.plan, fence: fence(2), operation: OPERATION });

  it('stamps both objects, changes nothing else, and records what stands without its values', async () => {
    const lab = await openMutationLab();
    const spec = (await readStable(lab)).spec;
    const record = await attempt(() => claim(lab));
    const now = await readStable(lab);
    expect(now.spec).toEqual(spec);
    expect(now.metadata.annotations).toEqual({
      team: 'crm',
      [DEPLOYMENT_MARK]: '7/2',
      'mainstay.dev/operation': OPERATION,
    });
    expect(record).toMatchObject({
      deployment: { ...lab.before.deployment, revision: '' },
      route: { backends: STABLE_BACKENDS, rule: 0 },
      first: false,
    });
    expect(JSON.stringify(record)).not.toContain('not for histories');
  });

  it('takes away the canary that a fenced owner left, and nothing that is routed, newer or not ours', async () => {
    const lab = await openMutationLab();
    const make = async (
      kind: 'Deployment' | 'Service',
      name: string,
      labels: Record<string, string>,
    ): Promise<void> => {
      const found = await lab.client.get({ kind, namespace: 'crm', name: 'crm-api' });
      if (found === undefined) throw new Error(`${kind} crm-api is not there`);
      await lab.client.create({
        apiVersion: found.apiVersion,
        kind,
        metadata: { name, namespace: 'crm', labels },
        spec: found.spec,
      });
    };
    const ours = { 'mainstay.dev/service': lab.plan.service, 'app.kubernetes.io/managed-by': 'mainstay' };
    await make('Deployment', 'crm-api-canary-3', ours);
    await make('Deployment', 'crm-api-canary-9', ours);
    await make('Deployment', 'crm-api-canary-4', {});
    await make('Deployment', 'other-canary-4', ours);
    const input = { plan: lab.plan, fence: fence(1, 8), operation: OPERATION };
    const names = async () => (await lab.client.list('Deployment', 'crm')).map((each) => each.metadata.name).toSorted();
    const all = ['crm-api', 'crm-api-canary-3', 'crm-api-canary-4', 'crm-api-canary-9', 'other-canary-4'];
    await attempt(() => lab.act.claimService(input));
    expect(await names()).toEqual(all);
    await attempt(() => lab.act.claimService({ ...input, fence: fence(2, 8), tidy: true }));
    expect(await names()).toEqual(all.filter((name) => name !== 'crm-api-canary-3'));
  });

  it('takes over what carries no stamp yet, or one that nobody of us wrote', async () => {
    const lab = await openMutationLab();
    await lab.stamp(STABLE, undefined);
    await lab.stamp(ROUTE, 'by hand');
    await attempt(() => claim(lab));
    expect(JSON.stringify(await lab.standing())).not.toContain('by hand');
  });

  it.each([STABLE, ROUTE])('says which object does not exist: $kind', async (address) => {
    const lab = await openMutationLab();
    await lab.client.delete(address);
    await expect(attempt(() => claim(lab))).rejects.toMatchObject({
      type: 'NotFound',
      message: expect.stringContaining(`${address.kind} crm/crm-api does not exist`),
    });
  });
});

describe('scaleCanary', () => {
  it('copies the template, with our image, labels and pair, and nothing of the identity of stable', async () => {
    const lab = await openMutationLab();
    expect(await attempt(() => scale(lab, 2, 50))).toMatchObject({ outcome: 'ready', replicas: 2 });
    const made = (await lab.client.get<Stored>(CANARY)) as Stored;
    const labels = { app: 'crm-api', 'mainstay.dev/track': 'canary-7' };
    expect(made.metadata.annotations).toEqual({ [DEPLOYMENT_MARK]: '7/2', 'mainstay.dev/operation': OPERATION });
    expect(made.spec).toMatchObject({ replicas: 2, selector: { matchLabels: labels } });
    expect(made.spec.template.metadata?.labels).toEqual(labels);
    expect(made.spec.template.spec.containers).toMatchObject([{ name: 'api', image: IMAGE_2 }]);
    expect(await lab.client.get(CANARY_SERVICE)).toMatchObject({ spec: { selector: labels, ports: [{ port: 80 }] } });
  });

  it.each([
    { when: 'its replicas', change: (each: Stored) => withReplicas(each, 9) as Stored, field: '9 x' },
    { when: 'its image', change: (each: Stored) => withImage(each, 'api', IMAGE_3) as Stored, field: IMAGE_3 },
  ])('writes nothing when someone else changed $when', async ({ change, field }) => {
    const lab = await openMutationLab();
    await attempt(() => scale(lab, 2, 10));
    await lab.edit<Stored>(CANARY, change);
    const was = await lab.standing();
    expect(await attempt(() => scale(lab, 3, 50, 1))).toMatchObject({
      outcome: 'foreign',
      changes: [{ object: `Deployment crm/${CANARY.name}`, observed: expect.stringContaining(field) }],
    });
    expect(await lab.standing()).toEqual(was);
  });

  it('calls a stamp that was removed a foreign change, and a canary that was deleted', async () => {
    const lab = await openMutationLab();
    await attempt(() => scale(lab, 2, 10));
    await lab.stamp(CANARY, undefined);
    expect(await attempt(() => scale(lab, 3, 50, 1))).toMatchObject({ changes: [{ field: 'fence' }] });
    await lab.client.delete(CANARY);
    expect(await attempt(() => scale(lab, 4, 50, 1))).toMatchObject({ changes: [{ observed: 'deleted' }] });
  });

  it('says what is missing when pods do not get ready in time', async () => {
    const lab = await openMutationLab();
    lab.deafen();
    const found = await attempt(() => scale(lab, 2, 10));
    expect(found).toMatchObject({ outcome: 'notReady', says: expect.stringMatching(/crm-api-canary-7: .* after 2 s/) });
  });

  it('takes back what it made when it slept while a newer owner came', async () => {
    const lab = await openMutationLab();
    const was = await lab.standing();
    // The claim of the newer owner lands while the create is on its way.
    lab.api.faults.add({ verb: 'create', resource: 'services', delayMs: 300, count: 1 });
    const late = attempt(() => scale(lab, 2, 10));
    await expect.poll(() => lab.client.get(CANARY)).toBeDefined();
    await lab.stamp(STABLE, '8/1');
    await expect(late).rejects.toMatchObject({ type: 'Fenced' });
    await lab.stamp(STABLE, '7/1');
    expect(await lab.standing()).toEqual(was);
  });

  it('refuses a Deployment that was made anew meanwhile', async () => {
    const lab = await openMutationLab();
    const before = { ...lab.before, deployment: { ...lab.before.deployment, uid: 'another' } };
    await expect(attempt(() => scale({ ...lab, before }, 2, 10))).rejects.toMatchObject({ type: 'PreconditionFailed' });
    expect(await lab.client.get(CANARY)).toBeUndefined();
  });
});

describe('promoteStable', () => {
  const promote = (lab: MutationLab, change = 4) => lab.act.promoteStable({ ...common(lab, change), image: IMAGE_2 });

  it('changes the image alone, whatever the team did with replicas', async () => {
    const lab = await openMutationLab();
    await lab.edit<Stored>(STABLE, (each) => withReplicas(each, 6));
    const was = await readStable(lab);
    expect(await attempt(() => promote(lab))).toMatchObject({ outcome: 'ready' });
    const now = await readStable(lab);
    expect(now.spec).toEqual(withImage(was, 'api', IMAGE_2).spec);
  });

  it('writes nothing over an image that someone else set', async () => {
    const lab = await openMutationLab();
    await lab.edit<Stored>(STABLE, (each) => withImage(each, 'api', IMAGE_3));
    const was = await lab.standing();
    expect(await attempt(() => promote(lab))).toMatchObject({
      outcome: 'foreign',
      changes: [{ object: 'Deployment crm/crm-api', expected: IMAGE_1, observed: IMAGE_3 }],
    });
    expect(await lab.standing()).toEqual(was);
  });

  it('tells of a Deployment that was deleted', async () => {
    const lab = await openMutationLab();
    await lab.client.delete(STABLE);
    expect(await attempt(() => promote(lab))).toMatchObject({ changes: [{ observed: 'deleted' }] });
  });

  it('starts a first deployment, and its undo leaves replicas as found', async () => {
    const lab = await openMutationLab();
    await lab.edit<Stored>(STABLE, (each) => withReplicas(each, 0));
    const was = await readStable(lab);
    const before = { ...lab.before, first: true, deployment: { ...lab.before.deployment, replicas: 0 } };
    const first = { ...lab, before };
    expect(await attempt(() => promote(first))).toMatchObject({ outcome: 'ready' });
    expect((await readStable(lab)).spec.replicas).toBe(1);
    const account = await attempt(() => lab.act.restoreWorkload({ ...common(first, 6), image: IMAGE_2 }));
    expect(account).toMatchObject({ complete: true, foreign: [] });
    expect((await readStable(lab)).spec).toEqual(was.spec);
  });
});

describe('restoreWorkload', () => {
  const restore = (lab: MutationLab) => lab.act.restoreWorkload({ ...common(lab, 6), image: IMAGE_2 });

  it('sets our field back over a foreign change, and reports theirs', async () => {
    const lab = await openMutationLab();
    await lab.edit<Stored>(STABLE, (each) => withReplicas(withImage(each, 'api', IMAGE_3), 5));
    await lab.stamp(STABLE, undefined);
    const account = await attempt(() => restore(lab));
    expect((await readStable(lab)).spec).toMatchObject({ replicas: 5 });
    expect((await readStable(lab)).spec.template.spec.containers[0]?.image).toBe(IMAGE_1);
    expect(account.complete).toBe(true);
    expect(account.restored.map(({ field, restored, changed }) => [field, restored, changed])).toEqual([
      ['image', true, true],
      ['replicas', false, false],
      ['readiness', true, false],
    ]);
    expect(account.foreign.map(({ field, observed }) => [field, observed])).toEqual([
      ['image', IMAGE_3],
      ['replicas', '5'],
    ]);
  });

  it('is not complete while pods are not ready, nor when the Deployment is gone', async () => {
    const lab = await openMutationLab();
    await attempt(() => lab.act.promoteStable({ ...common(lab, 4), image: IMAGE_2 }));
    lab.deafen();
    expect(await attempt(() => restore(lab))).toMatchObject({
      complete: false,
      problem: expect.stringContaining('Deployment crm/crm-api'),
      restored: [{ field: 'image', restored: true }, { field: 'replicas' }, { field: 'readiness', restored: false }],
    });
    await lab.client.delete(STABLE);
    expect(await attempt(() => restore(lab))).toMatchObject({
      complete: false,
      problem: 'Deployment crm/crm-api was deleted by someone else; apply it again',
    });
  });
});

describe('removeCanary', () => {
  it('says so when nothing is there', async () => {
    const lab = await openMutationLab();
    const was = await lab.standing();
    expect(await attempt(() => remove(lab))).toMatchObject([{ changed: false }, { changed: false }]);
    expect(await lab.standing()).toEqual(was);
  });

  it('leaves alone what has its name but was not made by Mainstay', async () => {
    const lab = await openMutationLab();
    const service = { app: 'other' };
    await lab.client.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: CANARY_SERVICE.name, namespace: 'crm' },
      spec: { selector: service, ports: [{ port: 80 }] },
    });
    await expect(attempt(() => remove(lab))).rejects.toMatchObject({
      type: 'PreconditionFailed',
      message: expect.stringContaining('it is left alone'),
    });
    expect(await lab.client.get(CANARY_SERVICE)).toMatchObject({ spec: { selector: service } });
  });
});
