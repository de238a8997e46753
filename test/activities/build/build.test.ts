import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BuildProgress, createAwaitBuild } from '../../../src/activities/build/await-build.ts';
import { createResolveImage } from '../../../src/activities/build/resolve-image.ts';
import { createStartBuild } from '../../../src/activities/build/start-build.ts';
import { createLocalBuilds } from '../../../src/clients/build/local-command.ts';
import { createKubernetesClients } from '../../../src/clients/kubernetes/http-client.ts';
import { createRegistryClient } from '../../../src/clients/registry/http-client.ts';
import type { DeployPlan } from '../../../src/core/model/plan.ts';
import { type Registry, startRegistry } from '../../../src/sandbox/registry/server.ts';
import { eventually } from '../../clients/build/eventually.ts';
import { freeAddress } from '../../clients/http/tiny-server.ts';
import { digestOf, pushImage } from '../../clients/registry/push-image.ts';
import { activityContext, runActivity } from '../activity-context.ts';
import { planWith } from './plan.ts';

let stateDir: string;
let registry: Registry;
let digest: string;
let repository: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'mainstay-build-activity-'));
  registry = await startRegistry({ stateDir });
  digest = await pushImage(registry.url, 'crm-api', 'v1.4.2');
  repository = `${registry.host}/crm-api`;
});
afterEach(async () => {
  for (const name of await readdir(join(stateDir, 'builds')).catch(() => [])) await deps().builds.stop(name, 'stopped');
  await registry.close();
  await rm(stateDir, { recursive: true, force: true });
});

function deps() {
  return {
    builds: createLocalBuilds({ stateDir, inherited: process.env }),
    registry: createRegistryClient(),
    kubernetes: createKubernetesClients(),
  };
}

function commandPlan(script: string, environment: Record<string, string> = {}, timeoutMs = 20_000): DeployPlan {
  return planWith({
    kind: 'localCommand',
    command: ['sh', '-c', script],
    directory: stateDir,
    environment,
    timeoutMs,
    repository,
  });
}

async function build(plan: DeployPlan, buildId = 'deploy/production/crm-api/1') {
  const { startBuild } = createStartBuild(deps());
  const { awaitBuild } = createAwaitBuild(deps());
  const { jobId } = await runActivity(startBuild, { plan, buildId });
  return runActivity(awaitBuild, { plan, jobId });
}

