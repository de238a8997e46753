import { ActivityCancellationType, type ActivityOptions, type LocalActivityOptions } from '@temporalio/workflow';
import { describe, expect, it } from 'vitest';
import * as profiles from '../../src/workflows/shared/profiles.ts';
import { somePlan } from '../harness/some-plan.ts';
import { readProject } from './project-files.ts';

const { intervals } = somePlan();
/** Every profile once, as workflows make it. A new one is added here, or the first test fails. */
const MADE: Readonly<Record<string, ActivityOptions>> = {
  readProfile: profiles.readProfile(),
  mutatorProfile: profiles.mutatorProfile(intervals, 60_000),
  undoProfile: profiles.undoProfile(intervals, 60_000),
  observerProfile: profiles.observerProfile(intervals),
  waitProfile: profiles.waitProfile(60_000),
  closingProfile: profiles.closingProfile(),
  questionProfile: profiles.questionProfile(60_000),
  startProfile: profiles.startProfile(),
  removalProfile: profiles.removalProfile(60_000),
};
/** Short writes: too short for a heartbeat, and waited for all the same. */
const SHORT_WRITES = ['closingProfile', 'startProfile', 'removalProfile'];
/** Asked within the workflow task: they never write to the cluster, and have no heartbeat. */
const LOCAL: Readonly<Record<string, LocalActivityOptions>> = {
  localReadProfile: profiles.localReadProfile(),
  localLookupProfile: profiles.localLookupProfile(),
};
const WRITTEN_OUT = [
  'startToCloseTimeout',
  'scheduleToCloseTimeout',
  'heartbeatTimeout',
  'cancellationType',
  'retry',
] as const;
const RETRY = ['initialInterval', 'backoffCoefficient', 'maximumInterval', 'maximumAttempts'] as const;
/** What heartbeats hears of a cancellation, and is waited for: no write may land after the undo, no tally be lost. */
const WAITED_FOR = ['mutatorProfile', 'undoProfile', 'observerProfile', 'waitProfile'];

describe('activity profiles', () => {
  it('are all known to this test', () => {
    expect(Object.keys({ ...MADE, ...LOCAL }).sort()).toEqual(Object.keys(profiles).sort());
  });

  it.each(Object.entries(MADE))('%s writes out every option, also those it leaves empty', (_name, profile) => {
    expect(WRITTEN_OUT.filter((option) => !Object.hasOwn(profile, option))).toEqual([]);
    expect(RETRY.filter((option) => profile.retry?.[option] === undefined)).toEqual([]);
    expect(profile.startToCloseTimeout).toBeGreaterThan(0);
  });

  it.each(Object.entries(LOCAL))('%s is short, ends, and writes out every option', (_name, profile) => {
    expect(profile.startToCloseTimeout).toBeLessThanOrEqual(20_000);
    expect(profile.scheduleToCloseTimeout).toBeGreaterThan(0);
    expect(profile.localRetryThreshold).toBeLessThan(10_000);
    expect(profile.cancellationType).toBe(ActivityCancellationType.TRY_CANCEL);
    expect(RETRY.filter((option) => profile.retry?.[option] === undefined)).toEqual([]);
  });

  it.each(Object.entries(MADE).filter(([name]) => !SHORT_WRITES.includes(name)))(
    '%s is waited for when it heartbeats, and only then',
    (name, profile) => {
      const waits = profile.cancellationType === ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;
      expect(waits).toBe(WAITED_FOR.includes(name));
      expect(profile.heartbeatTimeout !== undefined).toBe(waits);
    },
  );

  it('give undo and observers no end but their own', () => {
    expect(MADE.undoProfile?.scheduleToCloseTimeout).toBeUndefined();
    expect(MADE.observerProfile?.scheduleToCloseTimeout).toBeUndefined();
    expect(MADE.undoProfile?.retry?.maximumAttempts).toBe(Number.POSITIVE_INFINITY);
  });
});

const PROXY = /proxy(?:Local)?Activities<[^>]*>\(\s*([^)]*)/g;
const FROM_PROFILE = /^(?:\{\s*\.\.\.)?(?!local)\w+Profile\(/;
const FROM_LOCAL_PROFILE = /^local\w+Profile\(/;

/** Calls whose options do not begin with a profile, as `file: options`. */
function optionsByHand(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([path, text]) =>
    [...text.matchAll(PROXY)]
      .filter(
        ([call, options = '']) => !(call.startsWith('proxyLocal') ? FROM_LOCAL_PROFILE : FROM_PROFILE).test(options),
      )
      .map(([, options]) => `${path}: ${options}`),
  );
}

describe('workflow files', () => {
  const files = readProject((path) => path.startsWith('src/workflows/') && path.endsWith('.ts'));

  it('call activities by profiles only', () => {
    const calls = [...files.values()].flatMap((text) => [...text.matchAll(PROXY)]);
    expect(calls.length).toBeGreaterThan(8);
    expect(optionsByHand(files)).toEqual([]);
  });

  it.each([
    'proxyActivities<Activities>({ startToCloseTimeout: 1 })',
    'proxyActivities<Activities>({ heartbeatTimeout: 1, ...readProfile() })',
    'proxyActivities<Activities>(options)',
    'proxyLocalActivities<Activities>(readProfile())',
  ])('are found out with %s', (text) => {
    expect(optionsByHand(new Map([['x.ts', text]]))).toHaveLength(1);
  });

  it('set no timeout of a workflow, which would skip the undo, and no versioning behaviour', () => {
    const forbidden = /workflow(?:Execution|Run)Timeout|setWorkflowOptions|versioningBehavior/;
    expect([...files].filter(([, text]) => forbidden.test(text)).map(([path]) => path)).toEqual([]);
  });
});
