import { describe, expect, it } from 'vitest';
import type { FingerprintRow } from '../../../src/core/model/restore.ts';
import { compareFingerprints, differenceOf } from '../../../src/core/restore/compare-fingerprint.ts';
import { compareSettings, type SettingsInput } from '../../../src/core/restore/compare-settings.ts';

const PHYSICAL = { physical: true };
const policy: FingerprintRow = { kind: 'policy', name: 'public.orders.tenant', definition: 'all; permissive' };
const trigger: FingerprintRow = { kind: 'trigger', name: 'public.orders.audit', definition: 'on insert; enabled' };
const grant: FingerprintRow = { kind: 'grant', name: 'on table public.orders to app by owner', definition: 'SELECT' };

describe('compareFingerprints', () => {
  it('is empty for equal catalogues, in any order', () => {
    expect(compareFingerprints([policy, trigger], [trigger, policy], PHYSICAL)).toEqual([]);
  });

  it('names what is missing, new and changed', () => {
    const disabled = { ...trigger, definition: 'on insert; disabled' };
    expect(compareFingerprints([policy, trigger], [disabled, grant], PHYSICAL)).toEqual([
      { object: 'grant on table public.orders to app by owner', state: 'fail', says: 'not in the manifest: SELECT' },
      { object: 'policy public.orders.tenant', state: 'fail', says: 'missing; it was all; permissive' },
      { object: 'trigger public.orders.audit', state: 'fail', says: 'the manifest has enabled, the copy disabled' },
    ]);
  });

  it('only warns of rights that a dump does not carry', () => {
    const [fault] = compareFingerprints([grant], [], { physical: false });
    expect(fault?.state).toBe('warn');
    expect(compareFingerprints([policy], [], { physical: false })[0]?.state).toBe('fail');
  });
});

describe('differenceOf', () => {
  it.each([
    { before: 'a; b; c', now: 'a; x; c', says: 'the manifest has b, the copy x' },
    { before: 'a', now: 'a; x', says: 'the manifest has a, the copy x' },
    { before: '', now: 'x', says: 'the manifest has nothing, the copy x' },
  ])('$before against $now: $says', ({ before, now, says }) => {
    expect(differenceOf(before, now)).toBe(says);
  });
});

describe('compareSettings', () => {
  const base = { expected: { work_mem: '7MB' }, overrides: {}, physical: true };
  it.each<{ when: string; input: SettingsInput; states: readonly string[] }>([
    { when: 'equal', input: { ...base, seen: { work_mem: '7MB' } }, states: [] },
    { when: 'different', input: { ...base, seen: { work_mem: '4MB' } }, states: ['fail'] },
    { when: 'hidden from the role', input: { ...base, seen: {} }, states: ['couldNotVerify'] },
    {
      when: 'different in a loaded copy',
      input: { ...base, physical: false, seen: { work_mem: '4MB' } },
      states: ['warn'],
    },
    {
      when: 'different on purpose',
      input: { ...base, overrides: { work_mem: '1MB' }, seen: { work_mem: '1MB' } },
      states: [],
    },
    {
      when: 'of an extension that the quarantine does not even load',
      input: { ...base, overrides: { 'cron.launch_active_jobs': 'off' }, seen: { work_mem: '7MB' } },
      states: [],
    },
    {
      when: 'not the quarantine it should be',
      input: {
        ...base,
        physical: false,
        overrides: { max_logical_replication_workers: '0' },
        seen: { work_mem: '7MB', max_logical_replication_workers: '4' },
      },
      states: ['fail'],
    },
  ])('$states when $when', ({ input, states }) => {
    expect(compareSettings(input).map(({ state }) => state)).toEqual(states);
  });
});
