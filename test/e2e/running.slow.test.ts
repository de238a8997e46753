/** What whoever runs Mainstay does: new builds of the worker beside old ones, the doctor, the manual escape, the rights. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import { ownershipId } from '../../src/core/model/names.ts';
import type { Diagnosis } from '../../src/core/doctor/check.ts';
import { isCovered, type RoleRule, startAuditProxy, textOf, unusedRights } from '../harness/audit-proxy.ts';
import type { Run } from '../harness/e2e/run.ts';
import { until } from '../harness/e2e/until.ts';
import { type E2e, useE2e } from '../harness/e2e.ts';
import { isMissing } from '../harness/tools.ts';

const LONG = { steps: [step(10, '120s'), step(100, '120s')] };
/** Nobody listens on port 9 of this machine: Temporal is away. */
const NOWHERE = { TEMPORAL_ADDRESS: '127.0.0.1:9' };
const PROMPTLY_MS = 30_000;

describe.skipIf(isMissing('temporal'))('running it', () => {
  const e2e = useE2e({ worker: false, namespaces: ['away', 'byhand'], versions: ['v1.4.2'] });

  it.concurrent('builds side by side: each goes on with its own, the doctor names what nobody goes on with', async ({
    onTestFinished,
  }) => {
    const audit = await startAuditProxy(e2e().sandbox.api.url);
    onTestFinished(() => audit.close());
    const KUBECONFIG = await kubeconfigFor(e2e(), audit.url);
    const startBuild = (build: string) =>
      e2e().startWorker('default', { KUBECONFIG }, ['--build-id', build, '--make-current']);
    const [stage, orphaned, a] = await Promise.all([
      e2e().stage('builds', { strategy: LONG }),
      e2e().stage('orphan', { strategy: LONG }),
      startBuild('A'),
    ]);
    const before = await orphaned.standing();
    await until('A to be current', () => a.log().includes('build A is current now'));
    const onA = await stage.deploy('v1.4.2');
    const left = await orphaned.deploy('v1.4.2');
    await Promise.all([onA.untilWatching(10), left.untilWatching(10)]);
    const b = await startBuild('B');
    await until('B to be current', () =>
      b.log().includes('build B is current now: new operations go to it; before it was A'),
    );

    // What began on A ends on A, its watching included; what begins now is B's, and so is ownership from its next task on.
    await onA.update('promoteNow', { by: 'release-manager', reason: 'seen before' });
    expect(await onA.result()).toMatchObject({ outcome: 'promoted' });
    expect(await pidsOf(onA)).toEqual([a.pid]);
    const onB = await stage.deploy('v1.4.1');
    await onB.untilWatching(10);
    await onB.update('abort', { by: 'release-manager', reason: 'seen enough' });
    expect(await onB.result()).toMatchObject({ outcome: 'aborted' });
    expect(await pidsOf(onB)).toEqual([b.pid]);
    expect(await stage.whyNotS1({ image: e2e().image('v1.4.2') })).toBeUndefined();
    expect(await buildOf(e2e(), ownershipId('builds', 'service', 'crm-api'))).toBe('B');
    const well = await doctor(e2e(), 'builds');
    expect([well.code, well.bad, well.builds?.result]).toEqual([0, [], 'ok']);

    await a.stop();
    const ill = await doctor(e2e(), 'builds');
    const named = `1 running operation is pinned to build A, which nobody polls, and stands still: ${left.id}`;
    expect([ill.code, ill.bad, ill.builds]).toEqual([
      0,
      [],
      { id: 'builds', result: 'warning', says: named, todo: expect.anything() },
    ]);
    await b.stop();
    await b.start();
    await until('the worker to name it', () => b.log().includes(`warning: ${named}`));
    const status = await e2e().mainstay(['status', 'crm-api', '-e', 'orphan']);
    expect([status.code, status.stdout.replaceAll(/\s+/g, ' ')]).toEqual([0, expect.stringContaining(named)]);
    expect(status.stdout.replaceAll(/\s+/g, ' ')).toContain('It stands still: no worker of build A polls');

    // A current build that nobody polls: told within seconds, with what to do.
    await setCurrent(e2e(), 'A');
    const lost = await e2e().mainstay(['deploy', 'crm-api', '-e', 'builds', '-V', 'v1.4.1', '--workflow-id', 'lost']);
    expect([lost.code, lost.stderr]).toEqual([
      69,
      expect.stringContaining('no worker of build A, the current one, polls the task queue mainstay (workflows)'),
    ]);
    expect(lost.stderr).toContain('mainstay worker --build-id A');
    expect(lost.ms).toBeLessThan(PROMPTLY_MS);
    await e2e().client().workflow.getHandle('lost').terminate('the test is over');
    await setCurrent(e2e(), 'B');

    // An old build that comes back takes its own work up, and none of the new.
    const again = await startBuild('A');
    await until('it to say so', () => again.log().includes('build A was current before and B replaced it'));
    await left.update('abort', { by: 'release-manager', reason: 'seen enough' });
    expect(await left.result()).toMatchObject({ outcome: 'aborted' });
    expect(await orphaned.whyNotS1(before)).toBeUndefined();

    const rules = await rulesFor(e2e(), ['builds', 'orphan']);
    const uncovered = audit.calls.filter((call) => !isCovered(call, rules)).map(textOf);
    expect([...new Set(uncovered)]).toEqual([]);
    expect(
      unusedRights(
        rules.filter(({ namespace }) => namespace === 'builds'),
        audit.calls,
      ),
    ).toEqual([]);
  });

  it.concurrent('Temporal is away in the middle of a canary: reset by hand, then ownership puts everything back', async () => {
    const [stage, worker] = await Promise.all([
      e2e().stage('away', { strategy: LONG, temporal: 'away' }),
      e2e().startWorker('away'),
    ]);
    const before = await stage.standing();
    const run = await stage.deploy('v1.4.2');
    await run.untilWatching(10);
    await worker.kill();
    const reset = ['traffic', 'reset', 'crm-api', 'away', '--yes'];
    const owned = await e2e().mainstay(reset, 'away');
    expect([owned.code, owned.stderr]).toEqual([14, expect.stringContaining(`mainstay abort --id ${run.id}`)]);
    const done = await e2e().mainstay(reset, 'away', NOWHERE);
    expect([done.code, done.stdout]).toEqual([0, expect.stringContaining('done: the stable version gets all traffic')]);
    expect((await stage.standing()).weights).toBe('crm-api:80 100');

    // Back again, the interrupted deployment finds its objects taken: it writes nothing and asks.
    await worker.start();
    await run.until('help asked for', ({ memo }) => memo?.phase === 'undoing' && /stamp|carries/.test(memo.why));
    expect((await stage.standing()).weights).toBe('crm-api:80 100');
    await run.handle.terminate('reset by hand');
    await until('S1 by the restore', async () => (await stage.whyNotS1(before)) === undefined);
  });

  it.concurrent('ownership ended by hand leaves a canary that nobody owns: reset is the way out', async () => {
    const [stage] = await Promise.all([
      e2e().stage('byhand', { strategy: LONG, temporal: 'byhand' }),
      e2e().startWorker('byhand'),
    ]);
    const before = await stage.standing();
    const run = await stage.deploy('v1.4.2');
    await run.untilWatching(10);
    const { workflow } = e2e().client('byhand');
    await workflow.getHandle(ownershipId('byhand', 'service', 'crm-api')).terminate('by hand');
    // Nobody owns it, but it runs: it is not to be overruled without a word.
    const reset = ['traffic', 'reset', 'crm-api', 'byhand', '--yes', '--remove-canary'];
    const running = await e2e().mainstay(reset, 'byhand');
    expect([running.code, running.stderr]).toEqual([14, expect.stringContaining(run.id)]);
    await run.handle.terminate('by hand');
    const refused = await (await stage.deploy('v1.4.2')).result();
    expect(refused).toMatchObject({ outcome: 'rejected', reasonCode: 'PreflightFailed' });
    expect(refused.reason).toContain('the canary of an operation whose record is lost');
    const done = await e2e().mainstay(reset, 'byhand');
    expect([done.code, done.stdout]).toEqual([
      0,
      expect.stringContaining('deleted: Deployment byhand/crm-api-canary-'),
    ]);
    await until('S1 by the reset', async () => (await stage.whyNotS1(before)) === undefined);
    const next = await stage.deploy('v1.4.2');
    await next.untilWatching(10);
    await next.update('abort', { by: 'release-manager', reason: 'seen enough' });
    expect(await next.result()).toMatchObject({ outcome: 'aborted' });
    expect(await stage.whyNotS1(before)).toBeUndefined();
  });
});

