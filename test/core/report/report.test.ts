import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildReport } from '../../../src/core/report/build-report.ts';
import { reportMarkdown } from '../../../src/core/report/markdown.ts';
import type { ReleaseReport } from '../../../src/core/report/release-report.ts';
import { reportPage } from '../../../src/core/report/report-page.ts';
import { releaseReportSchema } from '../../../src/contracts/release-report.ts';
import { reportText } from '../../../src/starters/view/report-text.ts';
import { PLAIN } from '../../../src/starters/view/style.ts';
import { KEY } from '../../clients/ledger/entries.ts';
import { MATERIAL } from './material.ts';

function reportOf(when: string): ReleaseReport {
  const material = MATERIAL[when];
  const report = material && buildReport(material);
  if (!report) throw new Error(`no report of ${when}`);
  return report;
}

const SITUATIONS = Object.keys(MATERIAL).map((when) => ({ when }));

describe('the report of an operation', () => {
  it.each([
    { when: 'rolled back, all there', outcome: 'rolledBack', from: ['ledger', 'result', 'describe'] },
    { when: 'rolled back, Temporal has forgotten it', outcome: 'rolledBack', from: ['ledger'] },
    { when: 'rolled back, the ledger is away', outcome: 'rolledBack', from: ['result', 'describe'] },
    {
      when: 'cancelled, the end did not reach the ledger',
      outcome: 'aborted',
      from: ['ledger', 'ownership', 'describe'],
    },
    { when: 'cancelled, memo only', outcome: 'aborted', from: ['memo', 'describe'] },
    { when: 'terminated and restored', outcome: 'terminated', from: ['ledger', 'ledger', 'describe'] },
    { when: 'terminated, no ledger', outcome: 'terminated', from: ['describe'] },
    { when: 'failed at once', outcome: 'failed', from: ['describe'] },
    { when: 'running', outcome: 'running', from: ['ledger', 'describe'] },
    { when: 'its end is nowhere', outcome: 'unknown', from: ['ledger'] },
  ])('is $outcome when $when, and says from where', ({ when, outcome, from }) => {
    const report = reportOf(when);
    expect(report.outcome).toBe(outcome);
    expect(report.sources.map((source) => source.from)).toEqual(from);
  });

  it('knows of nothing when nobody does', () => {
    expect(buildReport({ troubles: [] })).toBeUndefined();
  });

  it.each(SITUATIONS)('keeps its contract, fills its page and says what to do when $when', ({ when }) => {
    const report = reportOf(when);
    expect(releaseReportSchema.safeParse(JSON.parse(JSON.stringify(report))).error).toBeUndefined();
    expect(report.next.length).toBeGreaterThan(0);
    for (const text of [reportText(reportPage(report), 100, PLAIN), reportMarkdown(reportPage(report))]) {
      expect(text).not.toMatch(/undefined|null|NaN|\[object/);
      expect(text).toContain(report.service);
    }
    const longest = reportText(reportPage(report), 100, PLAIN)
      .split('\n')
      .filter((line) => line.length > 130);
    expect(longest.filter((line) => !line.startsWith('    mainstay '))).toEqual([]);
  });

  it('gives the numbers of each arm, whoever tells the verdict', () => {
    const counts = { canary: { requests: 321, errors: 26 }, stable: { requests: 2_890, errors: 6 } };
    expect(reportOf('rolled back, all there').steps).toMatchObject([{ ...counts, judged: true, phase: 'failed' }]);
    expect(reportOf('terminated and restored').steps).toMatchObject([{ ...counts, judged: false, phase: 'failed' }]);
    expect(reportOf('rolled back, the ledger is away').steps[0]?.canary).toBeUndefined();
  });

  it('names who asked by what it was started with, where nobody else knows', () => {
    expect(reportOf('failed at once')).toMatchObject({
      service: 'crm-api',
      requestedBy: 'ci',
      askedBecause: 'nightly',
    });
  });

  it('puts first what is not restored', () => {
    const { next } = reportOf('an object is not restored');
    expect(next[0]?.says).toMatch(/^NOT RESTORED: HTTPRoute crm\/crm-api/);
    expect(reportPage(reportOf('an object is not restored')).mood).toBe('bad');
  });

  it('of a terminated run tells what another operation put back', () => {
    for (const when of ['terminated and restored', 'terminated, no ledger']) {
      const report = reportOf(when);
      expect(report.restoredBy).toBe('restore/production/crm-api/13');
      expect(report.restored).toMatchObject([{ object: 'HTTPRoute crm/crm-api', restored: true }]);
      expect(report.next.map(({ command }) => command)).toContain('mainstay report restore/production/crm-api/13');
    }
  });

  it('does not take the last release of a service for this one', () => {
    const last = MATERIAL['rolled back, all there']?.temporal?.result;
    if (last === undefined) throw new Error('the situation has no result');
    const ownership = { lastWorkflowId: 'deploy/production/crm-api/other', last };
    const found = buildReport({ ...MATERIAL['terminated, no ledger'], ownership, troubles: [] });
    expect(found).toMatchObject({ outcome: 'terminated', restored: [], workflowId: KEY.workflowId });
    expect(found?.restoredBy).toBeUndefined();
  });

  it('lets no text of others become markup', () => {
    const markdown = reportMarkdown(reportPage(reportOf('promoted, with markup in what people wrote')));
    expect(markdown).toContain('a \\| b \\<script\\> \\[x\\](y) second line');
    const columns = markdown
      .split('\n')
      .filter((line) => line.startsWith('| asked by'))
      .map((line) => line.replaceAll('\\|', '').split('|').length);
    expect(columns).toEqual([4]);
  });
});

/** The pages as they are: a change of words is seen in the review. To take a new page over, copy what was received. */
describe('the golden pages', () => {
  it.each([
    { when: 'rolled back, all there', form: 'text', file: 'rolled-back.golden.txt' },
    { when: 'terminated and restored', form: 'markdown', file: 'terminated.golden.md' },
  ])('$file is the $form when $when', ({ when, form, file }) => {
    const page = reportPage(reportOf(when));
    const text = form === 'text' ? reportText(page, 100, PLAIN) : reportMarkdown(page);
    expect(text).toBe(readFileSync(new URL(file, import.meta.url), 'utf8'));
  });
});
