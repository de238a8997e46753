import { describe, expect, it } from 'vitest';
import {
  endsOf,
  KINDS,
  pointName,
  pointsOf,
  quickPointsOf,
  SCENARIOS,
  stepName,
  stepsOf,
  type Traced,
} from './points.ts';

const traced = (workflow: string, ...names: string[]): Traced[] => {
  const count = new Map<string, number>();
  return names.map((activity) => {
    const ordinal = (count.get(activity) ?? 0) + 1;
    count.set(activity, ordinal);
    return { workflow, activity, ordinal };
  });
};

const FORWARD = [
  'resolvePlan',
  'claimService',
  'scaleCanary',
  'shiftTraffic',
  'observeStep',
  'shiftTraffic',
  'observeStep',
];
const DEPLOY = [...traced('deployService', ...FORWARD), ...traced('ownership', 'awaitOwnerEnd')];
const UNDO = [
  ...traced('deployService', 'claimService', 'scaleCanary', 'observeStep', 'restoreTraffic', 'removeCanary'),
  ...traced('ownership', 'awaitOwnerEnd'),
];
const RESTORE = [
  ...traced('deployService', 'claimService', 'observeStep'),
  ...traced('restoreService', 'claimService'),
];

describe('points of the sweep', () => {
  it('are the activities of the happy path, and what undo and restore add', () => {
    expect(stepsOf('deploy', DEPLOY).map(stepName)).toEqual([
      'resolvePlan:1',
      'claimService:1',
      'scaleCanary:1',
      'shiftTraffic:1',
      'observeStep:1',
      'shiftTraffic:2',
      'observeStep:2',
      'awaitOwnerEnd:1',
    ]);
    expect(stepsOf('undo', UNDO).map(stepName)).toEqual(['undo.restoreTraffic:1', 'undo.removeCanary:1']);
    expect(stepsOf('restore', RESTORE).map(stepName)).toEqual(['restore.claimService:1']);
  });

  it('spread over every step and every kind when there is little time', () => {
    const traces = { deploy: DEPLOY, undo: UNDO, undoLate: UNDO, restore: RESTORE };
    const steps = SCENARIOS.flatMap((scenario) => stepsOf(scenario, traces[scenario]));
    const points = quickPointsOf(steps);
    expect(new Set(points.map(({ step }) => stepName(step)))).toEqual(new Set(steps.map(stepName)));
    expect(new Set(points.map(({ kind }) => kind))).toEqual(new Set(KINDS));
    expect(points.length).toBeLessThan(pointsOf(steps).length / 5);
  });

  it.each([
    { point: 'shiftTraffic:2:kill', ends: ['new'] },
    { point: 'resolvePlan:1:lostReply', ends: ['new'] },
    { point: 'shiftTraffic:2:fail', ends: ['old'] },
    { point: 'observeStep:1:terminate', ends: ['old'] },
    { point: 'observeStep:1:weight', ends: ['old', 'new'] },
    { point: 'awaitOwnerEnd:1:fail', ends: ['new'] },
    { point: 'recordRelease:1:fail', ends: ['new'] },
    { point: 'recordRelease:1:terminate', ends: ['old', 'new'] },
  ])('$point may end with $ends', ({ point, ends }) => {
    const found = pointsOf(stepsOf('deploy', [...DEPLOY, ...traced('deployService', 'recordRelease')])).find(
      (each) => pointName(each) === point,
    );
    expect(found && endsOf(found)).toEqual(ends);
  });
});
