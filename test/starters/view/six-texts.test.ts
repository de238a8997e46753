import { describe, expect, it } from 'vitest';
import type { LookSummary } from '../../../src/core/model/operation.ts';
import { describeOperation, memoStatus } from '../../../src/core/status/describe-operation.ts';
import type { OperationView } from '../../../src/starters/operation/operation-view.ts';
import { sixTexts } from '../../../src/starters/view/six-texts.ts';
import { statusPage } from '../../../src/starters/view/status-page.ts';
import { PLAIN } from '../../../src/starters/view/style.ts';
import { NOW_MS, SITUATIONS } from '../../core/status/states.ts';

const LOOK: LookSummary = {
  atMs: NOW_MS - 4_000,
  step: 1,
  weightPercent: 25,
  appliedPercent: 25,
  phase: 'running',
  reason: 'error ratio 0.41 % (5 of 1,204 canary requests)',
  metrics: [],
  nC: 1204,
  eC: 5,
  nS: 3600,
  eS: 14,
};
const VIEW: OperationView = {
  atMs: NOW_MS,
  workflowId: 'deploy/production/crm-api/20260920T095900Z-3f2a',
  runId: 'r-1',
  operation: 'deployService',
  isRunning: true,
  run: 'RUNNING',
  startedAtMs: NOW_MS - 60_000,
  pending: [],
  troubles: [],
};
const NO_WORKER = {
  polls: false,
  text: 'no worker polls the task queue mainstay (workflows)',
  advice: 'start a worker: mainstay worker',
};

/** Everything that can be missing when somebody asks, for every situation of the golden table. */
const FAILURES: Readonly<Record<string, (view: OperationView) => OperationView>> = {
  'with a worker': (view) => view,
  'no worker, memo and heartbeat only': ({ status: _, ...view }) => ({ ...view, worker: NO_WORKER, look: LOOK }),
  'no worker, memo only': ({ status: _, ...view }) => ({ ...view, worker: NO_WORKER }),
  'no memo either': ({ status: _, memo: __, ...view }) => ({ ...view, worker: NO_WORKER }),
  'an activity that fails': (view) => ({ ...view, troubles: ['shiftTraffic, attempt 3: connection refused'] }),
  terminated: ({ status: _, ...view }) => ({
    ...view,
    isRunning: false,
    run: 'TERMINATED',
    failure: { type: 'terminated', message: 'ended by hand', problems: [] },
  }),
};

const rows = Object.entries(SITUATIONS).flatMap(([when, situation]) =>
  Object.entries(FAILURES).map(([failure, spoil]) => ({ when, failure, situation, spoil })),
);

describe('the six things as status tells them', () => {
  it.each(rows)('are never empty: $when, $failure', ({ situation, spoil }) => {
    const status = describeOperation(situation, NOW_MS);
    const view = spoil({ ...VIEW, status, memo: memoStatus(situation, NOW_MS) });
    const { what, why, seen, next, may, undone } = sixTexts(view);
    for (const text of [what, why, seen, next, may.map(({ command }) => command).join(' '), undone]) {
      expect(text.trim().length).toBeGreaterThan(3);
      expect(text).not.toMatch(/undefined|null|NaN|\[object/);
    }
    const page = statusPage(view, 100, PLAIN).join('\n');
    for (const label of ['what', 'why', 'seen', 'next', 'may', 'undone'])
      expect(page).toMatch(new RegExp(`^${label} +\\S`, 'm'));
  });

  it('say that it stands still when no worker polls', () => {
    expect(sixTexts({ ...VIEW, worker: NO_WORKER }).why).toContain('no worker polls the task queue mainstay');
  });

  it('carry the age of the live numbers', () => {
    expect(sixTexts({ ...VIEW, look: LOOK }).seen).toContain('4 s ago at 25 %, the router shows 25 %');
  });

  it('name what is tried again', () => {
    const view = { ...VIEW, troubles: ['shiftTraffic, attempt 3: connection refused'] };
    expect(sixTexts(view).why).toContain('shiftTraffic, attempt 3: connection refused');
  });
});
