/** What is tried: every activity that a deployment runs, by every way to disturb it there. */

/**
 * `deploy`: to its end. `undo`, `undoLate`: aborted at the first step, in the bake. `restore`: terminated at the first
 * step, so that ownership has it restored.
 */
export const SCENARIOS = ['deploy', 'undo', 'undoLate', 'restore'] as const;
export type Scenario = (typeof SCENARIOS)[number];

/**
 * `fail`: for good, before its effect. `lostReply`: after its effect. `cancel`, `terminate`: the workflow, while the
 * activity begins; that of a terminated one goes on late. `kill`: `kill -9` of the worker after the effect, before the
 * reply; of a watch, in its middle. `noData`: no pod of the service shows metrics any more. The rest are someone else's
 * hands on the cluster, before its effect.
 */
export const KINDS = [
  'fail',
  'lostReply',
  'cancel',
  'terminate',
  'kill',
  'noData',
  'weight',
  'image',
  'replicas',
  'stamp',
  'deletion',
] as const;
export type Kind = (typeof KINDS)[number];

const FOREIGN: readonly Kind[] = ['weight', 'image', 'replicas', 'stamp', 'deletion'];

/** Does a kind of disturbance come from outside of Mainstay? */
export function isForeign(kind: Kind): boolean {
  return FOREIGN.includes(kind);
}

export interface Step {
  readonly scenario: Scenario;
  /** Type of the workflow that runs it: `deployService`, `restoreService`, `ownership`. */
  readonly workflow: string;
  readonly activity: string;
  /** From 1, among the activities of this name that the workflow schedules. */
  readonly ordinal: number;
  /** Before it ends, what was found is not yet recorded. */
  readonly isBeforeRecord: boolean;
}

export interface Point {
  readonly step: Step;
  readonly kind: Kind;
}

/** `shiftTraffic:2`, `undo.restoreTraffic:1` */
export function stepName({ scenario, activity, ordinal }: Step): string {
  return `${scenario === 'deploy' ? '' : `${scenario}.`}${activity}:${ordinal}`;
}

/** `shiftTraffic:2:kill`: what `--only` takes. */
export function pointName({ step, kind }: Point): string {
  return `${stepName(step)}:${kind}`;
}

/** One activity of an undisturbed run, in the order they began. */
export interface Traced {
  readonly workflow: string;
  readonly activity: string;
  readonly ordinal: number;
}

/** What a scenario adds: the happy path whole, of the others only what no scenario before had. */
export function stepsOf(scenario: Scenario, trace: readonly Traced[]): readonly Step[] {
  const workflow = scenario === 'restore' ? 'restoreService' : 'deployService';
  const own = trace.filter(
    (each) => each.workflow === workflow || (scenario === 'deploy' && each.workflow === 'ownership'),
  );
  const claim = trace.findIndex(({ activity }) => activity === 'claimService');
  const isUndo = (activity: string): boolean => activity.startsWith('restore') || activity === 'removeCanary';
  const later =
    scenario === 'undo' || scenario === 'undoLate'
      ? afterTheLastWatch(own).filter((each) => isUndo(each.activity))
      : own;
  return later.map((each) => ({
    scenario,
    ...each,
    isBeforeRecord: scenario === 'deploy' && trace.indexOf(each) <= claim,
  }));
}

function afterTheLastWatch(trace: readonly Traced[]): readonly Traced[] {
  return trace.slice(trace.findLastIndex(({ activity }) => activity === 'observeStep') + 1);
}

export function pointsOf(steps: readonly Step[]): readonly Point[] {
  return steps.flatMap((step) => kindsOf(step).map((kind) => ({ step, kind })));
}

/** Ownership's question changes nothing, and its workflow is the one that cleans up: it is not ended here. */
function kindsOf({ workflow }: Step): readonly Kind[] {
  return workflow === 'ownership' ? ['fail', 'lostReply', 'kill'] : KINDS;
}

/** Every step once, and every kind as often as any other: the one that was used least comes next, in turns. */
export function quickPointsOf(steps: readonly Step[]): readonly Point[] {
  const uses = new Map<Kind, number>();
  return steps.map((step, index) => {
    const kinds = kindsOf(step);
    const inTurn = kinds.map((_none, at) => kinds[(index + at) % kinds.length] as Kind);
    const kind = inTurn.reduce((least, each) => ((uses.get(each) ?? 0) < (uses.get(least) ?? 0) ? each : least));
    uses.set(kind, (uses.get(kind) ?? 0) + 1);
    return { step, kind };
  });
}

/** The version that may serve in the end: the one from before, or the one deployed. */
export type End = 'old' | 'new';

export function endsOf({ step, kind }: Point): readonly End[] {
  if (step.scenario !== 'deploy') return ['old'];
  // A watched owner that nobody asks about is still guarded: the deployment goes on.
  if (step.workflow === 'ownership') return ['new'];
  if (isForeign(kind)) return ['old', 'new'];
  // Everything is done by then. Only who ends it by force before ownership was told may find it restored.
  if (step.activity === 'recordRelease') return kind === 'terminate' ? ['old', 'new'] : ['new'];
  return kind === 'lostReply' || kind === 'kill' ? ['new'] : ['old'];
}
