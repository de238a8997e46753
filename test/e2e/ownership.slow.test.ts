import { describe, expect, it } from 'vitest';
import type { OwnershipView } from '../../src/core/model/ownership.ts';
import { MEMO, ownershipId } from '../../src/core/model/names.ts';
import type { DeployResult } from '../../src/core/model/operation.ts';
import { until } from '../harness/e2e/until.ts';
import { type E2e, useE2e } from '../harness/e2e.ts';
import { isMissing } from '../harness/tools.ts';

const LONG = { steps: [step(10, '60s'), step(100, '60s')] };
const WITHIN_60_S = 60_000;

describe.skipIf(isMissing('temporal'))('one owner at a time', () => {
  const e2e = useE2e({ namespaces: ['alone'] });

  it.concurrent('terminated at 25 %: S1 holds within 60 s, unattended, and the next deployment works', async () => {
    const strategy = { steps: [step(10, '3s'), step(25, '60s'), step(100, '3s')] };
    const stage = await e2e().stage('ended', { strategy });
    const before = await stage.standing();
    const run = await stage.deploy('v1.4.2');
    await run.untilWatching(25);
    await run.handle.terminate('ended by hand');
    // A deployment that comes at once is not turned away: it waits for the restore.
    const next = await stage.deploy('v1.4.2');
    await until('S1 after terminate', async () => (await stage.whyNotS1(before)) === undefined, WITHIN_60_S);
    await next.untilWatching(10);
    await next.update('promoteNow', { by: 'release-manager', reason: 'seen before' });
    const result = await next.result();
    expect(result).toMatchObject({ outcome: 'promoted', reasonCode: 'AnalysisPassed' });
    expect(await stage.whyNotS1({ ...before, image: e2e().image('v1.4.2') })).toBeUndefined();
    const restore = await restoreOf(e2e(), 'ended');
    expect(restore).toMatchObject({ outcome: 'rolledBack', reasonCode: 'OwnerEnded', service: 'crm-api' });
    expect(restore.reason).toContain(run.id);
  });

  it.concurrent('terminated while no worker polls: ownership is held and status says so, until one does', async () => {
    const [stage, worker] = await Promise.all([
      e2e().stage('alone', { strategy: LONG, temporal: 'alone' }),
      e2e().startWorker('alone'),
    ]);
    const before = await stage.standing();
    const run = await stage.deploy('v1.4.2');
    await run.untilWatching(10);
    await worker.kill();
    await run.handle.terminate('ended by hand');
    expect(await stage.whyNotS1(before)).toContain('the route sends to 2 backends');
    const held = await e2e().mainstay(['status', 'crm-api', '-e', 'alone'], 'alone');
    expect([held.code, held.stdout]).toEqual([0, expect.stringContaining(run.id)]);
    expect(held.stdout).toMatch(/terminated|ended from outside/i);
    expect((await ownershipOf(e2e(), 'alone', 'alone')).owner?.workflowId).toBe(run.id);
    await worker.start();
    await until('S1 after terminate', async () => (await stage.whyNotS1(before)) === undefined, WITHIN_60_S);
    await until('the service to be free', async () => !(await ownershipOf(e2e(), 'alone', 'alone')).owner, 30_000);
  });

  it.concurrent('a second deployment is refused with the owner, waits in the queue, or replaces', async () => {
    const stage = await e2e().stage('busy', { strategy: LONG });
    const before = await stage.standing();
    const first = await stage.deploy('v1.4.2');
    await first.untilWatching(10);
    const refused = await e2e().mainstay(['deploy', 'crm-api', '-e', 'busy', '-V', 'v1.4.2']);
    expect([refused.code, refused.stdout]).toEqual([14, expect.anything()]);
    expect(refused.stdout.replaceAll(/\s+/g, ' ')).toContain(`is owned by ${first.id}`);
    expect(refused.stdout.replaceAll(/\s+/g, ' ')).toContain(`mainstay status --id '${first.id}'`);
    const queued = await stage.deploy('v1.4.2', { onBusy: 'queue' });
    await queued.untilPhase('queued');
    expect((await queued.status()).why).toContain(first.id);
    expect((await first.look()).memo?.phase).toBe('canary');
    // It stands before the queued one, and the owner undoes before it begins.
    const replacing = await stage.deploy('v1.4.2', { onBusy: 'replace', reason: 'a newer one' });
    const replaced = await first.result();
    expect(replaced).toMatchObject({ outcome: 'superseded', reasonCode: 'Replaced' });
    expect(replaced.restored.every(({ restored }) => restored)).toBe(true);
    await replacing.untilWatching(10);
    await replacing.update('promoteNow', { by: 'release-manager', reason: 'seen before' });
    expect(await replacing.result()).toMatchObject({ outcome: 'promoted' });
    expect(await queued.result()).toMatchObject({ outcome: 'unchanged', reasonCode: 'SameDigest' });
    expect(await stage.whyNotS1({ ...before, image: e2e().image('v1.4.2') })).toBeUndefined();
  });

  it.concurrent('pre-empted in the middle: the old one changes nothing more, the new one restores', async () => {
    const stage = await e2e().stage('preempt', { strategy: LONG });
    const before = await stage.standing();
    const first = await stage.deploy('v1.4.2');
    await first.untilWatching(10);
    const second = await stage.deploy('v1.4.2', { onBusy: 'preempt', reason: 'emergency' });
    const lost = await first.result();
    expect(lost).toMatchObject({ outcome: 'superseded', reasonCode: 'Preempted', restored: [] });
    expect(lost.reason).toContain(second.id);
    await second.untilWatching(10);
    // The old canary is gone although its owner undid nothing; every object is the new owner's.
    const term = (await ownershipOf(e2e(), 'preempt')).term;
    expect(await stage.canaryName()).toBe(`crm-api-canary-${term}`);
    expect((await stage.deployment()).metadata?.annotations?.['mainstay.dev/operation']).toBe(second.id);
    expect((await stage.route()).metadata?.annotations?.['mainstay.dev/fence-crm-api']).toMatch(`${term}/`);
    await second.update('abort', { by: 'release-manager', reason: 'seen enough' });
    expect(await second.result()).toMatchObject({ outcome: 'aborted', reasonCode: 'Aborted' });
    expect(await stage.whyNotS1(before)).toBeUndefined();
  });

  it.concurrent('a write that was on its way when the deployment was aborted does not land after the undo', async () => {
    const stage = await e2e().stage('late', {
      strategy: { steps: [step(10, '3s'), step(50, '60s'), step(100, '3s')] },
    });
    const before = await stage.standing();
    const run = await stage.deploy('v1.4.2');
    await run.untilWatching(10);
    const { faults } = e2e().sandbox;
    await faults.add({
      kind: 'api',
      namespace: 'late',
      verb: 'update',
      resource: 'httproutes',
      delayMs: 5000,
      count: 1,
    });
    await until('the write to 50 % to be on its way', () => !faults.list().some(isApiFaultOf('late')));
    const onItsWayMs = Date.now();
    expect((await run.look()).activities).toEqual(['shiftTraffic']);
    await run.update('abort', { by: 'release-manager', reason: 'changed our minds' });
    expect(await run.result()).toMatchObject({ outcome: 'aborted', reasonCode: 'Aborted' });
    expect(await stage.whyNotS1(before)).toBeUndefined();
    // Whatever was delayed has had its time, and more.
    await until('the delayed write to be over', () => Date.now() > onItsWayMs + 8000);
    expect(await stage.whyNotS1(before)).toBeUndefined();
  });
});

function step(weight: number, duration: string) {
  return { weight, duration };
}

function isApiFaultOf(namespace: string) {
  return (fault: object): boolean => 'namespace' in fault && fault.namespace === namespace;
}

async function ownershipOf(e2e: E2e, stage: string, namespace = 'default'): Promise<OwnershipView> {
  const handle = e2e.client(namespace).workflow.getHandle(ownershipId(stage, 'service', 'crm-api'));
  return (await handle.describe()).memo?.[MEMO.status] as OwnershipView;
}

/** Result of the one `restoreService` of a stage. */
async function restoreOf(e2e: E2e, stage: string) {
  const { workflow } = e2e.client();
  const found = await until('the restore to be visible', async () => {
    for await (const info of workflow.list({ query: "WorkflowType = 'restoreService'" })) {
      if (info.workflowId.startsWith(`restore/${stage}/`)) return info;
    }
    return undefined;
  });
  return (await workflow.getHandle(found.workflowId).result()) as DeployResult;
}
