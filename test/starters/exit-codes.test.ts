import { describe, expect, it } from 'vitest';
import type { DeployResult, RestoredObject } from '../../src/core/model/operation.ts';
import { EXIT_CODES, exitCodesPage, exitOf } from '../../src/starters/exit-codes.ts';

const RESULT: DeployResult = {
  outcome: 'promoted',
  reasonCode: 'AnalysisPassed',
  reason: 'all steps passed',
  service: 'crm-api',
  environment: 'production',
  version: 'v2',
  planDigest: '',
  catalogueDigest: '',
  steps: [],
  restored: [],
  foreign: [],
  preflight: [],
  startedAtMs: 0,
  endedAtMs: 0,
};
const ROW: RestoredObject = {
  object: 'Deployment crm/crm-api',
  field: 'image',
  wanted: 'v1',
  observed: 'v1',
  restored: true,
  changed: true,
};

describe('exit codes', () => {
  it('are each used once and fit into a byte', () => {
    const codes = Object.values(EXIT_CODES).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code).toBeLessThan(256);
  });

  it('stay what people wrote into scripts', () => {
    const table = Object.entries(EXIT_CODES).map(([name, { code }]) => `${code} ${name}`);
    expect(table).toEqual([
      '0 ok',
      '1 bug',
      '10 rolledBack',
      '11 rejected',
      '12 aborted',
      '13 superseded',
      '14 busy',
      '15 refused',
      '16 noOperation',
      '17 noResult',
      '18 notRestored',
      '20 checkFailed',
      '21 notChecked',
      '22 resetRefused',
      '30 verificationFailed',
      '31 couldNotVerify',
      '32 backupFailed',
      '33 backupIncomplete',
      '64 usage',
      '65 badInput',
      '66 noFile',
      '69 unavailable',
      '73 notWritten',
      '130 detached',
    ]);
  });

  it.each([
    { outcome: 'promoted', reasonCode: 'AnalysisPassed', exit: 'ok' },
    { outcome: 'unchanged', reasonCode: 'SameDigest', exit: 'ok' },
    { outcome: 'planned', reasonCode: 'DryRun', exit: 'ok' },
    { outcome: 'rolledBack', reasonCode: 'AnalysisFailed', exit: 'rolledBack' },
    { outcome: 'rejected', reasonCode: 'PreflightFailed', exit: 'rejected' },
    { outcome: 'rejected', reasonCode: 'ServiceBusy', exit: 'busy' },
    { outcome: 'rejected', reasonCode: 'QueueExpired', exit: 'busy' },
    { outcome: 'aborted', reasonCode: 'Aborted', exit: 'aborted' },
    { outcome: 'superseded', reasonCode: 'Preempted', exit: 'superseded' },
  ] as const)('$outcome by $reasonCode ends as $exit', ({ outcome, reasonCode, exit }) => {
    expect(exitOf({ ...RESULT, outcome, reasonCode })).toBe(exit);
  });

  it('tell an object that is not restored above all', () => {
    const restored = [ROW, { ...ROW, restored: false }];
    expect(exitOf({ ...RESULT, outcome: 'rolledBack', restored: [ROW] })).toBe('rolledBack');
    expect(exitOf({ ...RESULT, outcome: 'rolledBack', restored })).toBe('notRestored');
  });

  it('stand on a page with a meaning each', () => {
    const page = exitCodesPage();
    for (const [name, { code, says }] of Object.entries(EXIT_CODES))
      expect(page).toContain(`| ${code} | ${name} | ${says} |`);
  });
});
