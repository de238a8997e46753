import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEPLOY_PHASES, type OperationStatus, type Waiting } from '../../../src/core/model/deploy-state.ts';
import { MESSAGE_NAMES } from '../../../src/core/messages/message-inputs.ts';
import { parseMessage } from '../../../src/core/messages/parse-message.ts';
import { whyNot, whyNotNow } from '../../../src/core/messages/why-not.ts';
import { currentDetails } from '../../../src/core/status/current-details.ts';
import { describeOperation, memoStatus } from '../../../src/core/status/describe-operation.ts';
import { NOW_MS, SITUATIONS, state } from './states.ts';

const rows = Object.entries(SITUATIONS).map(([when, situation]) => ({ when, situation }));

function sixTexts(status: OperationStatus): Record<string, string> {
  const { what, why, seen, next, may, undone } = status;
  return { what, why, seen, next, may: may.map(({ command }) => command).join('\n'), undone };
}

function expectSixTexts(status: OperationStatus): void {
  for (const [name, text] of Object.entries(sixTexts(status))) {
    expect(text.trim().length, `${name} in phase ${status.phase}`).toBeGreaterThan(3);
    expect(text, `${name} in phase ${status.phase}`).not.toMatch(/undefined|null|NaN|\[object/);
  }
}

describe('the six texts', () => {
  it('are told for every phase', () => {
    const told = new Set(rows.map(({ situation }) => situation.phase));
    expect([...told].sort()).toEqual([...DEPLOY_PHASES].sort());
  });

  it.each(rows)('are never empty: $when', ({ situation }) => {
    expectSixTexts(describeOperation(situation, NOW_MS));
  });

  it('read as the golden file says', async () => {
    const sections = rows.map(({ when, situation }) => {
      const { what, why, seen, next, may, undone } = describeOperation(situation, NOW_MS);
      const actions = may.map(
        (action) => `- ${action.action}: ${action.why}\n  ${action.command}\n  ${action.temporal}`,
      );
      const texts = [`What: ${what}`, `Why: ${why}`, `Seen: ${seen}`, `Next: ${next}`, 'May:', ...actions];
      return [`## ${when}`, '', ...texts, `Undone: ${undone}`, ''].join('\n');
    });
    await expect(sections.join('\n')).toMatchFileSnapshot('describe-operation.golden.md');
  });

  it('are never empty in any mixture of phase, wait, pause and foreign change, with or without a plan', () => {
    const bases = rows.map(({ situation }) => situation);
    const waits = bases.map(({ waiting }) => waiting).filter((waiting): waiting is Waiting => waiting !== undefined);
    const mixture = fc.record({
      base: fc.constantFrom(...bases),
      phase: fc.constantFrom(...DEPLOY_PHASES),
      waiting: fc.option(fc.constantFrom(...waits), { nil: undefined }),
      isPaused: fc.boolean(),
      isForeign: fc.boolean(),
      hasPlan: fc.boolean(),
      nowMs: fc.integer({ min: 0, max: 4_102_444_800_000 }),
    });
    const paused = { by: 'sre-on-call', reason: '', sinceMs: NOW_MS };
    const foreign = [{ object: 'HTTPRoute crm/crm-api', field: 'weights', expected: '90/10', observed: '100/0' }];
    fc.assert(
      fc.property(mixture, ({ base, phase, waiting, isPaused, isForeign, hasPlan, nowMs }) => {
        const { plan, waiting: _, paused: __, ...rest } = base;
        const mixed = state({
          ...rest,
          phase,
          ...(hasPlan && plan ? { plan } : {}),
          ...(waiting ? { waiting } : {}),
          ...(isPaused ? { paused } : {}),
          ...(isForeign ? { foreign } : {}),
        });
        expectSixTexts(describeOperation(mixed, nowMs));
        expect(currentDetails(mixed, nowMs).length).toBeGreaterThan(50);
        expect(memoStatus(mixed, nowMs)).toMatchObject({ phase, atMs: nowMs });
      }),
      { numRuns: 500 },
    );
  });
});

describe('what one may do', () => {
  it.each([
    { when: 'awaiting the approval to start', may: ['approve', 'reject', 'abort'] },
    { when: 'awaiting an approval during the canary', may: ['approve', 'reject', 'pause', 'abort'] },
    { when: 'queued', may: ['abort'] },
    { when: 'promoting', may: ['abort'] },
    { when: 'canary: watched', may: ['pause', 'skipStep', 'promoteNow', 'abort'] },
    { when: 'canary: paused', may: ['resume', 'abort'] },
    { when: 'undoing: half done', may: [] },
    { when: 'undoing: needs help', may: ['acceptUnrestored'] },
    { when: 'ended: promoted', may: [] },
    { when: 'ended: rolled back', may: ['deployAgain'] },
  ])('is $may when $when', ({ when, may }) => {
    const situation = SITUATIONS[when];
    if (!situation) throw new Error(`no situation ${when}`);
    const actions = describeOperation(situation, NOW_MS).may.map(({ action }) => action);
    expect(actions).toEqual([...may, 'status']);
  });

  it.each(rows)('is accepted as it is offered when $when', ({ situation }) => {
    const offered = describeOperation(situation, NOW_MS).may;
    for (const name of MESSAGE_NAMES) {
      const action = offered.find((each) => each.action === name);
      expect(action !== undefined, `message ${name}`).toBe(whyNotNow(name, situation) === undefined);
      if (!action) continue;
      const input = /--input '(.*)'$/.exec(action.temporal)?.[1] ?? '';
      const parsed = parseMessage(name, JSON.parse(input));
      if ('problem' in parsed) throw new Error(parsed.problem);
      expect(whyNot(name, parsed.message, situation), `message ${name}`).toBeUndefined();
    }
  });

  it('names the digest of the plan that an approval binds to', () => {
    const situation = state({ ...SITUATIONS['awaiting the approval to start'] });
    const approve = describeOperation(situation, NOW_MS).may[0];
    expect(approve?.command).toContain('--plan 1a2b3c4d ');
    expect(approve?.temporal).toContain('"plan":"1a2b3c4d"');
  });

  it('is quoted for the shell where an id needs it', () => {
    const odd = state({ workflowId: "it's mine" });
    const { command } = describeOperation(odd, NOW_MS).may.at(-1) ?? { command: '' };
    expect(command).toBe(`mainstay status --id 'it'\\''s mine'`);
  });
});

describe('the memo', () => {
  it('carries step and weight', () => {
    const memo = memoStatus(SITUATIONS['canary: watched'] ?? state(), NOW_MS);
    expect(memo).toMatchObject({ phase: 'canary', step: 1, of: 5, weightPercent: 25, atMs: NOW_MS });
  });
});

describe('the details in the UI', () => {
  it('do not let a reason become markup', () => {
    const text = currentDetails(state({ phase: 'undoing', undoReason: '[click](https://example.com) <b>' }), NOW_MS);
    expect(text).toContain('\\[click\\](https://example.com) \\<b\\>');
  });
});
