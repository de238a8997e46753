import { describe, expect, it } from 'vitest';
import type { OperationStatus } from '../../src/core/model/deploy-state.ts';
import { until } from '../harness/e2e/until.ts';
import { type E2e, type ToolEnd, useE2e } from '../harness/e2e.ts';
import { isMissing } from '../harness/tools.ts';

const LONG = { steps: [step(10, '60s'), step(100, '60s')] };
/** A message within 10 s; a busy machine takes longer than that only to start a program. */
const PROMPTLY_MS = 30_000;
/** Nobody listens on port 9 of this machine. */
const NOWHERE = '127.0.0.1:9';

describe.skipIf(isMissing('temporal'))('by command lines alone', () => {
  const e2e = useE2e({ versions: ['v1.4.2', 'v1.5.2-crash'], namespaces: ['nobody'] });

  it.concurrent('the temporal command starts, approves, pauses, resumes and aborts; wrong input is refused', async () => {
    const approvals = { start: { mode: 'required', deadline: '10m', onDeadline: 'reject' } };
    const stage = await e2e().stage('temporal', { approvals, strategy: LONG });
    const before = await stage.standing();
    const { id, send } = await startByTemporal(e2e(), 'temporal', 'v1.4.2');
    const run = stage.run(id);
    await run.untilPhase('awaitingStart');
    const asking = await queryStatus(e2e(), id);
    expect(asking.next).not.toBe('');
    const plan = asking.planDigest?.slice(0, 8) ?? '';
    const wrongPlan = await send('approve', { plan: '00000000', by: 'release-manager' });
    expect(wrongPlan.code).not.toBe(0);
    expect(wrongPlan.stderr).toContain(`the approval names plan 00000000, but this is plan ${plan}`);
    const wrongJson = await send('approve', { plann: plan });
    expect(wrongJson.code).not.toBe(0);
    expect(wrongJson.stderr).toContain('by: expected who acts, a text, found nothing');
    expect(wrongJson.stderr).toContain('Example: {"plan":"3f2a90c1","by":"release-manager"}');
    expect((await run.look()).memo?.phase).toBe('awaitingStart');
    expect(await stage.whyNotS1(before)).toBeUndefined();
    await accepted(send('approve', { plan, by: 'release-manager' }));
    await run.untilWatching(10);
    await accepted(send('pause', { by: 'release-manager', reason: 'a look' }));
    expect((await queryStatus(e2e(), id)).why).toContain('Paused by release-manager');
    await accepted(send('resume', { by: 'release-manager' }));
    await accepted(send('abort', { by: 'release-manager', reason: 'seen enough' }));
    expect(await run.result()).toMatchObject({ outcome: 'aborted', reasonCode: 'Aborted' });
    expect(await stage.whyNotS1(before)).toBeUndefined();
    expect((await queryStatus(e2e(), id)).undone).toMatch(/^6 of 6 confirmed as found before/);
  });

  it.concurrent('temporal workflow cancel restores everything', async () => {
    const stage = await e2e().stage('cancel', { strategy: LONG });
    const before = await stage.standing();
    const { id } = await startByTemporal(e2e(), 'cancel', 'v1.4.2');
    const run = stage.run(id);
    await run.untilWatching(10);
    await accepted(e2e().temporal(['workflow', 'cancel', '--workflow-id', id]));
    await expect(run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(await stage.whyNotS1(before)).toBeUndefined();
    const { memo, status } = await run.look();
    expect([status, memo?.phase]).toEqual(['CANCELLED', 'ended']);
    expect(memo?.undone).toMatch(/^6 of 6 confirmed as found before/);
  });

  it.skipIf(isMissing('kubectl')).concurrent('kubectl reads everything while a canary runs', async () => {
    const stage = await e2e().stage('kubectl', { strategy: LONG });
    const run = await stage.deploy('v1.4.2');
    await run.untilWatching(10);
    const canary = (await stage.canaryName()) ?? '';
    const kubectl = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await e2e().kubectl(['-n', 'kubectl', ...args]);
      expect([args.join(' '), code, stderr]).toEqual([args.join(' '), 0, '']);
      return stdout;
    };
    expect(await kubectl('get', 'deploy,pods,httproute')).toContain(`deployment.apps/${canary}   1/1`);
    const yaml = await kubectl('get', 'httproute', 'crm-api', '-o', 'yaml');
    expect(yaml).toMatch(/name: crm-api\n\s+port: 80\n\s+weight: 90/);
    expect(yaml).toMatch(new RegExp(`name: ${canary}\\n\\s+port: 80\\n\\s+weight: 10`));
    const labels = `mainstay.dev/track=${canary.replace('crm-api-', '')}`;
    expect((await kubectl('get', 'pods', '-l', labels, '--no-headers')).trim().split('\n')).toHaveLength(1);
    expect(await kubectl('logs', `deployment/${canary}`)).toContain('"version":"v1.4.2"');
    expect(await kubectl('rollout', 'status', `deployment/${canary}`)).toContain('successfully rolled out');
    expect(await kubectl('rollout', 'history', 'deployment/crm-api')).toMatch(/REVISION/);
    await run.update('abort', { by: 'release-manager', reason: 'seen enough' });
    expect(await run.result()).toMatchObject({ outcome: 'aborted' });
  });

  it.concurrent('a registry that is away, a cluster that is away: told promptly, nothing changed', async () => {
    const build = { kind: 'image', repository: `${NOWHERE}/crm-api` };
    const [registry, cluster] = await Promise.all([
      e2e().stage('noregistry', { build }),
      e2e().stage('nocluster', { cluster: { kubeconfig: '/nowhere/kubeconfig', context: 'sandbox' } }),
    ]);
    const before = [await registry.resourceVersions(), await cluster.resourceVersions()];
    const deploy = (name: string) => e2e().mainstay(['deploy', 'crm-api', '-e', name, '-V', 'v1.4.2']);
    const [withoutRegistry, withoutCluster] = await Promise.all([deploy('noregistry'), deploy('nocluster')]);
    expect([withoutRegistry.code, withoutRegistry.stdout]).toEqual([11, expect.stringContaining(NOWHERE)]);
    expect([withoutCluster.code, withoutCluster.stdout]).toEqual([11, expect.stringContaining('/nowhere/kubeconfig')]);
    expect(Math.max(withoutRegistry.ms, withoutCluster.ms)).toBeLessThan(PROMPTLY_MS + 10_000);
    expect([await registry.resourceVersions(), await cluster.resourceVersions()]).toEqual(before);
  });

  it.concurrent('no worker, no server: told promptly, with what to do', async () => {
    const args = ['deploy', 'crm-api', '-e', 'demo', '-V', 'v1.4.2'];
    const nobody = await e2e().mainstay(args, 'nobody');
    expect([nobody.code, nobody.stderr]).toEqual([69, expect.stringContaining('start a worker: mainstay worker')]);
    const away = await e2e().mainstay(['status', 'crm-api', '-e', 'demo'], 'default', { TEMPORAL_ADDRESS: NOWHERE });
    expect([away.code, away.stderr]).toEqual([69, expect.stringContaining(`no Temporal server answers at ${NOWHERE}`)]);
    expect(Math.max(nobody.ms, away.ms)).toBeLessThan(PROMPTLY_MS);
  });

  it.concurrent('a first deployment, the same again, a dry run', async () => {
    const stage = await e2e().stage('first', { replicas: 0, workload: { firstReplicas: 2 } });
    const run = await stage.deploy('v1.4.2');
    const first = await run.result();
    expect(first).toMatchObject({ outcome: 'promoted', reasonCode: 'FirstDeployment', steps: [] });
    expect(await stage.whyNotS1({ replicas: 2, image: e2e().image('v1.4.2') })).toBeUndefined();
    expect(await stage.version()).toBe('v1.4.2');
    const before = await stage.resourceVersions();
    const again = await (await stage.deploy('v1.4.2')).result();
    expect(again).toMatchObject({ outcome: 'unchanged', reasonCode: 'SameDigest' });
    const dry = await e2e().mainstay(['deploy', 'crm-api', '-e', 'first', '-V', 'v1.4.1', '--dry-run']);
    expect([dry.code, dry.stdout]).toEqual([0, expect.stringContaining('PLANNED  crm-api v1.4.1 in first')]);
    expect(await stage.resourceVersions()).toEqual(before);
  });

  it.concurrent('a first deployment that fails leaves no replica, and says that no version serves', async () => {
    const stage = await e2e().stage('firstbad', { replicas: 0, deadlines: { ready: '10s' } });
    const before = await stage.standing();
    const result = await (await stage.deploy('v1.5.2-crash')).result();
    expect(result).toMatchObject({ outcome: 'rolledBack', reasonCode: 'NotReadyInTime' });
    expect(result.reason).toContain('this was a first deployment: no version serves');
    expect(await stage.standing()).toEqual(before);
    await until('no pod to be left', async () => ((await stage.deployment()).status?.replicas ?? 0) === 0, 30_000);
  });
});

