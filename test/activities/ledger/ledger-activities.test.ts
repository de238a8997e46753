import { describe, expect, it } from 'vitest';
import type { ComposedActivities } from '../../../src/activities/index.ts';
import { noted } from '../../../src/activities/ledger/note-activities.ts';
import { createRecordRelease } from '../../../src/activities/ledger/record-release.ts';
import { type LedgerRecorder, NO_LEDGER, type Recorded } from '../../../src/clients/ledger/recorder.ts';
import { createLedgerIncidents, createLedgerNotifier } from '../../../src/clients/notify/ledger-notices.ts';
import type { LedgerEntry } from '../../../src/core/model/ledger.ts';
import type { StepTally } from '../../../src/core/model/operation.ts';
import { BEFORE, end, PLAN, result, watch } from '../../clients/ledger/entries.ts';
import { IMAGE_2 } from '../../harness/some-plan.ts';
import { runActivity } from '../activity-context.ts';

const FENCE = { term: 12, change: 3 };
const CLAIM = { plan: PLAN, fence: FENCE, operation: 'deploy/x' };
const ROUTE = { name: 'HTTPRoute crm/crm-api' };

function memory(recorded: Recorded = 'written'): LedgerRecorder & { readonly entries: LedgerEntry[] } {
  const entries: LedgerEntry[] = [];
  const record = async (each: readonly LedgerEntry[]) => {
    entries.push(...each);
    return recorded;
  };
  return { ...NO_LEDGER, entries, note: (entry) => void entries.push(entry), record };
}

/** The activities as far as a test needs them. */
function activities(some: Partial<ComposedActivities>, ledger: LedgerRecorder): ComposedActivities {
  return noted(some as ComposedActivities, { ledger });
}

describe('what activities do', () => {
  it('begins the record of an operation once it owns its objects', async () => {
    const ledger = memory();
    const { claimService } = activities({ claimService: async () => BEFORE }, ledger);
    expect(await runActivity(claimService, { ...CLAIM, tidy: true })).toBe(BEFORE);
    expect(ledger.entries).toMatchObject([
      { kind: 'start', operation: 'deployService', plan: PLAN, before: BEFORE, term: 12 },
      { kind: 'notification', event: 'started', urgency: 'low', subject: 'crm-api v2: canary begins in production' },
      { kind: 'event', what: 'claimService', outcome: 'done', environment: 'production', service: 'crm-api' },
    ]);
  });

  it('is no start when the duty of another operation is carried out', async () => {
    const ledger = memory();
    const { claimService } = activities({ claimService: async () => BEFORE }, ledger);
    await runActivity(claimService, CLAIM);
    expect(ledger.entries.map(({ kind }) => kind)).toEqual(['event']);
  });

  it('is told in words, with the digest of the image in short', async () => {
    const ledger = memory();
    const wanted = [{ service: 'crm-api', port: 80, weight: 90 }];
    const { promoteStable, shiftTraffic } = activities(
      {
        promoteStable: async () => ({ outcome: 'ready', says: '4 of 4 pods ready' }),
        shiftTraffic: async () => ({
          outcome: 'foreign',
          changes: [{ object: ROUTE.name, field: 'backends', expected: 'a', observed: 'b' }],
        }),
      },
      ledger,
    );
    const at = { plan: PLAN, fence: FENCE, operation: 'deploy/x', before: BEFORE, image: IMAGE_2 };
    await runActivity(promoteStable, at);
    await runActivity(shiftTraffic, { plan: PLAN, fence: FENCE, expected: wanted, wanted });
    expect(ledger.entries).toMatchObject([
      { says: 'Deployment crm/crm-api to registry.example.com/crm-api@sha256:222222222222: 4 of 4 pods ready' },
      { says: 'held: someone else changed HTTPRoute crm/crm-api, backends: expected a, found b' },
    ]);
  });

  it('that failed is told with its reason, and fails as it did', async () => {
    const ledger = memory();
    const broken = async () => Promise.reject(new Error('Deployment crm/crm-api: forbidden'));
    const { restoreWorkload } = activities({ restoreWorkload: broken }, ledger);
    const input = { plan: PLAN, fence: FENCE, operation: 'deploy/x', before: BEFORE };
    await expect(runActivity(restoreWorkload, input)).rejects.toThrow('forbidden');
    expect(ledger.entries).toMatchObject([{ outcome: 'failed', says: 'Deployment crm/crm-api: forbidden' }]);
  });

  it('is not harmed by a ledger that throws', async () => {
    const refusing: LedgerRecorder = {
      ...NO_LEDGER,
      note: () => {
        throw new Error('no');
      },
    };
    const { claimService } = activities({ claimService: async () => BEFORE }, refusing);
    expect(await runActivity(claimService, { ...CLAIM, tidy: true })).toBe(BEFORE);
  });

  it('of a watch keeps looks, samples and verdict, not the cursor', async () => {
    const ledger = memory();
    const tally: StepTally = { ...watch(3).tally, cursor: { secret: 'no' } };
    const { observeStep } = activities({ observeStep: async () => tally }, ledger);
    const arms = { stable: { labelSelector: 'a=b', backend: 'crm-api' } };
    const expected = { backends: [], stableImage: '' };
    const input = {
      plan: PLAN,
      step: 0,
      mode: 'step',
      arms,
      expected,
      weightPercent: 10,
      term: 12,
      record: 4,
    } as const;
    expect(await runActivity(observeStep, input)).toBe(tally);
    expect(ledger.entries).toMatchObject([
      { kind: 'watch', record: 4, weightPercent: 10, tally: { slots: tally.slots } },
    ]);
    expect(JSON.stringify(ledger.entries)).not.toContain('secret');
  });
});

