import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MemoStatus } from '../../src/core/model/deploy-state.ts';
import { localBuild } from '../harness/e2e/catalogue.ts';
import type { WorkerProcess } from '../harness/e2e/processes.ts';
import type { Look, Run } from '../harness/e2e/run.ts';
import type { Stage } from '../harness/e2e/stage.ts';
import { expectNoneFailed } from '../harness/e2e/router-counts.ts';
import { type E2e, useE2e } from '../harness/e2e.ts';
import { isMissing } from '../harness/tools.ts';

const SLOW_CALL_MS = 2500;

/** Two cores and sixteen starts of a worker: generous where the machine has other things to do. */
const TIMEOUT = { timeout: 540_000 };

/** Each scenario has a worker of its own, in a Temporal namespace of its own: they would kill each other's. */
describe.skipIf(isMissing('temporal'))('kill -9 of the worker in every phase', () => {
  const names = ['early', 'late', 'undo', 'term'];
  const e2e = useE2e({ versions: ['v1.4.2', 'v1.5.0-errors'], namespaces: names, worker: false });

  it.concurrent('while it builds, scales and shifts: promoted as if nothing had been', TIMEOUT, async () => {
    const builds = join(e2e().folder, 'builds');
    const build = localBuild(['node', '-e', SLOW_BUILD, builds]);
    const { stage, worker, before, run } = await begin(e2e(), 'early', 'v1.4.2', { build });
    await killTwice(run, worker, 'building', 'awaitBuild');
    writeFileSync(`${builds}.go`, '');
    // The command went on without a worker, and the next worker took it over: it was never begun again.
    const scaling = await slowDown(e2e(), stage, 'create', 'deployments');
    await killTwice(run, worker, 'canary', 'scaleCanary');
    expect(readFileSync(builds, 'utf8')).toBe('begun\n');
    const shifting = await slowDown(e2e(), stage, 'update', 'httproutes');
    await scaling();
    await killTwice(run, worker, 'canary', 'shiftTraffic');
    await shifting();
    await expectPromoted(e2e(), stage, run, before);
  });

  it.concurrent('while it observes at 10 %, promotes and bakes: promoted as if nothing had been', TIMEOUT, async () => {
    const strategy = { steps: [step(10, '8s'), step(100, '3s')], bake: '8s' };
    const { stage, worker, before, run } = await begin(e2e(), 'late', 'v1.4.2', { strategy });
    await run.untilWatching(10);
    await killTwice(run, worker, 'canary', 'observeStep');
    await run.untilWatching(100);
    const promoting = await slowDown(e2e(), stage, 'update', 'deployments');
    await killTwice(run, worker, 'promoting', 'promoteStable');
    await promoting();
    await killTwice(run, worker, 'baking', 'observeStep');
    await expectPromoted(e2e(), stage, run, before);
  });

  it.concurrent('while it undoes: rolled back as if nothing had been', TIMEOUT, async () => {
    const strategy = { steps: [step(10, '30s'), step(100, '10s')] };
    const { stage, worker, before, run } = await begin(e2e(), 'undo', 'v1.5.0-errors', { strategy });
    const fault = { kind: 'service', namespace: 'undo', version: 'v1.5.0-errors', errorRatio: 0.4 } as const;
    const undoing = await slowDown(e2e(), stage, 'delete', 'services');
    await run.untilWatching(10);
    await e2e().sandbox.faults.add(fault);
    await killTwice(run, worker, 'undoing', 'removeCanary');
    await undoing();
    const result = await run.result();
    expect(await stage.whyNotS1(before)).toBeUndefined();
    expect(result).toMatchObject({ outcome: 'rolledBack', reasonCode: 'AnalysisFailed' });
    expect(result.restored.map(({ restored }) => restored)).toEqual(result.restored.map(() => true));
    expect(result.restored.length).toBe(6);
  });

  it.concurrent('a worker that is asked to end hands a canary over', TIMEOUT, async () => {
    const strategy = { steps: [step(10, '8s'), step(100, '3s')] };
    const { stage, worker, before, run } = await begin(e2e(), 'term', 'v1.4.2', { strategy });
    await run.untilWatching(10);
    const first = worker.pid;
    expect(await worker.stop()).toBeLessThan(12_000);
    expect((await run.look()).status).toBe('RUNNING');
    await worker.start();
    expect(worker.pid).not.toBe(first);
    const result = await expectPromoted(e2e(), stage, run, before);
    // Handed over, not lost: the watch at 10 % is one watch, and what the first worker saw is part of it.
    expect(result.steps.map(({ weightPercent }) => weightPercent)).toEqual([10, 100, 100]);
    expect(result.steps[0]?.slots).toBeGreaterThan(1);
  });
});

/** Says that it has begun, waits until it may go on, builds. A registry on a busy machine may need a second try. */
const SLOW_BUILD = `
  const { appendFileSync, existsSync } = require('node:fs');
  const { spawnSync } = require('node:child_process');
  const [, file] = process.argv;
  appendFileSync(file, 'begun\\n');
  const waiting = setInterval(() => {
    if (!existsSync(file + '.go')) return;
    clearInterval(waiting);
    let status = 1;
    for (let attempt = 0; attempt < 4 && status !== 0; attempt += 1) {
      status = spawnSync('node', ['build.mjs'], { stdio: 'inherit' }).status;
    }
    process.exit(status);
  }, 100);
`;

function step(weight: number, duration: string) {
  return { weight, duration };
}

async function begin(e2e: E2e, name: string, version: string, wish: object) {
  const [stage, worker] = await Promise.all([e2e.stage(name, { ...wish, temporal: name }), e2e.startWorker(name)]);
  const before = await stage.standing();
  return { stage, worker, before, run: await stage.deploy(version) };
}

/** Makes a kind of call to the cluster slow, so that there is time to die in the middle of it. Ended by the answer. */
async function slowDown(e2e: E2e, stage: Stage, verb: string, resource: string): Promise<() => Promise<unknown>> {
  const rule = { kind: 'api', namespace: stage.name, verb, resource, delayMs: SLOW_CALL_MS } as const;
  const { id } = await e2e.sandbox.faults.add(rule);
  return () => e2e.sandbox.faults.remove(id);
}

/**
 * Kills the worker while it has the activity in hand, and kills the next one while that has it in hand; once in the
 * everyday run, where the time goes into starting workers.
 */
async function killTwice(run: Run, worker: WorkerProcess, phase: MemoStatus['phase'], activity: string): Promise<void> {
  for (const which of process.env.MAINSTAY_TEST_KILLS === '2' ? ['first', 'second'] : ['first']) {
    const { pid } = worker;
    const inHand = ({ memo, workers }: Look): boolean =>
      memo?.phase === phase && (workers[activity] ?? '').includes(`-${pid}@`);
    await run.until(`the ${which} worker to have ${activity} in hand while ${phase}`, inHand);
    await worker.kill();
    // Nobody can have gone on meanwhile: what describe tells now is where it was killed.
    expect([(await run.look()).memo?.phase, (await run.look()).activities]).toEqual([phase, [activity]]);
    await worker.start();
  }
}

async function expectPromoted(e2e: E2e, stage: Stage, run: Run, before: Awaited<ReturnType<Stage['standing']>>) {
  const result = await run.result();
  expect(await stage.whyNotS1({ ...before, image: e2e.image('v1.4.2') })).toBeUndefined();
  expect(result).toMatchObject({ outcome: 'promoted', reasonCode: 'AnalysisPassed', restored: [], foreign: [] });
  expectNoneFailed(await stage.counts());
  return result;
}