function step(weight: number, duration: string) {
  return { weight, duration };
}

async function accepted(sent: Promise<ToolEnd>): Promise<void> {
  const { code, stderr } = await sent;
  expect([code, stderr]).toEqual([0, '']);
}

async function startByTemporal(e2e: E2e, environment: string, version: string) {
  const id = `deploy/${environment}/crm-api/by-temporal`;
  const input = JSON.stringify({ service: 'crm-api', environment, version });
  const queue = ['--type', 'deployService', '--task-queue', 'mainstay'];
  await accepted(e2e.temporal(['workflow', 'start', ...queue, '--workflow-id', id, '--input', input]));
  const send = (name: string, message: object): Promise<ToolEnd> => {
    const json = JSON.stringify(message);
    return e2e.temporal(['workflow', 'update', 'execute', '--workflow-id', id, '--name', name, '--input', json]);
  };
  return { id, send };
}

async function queryStatus(e2e: E2e, id: string): Promise<OperationStatus> {
  const query = ['workflow', 'query', '--workflow-id', id, '--name', 'status', '--output', 'json'];
  const { code, stdout, stderr } = await e2e.temporal(query);
  expect([code, stderr]).toEqual([0, '']);
  const answer = JSON.parse(stdout) as { queryResult?: readonly OperationStatus[] };
  const [status] = answer.queryResult ?? [];
  if (!status) throw new Error(`query status of ${id}: expected queryResult, found ${stdout.slice(0, 300)}`);
  return status;
}
