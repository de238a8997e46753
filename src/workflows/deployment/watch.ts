/** Watching: one observer activity a step, in a scope of its own, ended by time, by a verdict or by a person. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
} from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import type { ReleaseEvidence } from '../../core/analysis/evidence.ts';
import type { ReleaseRecords } from '../../core/analysis/sequential/record.ts';
import { assessTally } from '../../core/analysis/assess-tally.ts';
import { canaryName } from '../../core/model/names.ts';
import type { ExpectedStanding, WatchMode } from '../../core/model/observe.ts';
import type { BackendWeight, Deposit, StepTally } from '../../core/model/operation.ts';
import type { Ending } from '../../core/rollout/ending.ts';
import { endingOfWatch } from '../../core/rollout/ending-of-watch.ts';
import { selectorText } from '../../core/rollout/workload.ts';
import { observerProfile } from '../shared/profiles.ts';
import type { Operation } from './operation.ts';
import { canaryPodSelector } from './undo-steps.ts';

/** What a watch needs to know of the release. */
export interface Release {
  deposit: Deposit;
  readonly image: string;
  readonly term: number;
  /** Cursor of the last tally. */
  cursor: unknown;
  /** What is known of stable before the release, and what the comparison has seen since. */
  readonly records: ReleaseRecords | undefined;
  evidence: ReleaseEvidence | undefined;
  /** Why the gate before 100 % stayed shut; taken by the question it leads to. */
  lowTraffic: string | undefined;
  /** Backends asked for last, and all that were asked for, in words. */
  backends: readonly BackendWeight[];
  /** What we gave the named Deployment and the canary last: our own change in the middle of a step is not a foreign one. */
  stableImage: string;
  canaryReplicas: number | undefined;
  readonly asked: string[];
}

export interface Watch {
  readonly mode: WatchMode;
  readonly step: number;
  readonly weightPercent: number;
  /** Ends the watch when it becomes true; its tally is kept. */
  readonly until?: () => boolean;
}

/** Watches until its end; undefined when the way is free, else how the deployment ends. */
export async function watch(op: Operation, release: Release, wanted: Watch): Promise<Ending | undefined> {
  const { plan } = release.deposit;
  const { observeStep } = proxyActivities<Activities>(observerProfile(plan.intervals));
  const scope = new CancellationScope();
  const startedAtMs = Date.now();
  let over = false;
  const running = scope.run(() =>
    observeStep.executeWithOptions(
      { ...observerProfile(plan.intervals), summary: summaryOf(wanted, plan.steps.length) },
      [
        {
          plan,
          step: wanted.step,
          mode: wanted.mode,
          arms: armsOf(release, wanted),
          expected: expectedOf(release, wanted),
          weightPercent: wanted.weightPercent,
          term: release.term,
          record: op.state.steps.length,
          ...(release.cursor !== undefined && { cursor: release.cursor }),
          ...(release.records && { records: release.records }),
          ...(release.evidence && { evidence: release.evidence }),
        },
      ],
    ),
  );
  const ended = condition(
    () => over || (wanted.until?.() ?? false) || (wanted.mode === 'step' && op.wish !== undefined),
  ).then(
    () => over || scope.cancel(),
    () => undefined,
  );
  // A stop does not wait for the observer: it writes nothing, and the undo must begin now.
  const tally = await Promise.race([
    keepTally(running, scope, wanted, startedAtMs),
    CancellationScope.current().cancelRequested,
  ]);
  over = true;
  await ended;
  return settle(op, release, wanted, tally, startedAtMs);
}

/** An observer that was ended between two attempts leaves no tally; what it saw last is in its heartbeat only. */
async function keepTally(
  running: Promise<StepTally>,
  scope: CancellationScope,
  wanted: Watch,
  startedAtMs: number,
): Promise<StepTally> {
  try {
    return await running;
  } catch (error) {
    if (!isCancellation(error) && !(scope.consideredCancelled && isLoss(error))) throw error;
    const { step } = wanted;
    return {
      step,
      startedAtMs,
      endedAtMs: Date.now(),
      ended: 'cancelled',
      slots: [],
      samples: {},
      foreign: [],
      cursor: undefined,
    };
  }
}

/** Once it was asked to end, the server does not repeat an observer whose worker died: that is no fault of the canary. */
function isLoss(error: unknown): boolean {
  if (!(error instanceof ActivityFailure)) return false;
  return !(error.cause instanceof ApplicationFailure && error.cause.nonRetryable === true);
}

function settle(
  op: Operation,
  release: Release,
  wanted: Watch,
  tally: StepTally,
  startedAtMs: number,
): Ending | undefined {
  release.cursor = tally.cursor ?? release.cursor;
  release.evidence = tally.evidence ?? release.evidence;
  release.lowTraffic = tally.ended === 'lowTraffic' ? (tally.holding ?? 'the data cannot decide') : undefined;
  const verdict = assessTally(release.deposit.plan, tally, release.records);
  const record = {
    step: wanted.step,
    weightPercent: wanted.weightPercent,
    startedAtMs,
    endedAtMs: Date.now(),
    verdict,
    slots: tally.slots.length,
  };
  op.state.steps = [...op.state.steps, record];
  op.addForeign(tally.foreign);
  op.say(undefined);
  return endingOfWatch(tally, verdict, release.deposit.plan);
}

function armsOf(release: Release, wanted: Watch) {
  const { before, plan } = release.deposit;
  const stable = { labelSelector: selectorText(before.deployment.selector), backend: plan.traffic.stableService };
  if (wanted.mode === 'bake') return { stable };
  const backend = canaryName(plan.traffic.stableService, release.term);
  return { stable, canary: { labelSelector: canaryPodSelector(before, release.term), backend } };
}

function expectedOf(release: Release, wanted: Watch): ExpectedStanding {
  const { plan } = release.deposit;
  const { backends, stableImage } = release;
  if (wanted.mode === 'bake') return { backends, stableImage };
  const canary = {
    name: canaryName(plan.workload.deployment, release.term),
    image: release.image,
    replicas: release.canaryReplicas ?? 0,
  };
  return { backends, stableImage, canary };
}

function summaryOf(wanted: Watch, steps: number): string {
  const at = `${wanted.weightPercent} %`;
  switch (wanted.mode) {
    case 'step':
      return `step ${wanted.step + 1} of ${steps} at ${at}`;
    case 'hold':
      return `holding at ${at}, still watched`;
    case 'bake':
      return 'bake';
  }
}
