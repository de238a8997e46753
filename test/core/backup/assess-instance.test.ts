import { describe, expect, it } from 'vitest';
import { assessInstance, isBilled, statusClass } from '../../../src/core/backup/assess-instance.ts';
import { whyNotIsolated } from '../../../src/core/backup/assess-isolation.ts';
import { assessExport, assessSnapshot } from '../../../src/core/backup/assess-snapshot.ts';
import { NOW, someInstance, someSnapshot } from './some-facts.ts';

describe('statusClass', () => {
  it.each([
    ['available', 'ready', true],
    ['storage-optimization', 'ready', true],
    ['backing-up', 'usable', true],
    ['configuring-iam-database-auth', 'usable', true],
    ['creating', 'moving', false],
    ['modifying', 'moving', true],
    ['resetting-master-credentials', 'moving', true],
    ['deleting', 'leaving', false],
    ['delete-precheck', 'leaving', false],
    ['failed', 'dead', false],
    ['incompatible-network', 'dead', false],
    ['insufficient-capacity', 'dead', false],
    ['restore-error', 'stuck', true],
    ['storage-full', 'stuck', true],
    ['incompatible-parameters', 'stuck', true],
    ['stopped', 'stuck', true],
    ['moving-to-the-moon', 'unknown', true],
    ['', 'unknown', true],
  ] as const)('%s is %s', (status, kind, billed) => {
    expect(statusClass(status)).toBe(kind);
    expect(isBilled(status)).toBe(billed);
  });
});

describe('assessInstance', () => {
  it('is ready with an address when everything is settled', () => {
    expect(assessInstance(someInstance())).toEqual({
      state: 'ready',
      endpoint: { host: '127.0.0.1', port: 5432 },
      warnings: [],
    });
  });

  it.each([
    { when: 'storage is optimized', changes: { status: 'storage-optimization' }, warns: [] },
    { when: 'a backup runs', changes: { status: 'backing-up' }, warns: [/some changes are refused/] },
    {
      when: 'the volume loads',
      changes: { storage: { status: 'Initializing', progressPercent: 12 } },
      warns: [/still loads from the snapshot \(12 %\)/],
    },
    {
      when: 'a parameter group waits for a reboot',
      changes: { parameterGroups: [{ name: 'g', apply: 'pending-reboot' }] },
      warns: [],
    },
  ])('is ready when $when', ({ changes, warns }) => {
    const assessment = assessInstance(someInstance(changes));
    expect(assessment.state).toBe('ready');
    const { warnings } = assessment as { warnings: readonly string[] };
    expect(warnings).toHaveLength(warns.length);
    for (const [index, pattern] of warns.entries()) expect(warnings[index]).toMatch(pattern);
  });

  it.each([
    { when: 'it is being made', changes: { status: 'creating' }, says: /creating/ },
    {
      when: 'parameters are being applied',
      changes: { parameterGroups: [{ name: 'crm-quarantine', apply: 'applying' }] },
      says: /crm-quarantine is being applied/,
    },
    { when: 'changes are pending', changes: { pendingChanges: ['MasterUserPassword'] }, says: /MasterUserPassword/ },
    {
      when: 'a security group is not active yet',
      changes: { securityGroups: [{ id: 'sg-1', status: 'adding' }] },
      says: /sg-1 is adding/,
    },
    {
      when: 'a replica does not replicate',
      changes: { replicaOf: 'crm', statusInfos: [{ type: 'read replication', normal: false, status: 'stopped' }] },
      says: /read replication is stopped/,
    },
  ])('waits when $when', ({ changes, says }) => {
    const assessment = assessInstance(someInstance(changes));
    expect(assessment).toMatchObject({ state: 'wait', reason: expect.stringMatching(says) });
    expect(assessment).not.toHaveProperty('warning');
  });

  it('waits without an address', () => {
    const { endpoint: _none, ...rest } = someInstance();
    expect(assessInstance(rest)).toMatchObject({ state: 'wait', reason: expect.stringMatching(/no address/) });
  });

  it('waits for a status that it does not know, and warns', () => {
    expect(assessInstance(someInstance({ status: 'polishing' }))).toMatchObject({
      state: 'wait',
      warning: expect.stringMatching(/polishing is not known/),
    });
  });

  it.each([
    { status: 'incompatible-restore', billed: false },
    { status: 'restore-error', billed: true },
    { status: 'deleting', billed: false },
  ])('fails fast at $status', ({ status, billed }) => {
    expect(assessInstance(someInstance({ status }))).toMatchObject({ state: 'failed', billed });
  });

  it('fails when it is gone', () => {
    expect(assessInstance(undefined)).toMatchObject({ state: 'failed', billed: false });
  });
});

describe('assessSnapshot', () => {
  it.each([
    ['available', 'ready'],
    ['creating', 'wait'],
    ['copying', 'wait'],
    ['failed', 'failed'],
    ['deleting', 'failed'],
    ['shimmering', 'wait'],
  ] as const)('%s: %s', (status, state) => {
    expect(assessSnapshot(someSnapshot('s', NOW, { status })).state).toBe(state);
  });

  it('warns of a status that it does not know; one that is gone has failed', () => {
    expect(assessSnapshot(someSnapshot('s', NOW, { status: 'shimmering' }))).toHaveProperty('warning');
    expect(assessSnapshot(undefined).state).toBe('failed');
  });
});

describe('assessExport', () => {
  const task = { identifier: 'e', sourceArn: 'a', progressPercent: 0 };
  it('does not take no progress for a hang, nor a warning for whole', () => {
    expect(assessExport({ ...task, status: 'STARTING' }).state).toBe('wait');
    expect(assessExport({ ...task, status: 'COMPLETE' })).toEqual({ state: 'ready', warnings: [] });
    expect(assessExport({ ...task, status: 'COMPLETE', warning: 'public.odd/name' })).toMatchObject({
      warnings: [expect.stringMatching(/odd\/name/)],
    });
    expect(assessExport({ ...task, status: 'FAILED', failure: 'no role' })).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/no role/),
    });
    expect(assessExport({ ...task, status: 'CANCELED' }).state).toBe('failed');
    expect(assessExport({ ...task, status: 'THINKING' })).toHaveProperty('warning');
  });
});

describe('whyNotIsolated', () => {
  const plan = { parameterGroup: 'crm-quarantine', securityGroupIds: ['sg-quarantine'] };
  it('says nothing of an isolated copy', () => {
    expect(whyNotIsolated(someInstance(), plan)).toEqual([]);
  });
  it.each([
    { changes: { public: true }, says: /publicly accessible/ },
    {
      changes: { parameterGroups: [{ name: 'default.postgres18', apply: 'in-sync' }] },
      says: /found default.postgres18/,
    },
    { changes: { parameterGroups: [{ name: 'crm-quarantine', apply: 'pending-reboot' }] }, says: /not in force/ },
    { changes: { securityGroups: [] }, says: /found none/ },
    {
      changes: {
        securityGroups: [
          { id: 'sg-quarantine', status: 'active' },
          { id: 'sg-default', status: 'active' },
        ],
      },
      says: /sg-default, sg-quarantine/,
    },
  ])('names what is otherwise: $says', ({ changes, says }) => {
    expect(whyNotIsolated(someInstance(changes), plan).join()).toMatch(says);
  });
  it('asks for the subnet group where one is named', () => {
    expect(whyNotIsolated(someInstance({ subnetGroup: 'default' }), { ...plan, subnetGroup: 'quiet' }).join()).toMatch(
      /expected quiet, found default/,
    );
  });
});
