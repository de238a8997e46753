import { ApplicationFailure } from '@temporalio/activity';
import type { MigrateDatabaseResult } from '../../src/activities/migrations/migrate-database.ts';
import type { BackupActivities } from '../../src/activities/backup-activities.ts';
import type { CopyActivities } from '../../src/activities/copy-activities.ts';
import type { Activities } from '../../src/activities/index.ts';
import type { CollectedRecords } from '../../src/core/analysis/detection.ts';
import { canaryName } from '../../src/core/model/names.ts';
import type { BackendWeight, BeforeRecord, Fence, StepTally } from '../../src/core/model/operation.ts';
import type { ObserveStepInput } from '../../src/core/model/observe.ts';
import type { DeployPlan } from '../../src/core/model/plan.ts';
import { compareFence } from '../../src/core/rollout/fence.ts';
import { formatBackends, sameBackends } from '../../src/core/rollout/route.ts';
import { canaryReplicas } from '../../src/core/rollout/workload.ts';
import { healthyFacts } from './healthy-facts.ts';
import { IMAGE_1, IMAGE_2, somePlan } from './some-plan.ts';

interface Stamped {
  fence?: Fence | undefined;
}

/** What stands on the cluster, as far as a deployment can see or change it. Fakes act on it at once. */
export interface World {
  deployment: Stamped & { image: string; replicas: number };
  route: Stamped & { backends: readonly BackendWeight[]; exists: boolean };
  canaries: Map<string, Stamped & { image: string; replicas: number }>;
}

export interface Call {
  readonly name: keyof Activities;
  readonly input: unknown;
}

/** Around every fake: may throw before the effect (`fail`), after it (`loseReply`), or run a message. */
export type Interference = (
  call: Call,
  index: number,
) => { readonly before?: () => unknown; readonly after?: () => unknown } | undefined;

const MIGRATED: MigrateDatabaseResult = {
  outcome: 'migrated',
  report: {
    applied: [{ name: '0001_a.expand.sql', checksum: 'a'.repeat(64) }],
    pending: [],
    contract: [],
    missing: [],
  },
  says: '1 file applied',
};

export interface FakeOptions {
  readonly plan?: DeployPlan;
  readonly interfere?: Interference;
  /** What the collecting of the record brings home; nothing by default. */
  readonly records?: CollectedRecords;
  /** What the migrations come to, where the plan has some; default: one file is applied. */
  readonly migrate?: () => MigrateDatabaseResult;
  /** Tally of a watch; default: everything passes. */
  readonly observe?: (input: ObserveStepInput, world: World) => StepTally | Promise<StepTally>;
}

type FakedNames = Exclude<keyof Activities, 'requestOwnership' | keyof BackupActivities | keyof CopyActivities>;
export type Fakes = { -readonly [N in FakedNames]: Activities[N] };

export const STABLE_ONLY: readonly BackendWeight[] = [{ service: 'crm-api', port: 80, weight: 100 }];

export function newWorld(): World {
  return {
    deployment: { image: IMAGE_1, replicas: 4 },
    route: { backends: STABLE_ONLY, exists: true },
    canaries: new Map(),
  };
}

function final(type: string, message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, type);
}

/** The same check as the real mutators: a lower pair is late and writes nothing. */
function pass(object: Stamped, fence: Fence, name: string): void {
  if (object.fence && compareFence(object.fence, fence) > 0) throw final('Fenced', `${name} carries a higher pair`);
  object.fence = fence;
}

export function passingTally(input: ObserveStepInput): StepTally {
  const now = Date.now();
  const samples = input.plan.analysis.metrics.map((metric) => {
    const one = { atMs: now, outcome: 'pass', value: 0.001, requests: 1000, events: 1, stableValue: 0.001 } as const;
    return [metric.name, Array.from({ length: metric.judge.count }, () => one)] as const;
  });
  return {
    step: input.step,
    startedAtMs: now,
    endedAtMs: now,
    ended: input.mode === 'hold' ? 'cancelled' : 'timeOver',
    slots: [{ step: input.step, atMs: now, nC: 100, eC: 0, nS: 900, eS: 1 }],
    samples: Object.fromEntries(samples),
    foreign: [],
    cursor: { step: input.step },
    mode: input.mode,
  };
}

