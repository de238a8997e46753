/** Ways a single deployment goes. */
import { ApplicationFailure } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import type { DeployInput, DeployPlan } from '../../../src/core/model/plan.ts';
import { begin, BY, during, self, send, waitsFor } from '../../harness/conversation.ts';
import {
  failingTally,
  type FakeOptions,
  newWorld,
  passingTally,
  shutGate,
  type World,
} from '../../harness/fake-world.ts';
import { comparedPlan, IMAGE_2, keptRecord, SOME_MIGRATIONS, somePlan } from '../../harness/some-plan.ts';
import type { Lab } from '../../harness/workflow-lab.ts';
import { closed, kept, planWithApproval, type ReplayCase, shortPlan } from './replay-case.ts';

interface Course {
  readonly plan?: DeployPlan;
  readonly input?: Partial<DeployInput>;
  readonly world?: (world: World) => void;
  readonly fakes?: (lab: Lab, world: World) => FakeOptions;
  /** What a person does while it runs. */
  readonly meanwhile?: (handle: WorkflowHandle) => Promise<unknown>;
}

function course(name: string, { plan = shortPlan(), input, world: change, fakes, meanwhile }: Course = {}): ReplayCase {
  return {
    name,
    run: async (lab) => {
      const world = newWorld();
      change?.(world);
      const { trial } = begin(lab, { plan, ...fakes?.(lab, world) }, world);
      const handle = await trial.start(input);
      await meanwhile?.(handle);
      await closed(handle);
      return [kept('deployService', name, handle)];
    },
  };
}

async function approve(handle: WorkflowHandle): Promise<void> {
  const { planDigest } = await waitsFor(handle, 'approval');
  await send(handle, 'approve', { ...BY, plan: planDigest });
}

function failsFinally(name: string, type: string, message: string): FakeOptions {
  return {
    interfere: (call) => ({
      before: () => {
        if (call.name === name) throw ApplicationFailure.nonRetryable(message, type);
      },
    }),
  };
}

const atStart = { deadlineMs: 60_000, onDeadline: 'reject' } as const;
const localBuild = {
  kind: 'localCommand',
  command: ['./build.sh'],
  directory: '/srv/crm',
  environment: {},
  timeoutMs: 60_000,
  repository: 'registry.example.com/crm-api',
} as const;

