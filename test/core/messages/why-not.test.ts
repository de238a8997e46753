import { describe, expect, it } from 'vitest';
import { MESSAGE_NAMES, type MessageInputs, type MessageName } from '../../../src/core/messages/message-inputs.ts';
import { whyNot, whyNotNow } from '../../../src/core/messages/why-not.ts';
import {
  DEPLOY_PHASES,
  type DeployPhase,
  type DeployState,
  type Waiting,
} from '../../../src/core/model/deploy-state.ts';
import { resolvePlan } from '../../../src/core/rollout/resolve-plan.ts';
import { loadGood } from '../../contracts/example-catalogue.ts';

const DIGEST = 'abcdef0123456789'.repeat(4);
const INPUT = { service: 'web', environment: 'production', version: 'v1' };
const resolved = resolvePlan(loadGood(), INPUT);
if ('problems' in resolved) throw new Error('the example catalogue gives no plan');
const { plan } = resolved;

const MESSAGES: MessageInputs = {
  approve: { by: 'role', plan: DIGEST.slice(0, 8) },
  reject: { by: 'role', reason: 'why' },
  pause: { by: 'role', reason: 'why' },
  resume: { by: 'role' },
  skipStep: { by: 'role', reason: 'why' },
  promoteNow: { by: 'role', reason: 'why' },
  abort: { by: 'role', reason: 'why' },
  acceptUnrestored: { by: 'role', reason: 'why' },
};

const APPROVAL: Waiting = { for: 'approval', sinceMs: 0, deadlineMs: 1, onDeadline: 'reject' };
const HELP: Waiting = { for: 'help', sinceMs: 0, object: 'HTTPRoute shop/web', problem: 'forbidden' };
const TURN: Waiting = { for: 'turn', sinceMs: 0, position: 1, owner: 'deploy/x', deadlineMs: 1 };
const DATA: Waiting = { for: 'data', sinceMs: 0, deadlineMs: 1, missing: 'requests' };
const PAUSED = { by: 'sre', reason: 'looking at logs', sinceMs: 0 };
const RESUME: Waiting = { for: 'resume', sinceMs: 0, deadlineMs: 1 };

function state(phase: DeployPhase, fields: Partial<DeployState> = {}): DeployState {
  return {
    operation: 'deployService',
    workflowId: 'deploy/production/web/1',
    input: INPUT,
    startedAtMs: 0,
    phase,
    phaseSinceMs: 0,
    plan,
    planDigest: DIGEST,
    preflight: [],
    weightPercent: 20,
    step: 0,
    steps: [],
    decisions: [],
    restored: [],
    foreign: [],
    ...fields,
  };
}

/** Everything that is allowed; what is not listed is refused. */
const TABLE: readonly { when: string; state: DeployState; allowed: readonly MessageName[] }[] = [
  { when: 'preparing', state: state('preparing'), allowed: ['abort'] },
  { when: 'building', state: state('building'), allowed: ['abort'] },
  {
    when: 'awaitingStart',
    state: state('awaitingStart', { waiting: APPROVAL }),
    allowed: ['approve', 'reject', 'abort'],
  },
  { when: 'queued', state: state('queued', { waiting: TURN }), allowed: ['abort'] },
  { when: 'claiming', state: state('claiming'), allowed: ['abort'] },
  { when: 'migrating', state: state('migrating'), allowed: ['abort'] },
  { when: 'canary', state: state('canary'), allowed: ['pause', 'skipStep', 'promoteNow', 'abort'] },
  {
    when: 'canary without data',
    state: state('canary', { waiting: DATA }),
    allowed: ['pause', 'skipStep', 'promoteNow', 'abort'],
  },
  { when: 'canary, paused', state: state('canary', { paused: PAUSED }), allowed: ['resume', 'abort'] },
  {
    when: 'canary, paused and waiting',
    state: state('canary', { paused: PAUSED, waiting: RESUME }),
    allowed: ['resume', 'abort'],
  },
  {
    when: 'awaitingApproval',
    state: state('awaitingApproval', { waiting: APPROVAL }),
    allowed: ['approve', 'reject', 'pause', 'abort'],
  },
  {
    when: 'awaitingApproval, paused',
    state: state('awaitingApproval', { waiting: APPROVAL, paused: PAUSED }),
    allowed: ['reject', 'resume', 'abort'],
  },
  { when: 'promoting', state: state('promoting'), allowed: ['abort'] },
  { when: 'promoting, paused before', state: state('promoting', { paused: PAUSED }), allowed: ['resume', 'abort'] },
  { when: 'baking', state: state('baking'), allowed: ['abort'] },
  { when: 'undoing', state: state('undoing', { undoReason: 'the error ratio was too high' }), allowed: [] },
  { when: 'undoing, stuck', state: state('undoing', { waiting: HELP }), allowed: ['acceptUnrestored'] },
  {
    when: 'restoring, stuck',
    state: { ...state('undoing', { waiting: HELP }), operation: 'restoreService' },
    allowed: ['acceptUnrestored'],
  },
  { when: 'ended', state: state('ended'), allowed: [] },
];