export function failingTally(input: ObserveStepInput): StepTally {
  const one = {
    atMs: Date.now(),
    outcome: 'fail',
    value: 0.081,
    requests: 321,
    events: 26,
    stableValue: 0.002,
  } as const;
  const samples = Object.fromEntries(input.plan.analysis.metrics.map((metric) => [metric.name, [one]]));
  return { ...passingTally(input), ended: 'verdict', samples };
}

/** The gate before 100 % stayed shut until its deadline. */
export function shutGate(input: ObserveStepInput): StepTally {
  return { ...passingTally(input), ended: 'lowTraffic', holding: 'error-ratio: not enough evidence' };
}

/** Typed fakes of every activity that touches the outside; each call is recorded in order. */
export function createFakes(
  world: World,
  options: FakeOptions = {},
): { readonly fakes: Fakes; readonly calls: Call[] } {
  const plan = options.plan ?? somePlan();
  const calls: Call[] = [];

  function fake<N extends FakedNames>(name: N, body: (input: Parameters<Activities[N]>[0]) => unknown): Activities[N] {
    return (async (input: Parameters<Activities[N]>[0]) => {
      const call: Call = { name, input };
      const index = calls.push(call) - 1;
      const around = options.interfere?.(call, index);
      await around?.before?.();
      const result = await body(input);
      await around?.after?.();
      return result;
    }) as Activities[N];
  }

  const standing = () => ({
    image: world.deployment.image,
    replicas: world.deployment.replicas,
    observedTerm: Math.max(world.deployment.fence?.term ?? 0, world.route.fence?.term ?? 0),
  });

  const before = (): BeforeRecord => ({
    deployment: {
      name: 'crm-api',
      uid: 'uid-1',
      replicas: world.deployment.replicas,
      image: world.deployment.image,
      templateDigest: 'd'.repeat(64),
      revision: '1',
      readyReplicas: world.deployment.replicas,
      selector: { app: 'crm-api', 'mainstay.dev/track': 'stable' },
    },
    route: { name: 'crm-api', uid: 'uid-2', rule: 0, backends: world.route.backends },
    observedAtMs: Date.now(),
    first: world.deployment.replicas === 0,
  });

  const fakes: Fakes = {
    resolvePlan: fake('resolvePlan', (input) => ({
      plan: { ...plan, ...pickFrom(input, ['service', 'onBusy', 'reason', 'requestedBy', 'version']) },
    })),
    describeCatalogue: fake('describeCatalogue', () => ({
      outcome: 'loaded' as const,
      path: 'mainstay.yaml',
      digest: 'c'.repeat(64),
      problems: [],
    })),
    observePreflight: fake('observePreflight', () => ({
      ...healthyFacts(),
      standing: { seen: 'present', ...standing() },
    })),
    collectRecord: fake('collectRecord', ({ what }) => ({ records: (what === 'kept' && options.records) || {} })),
    resolveImage: fake('resolveImage', () => ({ image: IMAGE_2, digest: IMAGE_2.split('@')[1] })),
    startBuild: fake('startBuild', () => ({ jobId: 'job-1' })),
    awaitBuild: fake('awaitBuild', () => ({ image: IMAGE_2, digest: IMAGE_2.split('@')[1] })),
    observeService: fake('observeService', () => standing()),
    claimService: fake('claimService', ({ fence }) => {
      pass(world.deployment, fence, 'Deployment crm/crm-api');
      pass(world.route, fence, 'HTTPRoute crm/crm-api');
      return before();
    }),
    migrateDatabase: fake('migrateDatabase', () => options.migrate?.() ?? MIGRATED),
    scaleCanary: fake('scaleCanary', ({ fence, image, weightPercent, before: was }) => {
      const name = canaryName('crm-api', fence.term);
      const canary = world.canaries.get(name) ?? { image, replicas: 0 };
      pass(canary, fence, `Deployment crm/${name}`);
      canary.replicas = canaryReplicas(was.deployment.replicas, weightPercent);
      world.canaries.set(name, canary);
      return { outcome: 'ready', replicas: canary.replicas, says: 'ready' };
    }),
    shiftTraffic: fake('shiftTraffic', ({ fence, expected, wanted }) => {
      if (!sameBackends(world.route.backends, expected) && !sameBackends(world.route.backends, wanted)) {
        const change = { object: 'HTTPRoute crm/crm-api', field: 'backends', expected: formatBackends(expected) };
        return { outcome: 'foreign', changes: [{ ...change, observed: formatBackends(world.route.backends) }] };
      }
      pass(world.route, fence, 'HTTPRoute crm/crm-api');
      world.route.backends = wanted;
      return { outcome: 'applied', says: 'the router applies the weights' };
    }),
    observeStep: fake('observeStep', (input) => options.observe?.(input, world) ?? passingTally(input)),
    promoteStable: fake('promoteStable', ({ fence, image, before: was }) => {
      pass(world.deployment, fence, 'Deployment crm/crm-api');
      world.deployment.image = image;
      if (was.first) world.deployment.replicas = 1;
      return { outcome: 'ready', says: 'ready' };
    }),
    removeCanary: fake('removeCanary', ({ objects, fence }) => {
      return objects.map((object) => {
        const canary = world.canaries.get(object.name);
        if (canary) pass(canary, fence, object.name);
        const changed = world.canaries.delete(object.name);
        const row = {
          object: `${object.kind} crm/${object.name}`,
          field: 'existence',
          wanted: 'gone',
          observed: 'gone',
        };
        return { ...row, restored: true, changed };
      });
    }),
    restoreTraffic: fake('restoreTraffic', ({ fence, before: was }) => {
      const wanted = formatBackends(was.route.backends);
      const row = { object: 'HTTPRoute crm/crm-api', field: 'backends', wanted };
      if (!world.route.exists) {
        const restored = [{ ...row, observed: 'no such route', restored: false, changed: false }];
        return { complete: false, problem: 'HTTPRoute crm/crm-api was deleted by someone else', restored, foreign: [] };
      }
      pass(world.route, fence, 'HTTPRoute crm/crm-api');
      const changed = !sameBackends(world.route.backends, was.route.backends);
      world.route.backends = was.route.backends;
      return { complete: true, restored: [{ ...row, observed: wanted, restored: true, changed }], foreign: [] };
    }),
    recordRelease: fake('recordRelease', () => ({ recorded: 'written' })),
    restoreWorkload: fake('restoreWorkload', ({ fence, before: was }) => {
      pass(world.deployment, fence, 'Deployment crm/crm-api');
      const changed = world.deployment.image !== was.deployment.image;
      world.deployment.image = was.deployment.image;
      if (was.first) world.deployment.replicas = was.deployment.replicas;
      const row = { object: 'Deployment crm/crm-api', field: 'image', wanted: was.deployment.image };
      return {
        complete: true,
        restored: [{ ...row, observed: was.deployment.image, restored: true, changed }],
        foreign: [],
      };
    }),
  };
  return { fakes, calls };
}

function pickFrom(input: unknown, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input as Record<string, unknown>).filter(([key]) => keys.includes(key)));
}

/** S1: all traffic to one version, the objects of no canary left. */
export function whyNotS1(world: World): string | undefined {
  if (world.canaries.size > 0) return `canary objects left: ${[...world.canaries.keys()].join(', ')}`;
  if (!sameBackends(world.route.backends, STABLE_ONLY)) return `traffic: ${formatBackends(world.route.backends)}`;
  return undefined;
}