export const DEPLOY_CASES: readonly ReplayCase[] = [
  course('promoted-five-steps', { plan: somePlan() }),
  course('promoted'),
  course('promoted-after-local-build', { plan: shortPlan({ build: localBuild }) }),
  course('rolled-back-at-step-1', { fakes: () => ({ observe: failingTally }) }),
  course('rolled-back-in-the-bake', {
    fakes: () => ({ observe: (input) => (input.mode === 'bake' ? failingTally(input) : passingTally(input)) }),
  }),
  course('rolled-back-no-data', {
    fakes: () => ({ observe: (input) => ({ ...passingTally(input), ended: 'noDataDeadline', samples: {} }) }),
  }),
  course('rolled-back-step-failed', { fakes: () => failsFinally('promoteStable', 'Forbidden', 'may not patch') }),
  course('rolled-back-foreign-change', {
    plan: shortPlan({ deadlines: { ...shortPlan().deadlines, foreignChangeMs: 1_500 } }),
    fakes: (_lab, world) => ({
      observe: (input) => {
        world.route.backends = [{ service: 'someone-else', port: 80, weight: 100 }];
        return passingTally(input);
      },
    }),
  }),
  course('approval-approved', { plan: planWithApproval(), meanwhile: approve }),
  course('approval-expired', { plan: planWithApproval(1_500) }),
  course('approval-rejected', {
    plan: planWithApproval(),
    meanwhile: async (handle) => {
      await waitsFor(handle, 'approval');
      await send(handle, 'reject', BY);
    },
  }),
  course('start-approval-approved', { plan: shortPlan({ startApproval: atStart }), meanwhile: approve }),
  course('start-approval-expired', { plan: shortPlan({ startApproval: { ...atStart, deadlineMs: 1_500 } }) }),
  course('paused-and-resumed', {
    fakes: (lab) => ({ observe: during(lab, 0, 'pause') }),
    meanwhile: async (handle) => {
      await waitsFor(handle, 'resume');
      await send(handle, 'resume', BY);
    },
  }),
  course('pause-expired', {
    plan: shortPlan({ deadlines: { ...shortPlan().deadlines, pauseMs: 1_500 } }),
    fakes: (lab) => ({ observe: during(lab, 0, 'pause') }),
  }),
  course('step-skipped', { fakes: (lab) => ({ observe: during(lab, 0, 'skipStep') }) }),
  course('promoted-now', { fakes: (lab) => ({ observe: during(lab, 0, 'promoteNow') }) }),
  course('aborted', { fakes: (lab) => ({ observe: during(lab, 1, 'abort') }) }),
  course('cancelled', {
    fakes: (lab) => ({
      observe: async (input) => {
        if (input.step === 1) await self(lab).cancel();
        return passingTally(input);
      },
    }),
  }),
  course('compared', { plan: comparedPlan(shortPlan()), fakes: () => ({ records: keptRecord(100) }) }),
  course('compared-without-a-record', { plan: comparedPlan(shortPlan()) }),
  course('low-traffic-approved', {
    plan: comparedPlan(shortPlan()),
    fakes: () => ({ records: keptRecord(2) }),
    meanwhile: approve,
  }),
  course('low-traffic-at-the-gate', {
    plan: comparedPlan(shortPlan()),
    fakes: () => ({
      records: keptRecord(100),
      observe: (input) => (input.step === 0 && input.mode === 'step' ? shutGate(input) : passingTally(input)),
    }),
    meanwhile: approve,
  }),
  course('first-deployment', { world: (world) => void (world.deployment.replicas = 0) }),
  course('unchanged', { world: (world) => void (world.deployment.image = IMAGE_2) }),
  course('dry-run', { input: { dryRun: true } }),
  course('invalid-input', { fakes: () => failsFinally('resolvePlan', 'InvalidInput', 'no service of that name') }),
  course('image-not-found', { fakes: () => failsFinally('resolveImage', 'NotFound', 'no tag v2') }),
  course('fenced', { fakes: () => failsFinally('claimService', 'Fenced', 'a newer owner has it') }),
  course('undo-with-help', {
    // The route vanishes under the canary: the undo cannot put it back until a person says that it may stay away.
    fakes: (_lab, world) => ({
      observe: (input) => {
        world.route.exists = false;
        return failingTally(input);
      },
    }),
    meanwhile: async (handle) => {
      await waitsFor(handle, 'help');
      await send(handle, 'acceptUnrestored', BY);
    },
  }),
  course('undo-tried-again', {
    fakes: () => {
      let failures = 0;
      return {
        observe: failingTally,
        interfere: (call) => ({
          before: () => {
            if (call.name !== 'removeCanary' || failures > 0) return;
            failures += 1;
            throw ApplicationFailure.nonRetryable('not allowed', 'Forbidden');
          },
        }),
      };
    },
  }),
  course('migrated', { plan: { ...shortPlan(), migrations: SOME_MIGRATIONS } }),
  course('migration-failed', {
    plan: { ...shortPlan(), migrations: SOME_MIGRATIONS },
    fakes: () => ({
      migrate: () => ({
        outcome: 'failed',
        report: {
          applied: [{ name: '0001_a.expand.sql', checksum: 'a'.repeat(64) }],
          pending: [{ name: '0002_b.expand.sql', checksum: 'b'.repeat(64) }],
          failed: { name: '0002_b.expand.sql', reason: 'no such column' },
          contract: [],
          missing: [],
        },
        says: 'no such column; rolled back, 1 applied before it stay',
      }),
    }),
  }),
];