describe('recordRelease', () => {
  const input = (changes: Parameters<typeof result>[0] = {}) => {
    const { kind: _kind, key: _key, ...rest } = end({ result: result(changes) });
    return rest;
  };
  const recorder = (ledger: LedgerRecorder) =>
    createRecordRelease({
      ledger,
      notifier: createLedgerNotifier(ledger),
      incidents: createLedgerIncidents(ledger),
    }).recordRelease;

  it.each(['written', 'kept', 'lost', 'off'] as const)('answers %s as the ledger does', async (recorded) => {
    expect(await runActivity(recorder(memory(recorded)), input())).toEqual({ recorded });
  });

  it('tells of a rollback in production once, with an incident', async () => {
    const ledger = memory();
    await runActivity(recorder(ledger), input());
    await runActivity(recorder(ledger), input());
    const told = ledger.entries.map((entry) =>
      'dedupeKey' in entry ? `${entry.kind} ${entry.dedupeKey}` : entry.kind,
    );
    expect(told.slice(0, 3).map((each) => each.split(' ')[0])).toEqual(['notification', 'incident', 'end']);
    expect(new Set(told).size).toBe(3);
    expect(ledger.entries[1]).toMatchObject({ severity: 'high', title: 'crm-api v2 was rolled back in production' });
  });

  it.each([
    { when: 'it was promoted', changes: { outcome: 'promoted', restored: [] }, kinds: ['notification', 'end'] },
    { when: 'it was not production', changes: { environment: 'staging' }, kinds: ['notification', 'end'] },
    { when: 'a person aborted it', changes: { outcome: 'aborted' }, kinds: ['notification', 'end'] },
  ] as const)('opens no incident when $when', async ({ changes, kinds }) => {
    const ledger = memory();
    await runActivity(recorder(ledger), input(changes));
    expect(ledger.entries.map(({ kind }) => kind)).toEqual(kinds);
  });

  it('is critical when something was not put back, whoever ended it', async () => {
    const ledger = memory();
    const restored = result().restored.map((row) => ({ ...row, restored: false }));
    await runActivity(recorder(ledger), input({ outcome: 'aborted', restored }));
    expect(ledger.entries[1]).toMatchObject({ kind: 'incident', severity: 'critical' });
    expect(ledger.entries[0]).toMatchObject({ urgency: 'high', body: expect.stringContaining('NOT restored') });
  });
});