describe('build by local command', () => {
  it('answers the image by digest, once the registry holds it', async () => {
    expect(await build(commandPlan(`echo building; echo ${digest}`))).toEqual({
      image: `${repository}@${digest}`,
      digest,
    });
  });

  it('builds once for one id and plan, again for another id or plan', async () => {
    const script = `echo x >> count; echo ${digest}`;
    const { startBuild } = createStartBuild(deps());
    const start = (plan: DeployPlan, buildId: string) => runActivity(startBuild, { plan, buildId });
    const first = await start(commandPlan(script), 'a');
    expect(await start(commandPlan(script), 'a')).toEqual(first);
    expect(await start(commandPlan(script), 'b')).not.toEqual(first);
    expect(await start({ ...commandPlan(script), version: 'v2' }, 'a')).not.toEqual(first);
    const { awaitBuild } = createAwaitBuild(deps());
    await runActivity(awaitBuild, { plan: commandPlan(script), jobId: first.jobId });
    await eventually('three builds ran', async () => (await readFile(join(stateDir, 'count'), 'utf8')) === 'x\nx\nx\n');
  });

  it('fails for good with exit code and the end of the output, secrets replaced', async () => {
    const plan = commandPlan('echo "using $TOKEN"; echo "compile error" >&2; exit 3', {
      TOKEN: `file:${join(stateDir, 'token')}`,
    });
    await writeFile(join(stateDir, 'token'), 'hunter-22\n');
    await expect(build(plan)).rejects.toMatchObject({
      type: 'BuildFailed',
      nonRetryable: true,
      message: expect.stringMatching(
        /^build of crm-api v1\.4\.2: command exited with code 3 after [\d.]+ s; the last lines of its output:\n(?: {2}using \*\*\*\n {2}compile error| {2}compile error\n {2}using \*\*\*)$/,
      ),
      details: [expect.objectContaining({ exitCode: 3, ended: 'exited' })],
    });
  });

  it.each([
    { when: 'its last line is no digest', script: () => 'echo done', says: 'it is `done`' },
    {
      when: 'the registry does not hold its digest',
      script: () => `echo ${digestOf('other')}`,
      says: 'does not hold that image; was it pushed?',
    },
    { when: 'its time is over', script: () => 'sleep 30', says: 'its time was over', timeoutMs: 300 },
  ])('fails when $when', async ({ script, says, timeoutMs }) => {
    await expect(build(commandPlan(script(), {}, timeoutMs))).rejects.toMatchObject({
      type: 'BuildFailed',
      message: expect.stringContaining(says),
    });
  });

  it('is asked again, not failed, when the registry is away at the end', async () => {
    registry.faults.set({ kind: 'unavailable' });
    await expect(build(commandPlan(`echo ${digest}`))).rejects.toMatchObject({
      type: 'Unavailable',
      nonRetryable: false,
    });
    registry.faults.clear();
    expect(await build(commandPlan(`echo ${digest}`))).toMatchObject({ digest });
  });

  it('tells its last line in heartbeats', async () => {
    const plan = commandPlan(`echo step 3 of 5; while [ ! -e go ]; do sleep 0.05; done; echo ${digest}`);
    const { startBuild } = createStartBuild(deps());
    const { jobId } = await runActivity(startBuild, { plan, buildId: 'a' });
    const env = activityContext();
    const beats: BuildProgress[] = [];
    env.on('heartbeat', (beat: BuildProgress) => beats.push(beat));
    const { awaitBuild } = createAwaitBuild(deps());
    const waiting = runActivity(awaitBuild, { plan, jobId }, env);
    await eventually('the line is told', () => beats.some((beat) => beat.lastLine === 'step 3 of 5'));
    await writeFile(join(stateDir, 'go'), '');
    expect(await waiting).toMatchObject({ digest });
  });

  it.each([
    { who: 'the workflow cancels it', details: { cancelRequested: true }, state: 'ended' },
    { who: 'the worker shuts down', details: { workerShutdown: true }, state: 'running' },
    { who: 'its heartbeat came too late', details: { timedOut: true }, state: 'running' },
  ])('is $state after $who', async ({ details, state }) => {
    const plan = commandPlan('sleep 30');
    const { startBuild } = createStartBuild(deps());
    const { jobId } = await runActivity(startBuild, { plan, buildId: 'a' });
    const env = activityContext();
    const { awaitBuild } = createAwaitBuild(deps());
    const beat = new Promise<void>((resolve) => env.once('heartbeat', () => resolve()));
    const waiting = runActivity(awaitBuild, { plan, jobId }, env);
    const settled = waiting.catch((error: unknown) => error);
    await beat;
    const none = {
      cancelRequested: false,
      notFound: false,
      paused: false,
      timedOut: false,
      workerShutdown: false,
      reset: false,
    };
    env.cancel('CANCELLED', { ...none, ...details });
    expect(await settled).toBeInstanceOf(CancelledFailure);
    expect(await deps().builds.look(jobId)).toMatchObject({
      state,
      ...(state === 'ended' ? { end: { ended: 'stopped' } } : {}),
    });
  });

  it('says what a worker on another host cannot know', async () => {
    const { awaitBuild } = createAwaitBuild(deps());
    await expect(runActivity(awaitBuild, { plan: commandPlan('x'), jobId: 'unknown-1' })).rejects.toMatchObject({
      type: 'NotFound',
      message: expect.stringContaining('known only to workers on the host'),
    });
  });
});

describe('a ready image', () => {
  const resolve = (version: string, where = repository) =>
    runActivity(createResolveImage(deps()).resolveImage, {
      plan: planWith({ kind: 'image', repository: where }, { version }),
    });

  it('is found by tag and by digest', async () => {
    expect(await resolve('v1.4.2')).toEqual({ image: `${repository}@${digest}`, digest });
    expect(await resolve(digest)).toEqual({ image: `${repository}@${digest}`, digest });
  });

  it('is NotFound, for good, when tag or digest do not exist', async () => {
    await expect(resolve('v9')).rejects.toMatchObject({ type: 'NotFound', nonRetryable: true });
    await expect(resolve(digestOf('other'))).rejects.toMatchObject({ type: 'NotFound', nonRetryable: true });
  });

  it('names a dead registry within 10 s', async () => {
    const host = await freeAddress();
    await expect(resolve('v1.4.2', `${host}/crm-api`)).rejects.toMatchObject({
      type: 'Unavailable',
      message: expect.stringContaining(`registry ${host} not available`),
    });
  });
});