function step(weight: number, duration: string) {
  return { weight, duration };
}

async function kubeconfigFor(e2e: E2e, url: string): Promise<string> {
  const path = join(e2e.folder, 'kubeconfig-audited');
  const text = await readFile(e2e.sandbox.kubeconfigPath, 'utf8');
  await writeFile(path, text.replaceAll(e2e.sandbox.api.url, url));
  return path;
}

/** Processes that took tasks of a run, by its history. */
async function pidsOf(run: Run): Promise<readonly number[]> {
  const { events } = await run.handle.fetchHistory();
  const identities = (events ?? []).flatMap(
    (event) =>
      event.workflowTaskCompletedEventAttributes?.identity ?? event.activityTaskStartedEventAttributes?.identity ?? [],
  );
  return [...new Set(identities.map((identity) => Number(/^mainstay-(\d+)@/.exec(identity)?.[1])))];
}

async function buildOf(e2e: E2e, workflowId: string): Promise<string | null | undefined> {
  const { raw } = await e2e.client().workflow.getHandle(workflowId).describe();
  return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId;
}

async function doctor(e2e: E2e, environment: string) {
  const { code, stdout } = await e2e.mainstay(['doctor', '-e', environment, '--json']);
  const { checks } = JSON.parse(stdout) as Diagnosis;
  const bad = checks.filter(({ result }) => result === 'failed' || result === 'couldNotCheck');
  return { code, bad, builds: checks.find(({ id }) => id === 'builds') };
}

async function setCurrent(e2e: E2e, build: string): Promise<void> {
  const flags = ['--deployment-name', 'mainstay', '--build-id', build, '--allow-no-pollers', '--yes'];
  const { code, stderr } = await e2e.temporal(['worker', 'deployment', 'set-current-version', ...flags]);
  expect([code, stderr]).toEqual([0, expect.anything()]);
}

interface RoleDocument {
  readonly kind: string;
  readonly metadata: { readonly namespace: string };
  readonly rules?: readonly Omit<RoleRule, 'namespace'>[];
}

/** The rules that the product itself writes for this catalogue. */
async function rulesFor(e2e: E2e, namespaces: readonly string[]): Promise<readonly RoleRule[]> {
  const { code, stdout } = await e2e.mainstay(['catalogue', 'rbac']);
  expect(code).toBe(0);
  const roles = parseAllDocuments(stdout).map((document) => document.toJS() as RoleDocument);
  return roles.flatMap(({ kind, metadata: { namespace }, rules = [] }) =>
    kind === 'Role' && namespaces.includes(namespace) ? rules.map((rule) => ({ ...rule, namespace })) : [],
  );
}