describe('whyNot', () => {
  it('has a row for every phase', () => {
    expect(new Set(TABLE.map((row) => row.state.phase))).toEqual(new Set(DEPLOY_PHASES));
  });

  const rows = TABLE.flatMap((row) =>
    MESSAGE_NAMES.map((name) => ({ ...row, name, verdict: row.allowed.includes(name) ? 'allows' : 'refuses' })),
  );
  it.each(rows)('$verdict $name when $when', ({ name, state: now, verdict }) => {
    const why = whyNot(name, MESSAGES[name], now);
    expect(whyNotNow(name, now)).toBe(why);
    if (verdict === 'allows') return expect(why).toBeUndefined();
    expect(why).toMatch(/\w{3}/);
    // Each refusal has a second half: what one may do instead.
    expect(why).toMatch(/[;.,] .+/);
  });

  it.each<{ name: MessageName; message: MessageInputs[MessageName]; now: DeployState; says: RegExp }>([
    {
      name: 'approve',
      message: { by: 'role', plan: '00000000' },
      now: state('awaitingApproval', { waiting: APPROVAL }),
      says: /names plan 00000000, but this is plan abcdef012345/,
    },
    { name: 'approve', message: MESSAGES.approve, now: state('canary'), says: /the next one is asked before 100 %/ },
    {
      name: 'approve',
      message: MESSAGES.approve,
      now: state('awaitingApproval', { waiting: APPROVAL, paused: PAUSED }),
      says: /paused by sre \(looking at logs\).*resume it first/,
    },
    {
      name: 'pause',
      message: MESSAGES.pause,
      now: state('canary', { paused: PAUSED }),
      says: /paused already, by sre/,
    },
    { name: 'pause', message: MESSAGES.pause, now: state('baking'), says: /abort puts back/ },
    {
      name: 'skipStep',
      message: MESSAGES.skipStep,
      now: state('undoing', { undoReason: 'too many errors' }),
      says: /undone because too many errors, and an undo is not changed by skipStep/,
    },
    {
      name: 'promoteNow',
      message: MESSAGES.promoteNow,
      now: state('awaitingApproval', { waiting: APPROVAL }),
      says: /approve or reject/,
    },
    {
      name: 'abort',
      message: MESSAGES.abort,
      now: state('undoing', { waiting: HELP }),
      says: /acceptUnrestored accepts HTTPRoute shop\/web/,
    },
    {
      name: 'acceptUnrestored',
      message: { by: 'role', reason: 'why', object: 'Deployment shop/web' },
      now: state('undoing', { waiting: HELP }),
      says: /Deployment shop\/web does not wait for help; HTTPRoute shop\/web does/,
    },
  ])('tells $name: $says', ({ name, message, now, says }) => {
    expect(whyNot(name, message, now)).toMatch(says);
  });

  it.each([8, 12, 64])('accepts the first %d characters of the digest, with or without sha256:', (length) => {
    const now = state('awaitingStart', { waiting: APPROVAL });
    for (const named of [DIGEST.slice(0, length), `sha256:${DIGEST.slice(0, length)}`]) {
      expect(whyNot('approve', { by: 'role', plan: named }, now)).toBeUndefined();
    }
  });

  it('changes nothing', () => {
    const now = state('canary', { paused: PAUSED });
    const before = structuredClone(now);
    for (const name of MESSAGE_NAMES) whyNot(name, MESSAGES[name], now);
    expect(now).toEqual(before);
  });
});
