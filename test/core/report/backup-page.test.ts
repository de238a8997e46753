import { describe, expect, it } from 'vitest';
import { backupReportSchema } from '../../../src/contracts/backup-report.ts';
import { backupPage } from '../../../src/core/report/backup-page.ts';
import { bytesInWords, shortSpan } from '../../../src/core/report/amounts.ts';
import { reportMarkdown } from '../../../src/core/report/markdown.ts';
import { CHECK_TEXTS } from '../../../src/core/restore/check-texts.ts';
import type { BackupRecord } from '../../../src/core/model/backup-record.ts';
import { reportHtml } from '../../../src/starters/view/report-html.ts';
import { reportText } from '../../../src/starters/view/report-text.ts';
import { PLAIN } from '../../../src/starters/view/style.ts';
import { earlierRuns, someVerification } from './some-backup.ts';

const pageOf = (record: BackupRecord, history: readonly BackupRecord[] = earlierRuns(6)) =>
  backupPage({ record, history, texts: CHECK_TEXTS });
const textOf = (record: BackupRecord): string => reportText(pageOf(record), 120, PLAIN);

function passed(): BackupRecord {
  const record = someVerification();
  const facts = record.verification;
  if (!facts) throw new Error('the example has no facts');
  const well = { ...facts, verdict: 'PASS' as const, reasons: [], notProven: [], checks: facts.checks.slice(4) };
  return { ...record, outcome: 'passed', reasonCode: 'SuitePassed', reason: 'everything holds', verification: well };
}

describe('the report of a verification', () => {
  it('begins with verdict and reason, compares with the objectives, and shows the worst check first', () => {
    const page = pageOf(someVerification());
    expect(page).toMatchObject({ title: 'FAIL  verifyRestore crm in production', mood: 'bad' });
    const text = textOf(someVerification());
    expect(text).toContain('12 min, within the RTO of 15 min');
    expect(text).toContain('2 h 10 min, OVER the RPO of 1 h');
    expect(text).toContain('must not be relied on');
    const [worst, later] = [text.indexOf('found 999,499'), text.indexOf('gist has no checker')];
    expect(worst).toBeGreaterThan(0);
    expect(later).toBeGreaterThan(worst);
    expect(text).toContain('1 could not verify, 1 pass');
    expect(text).toContain(CHECK_TEXTS.digest.proves.slice(0, 20));
  });

  it.each([
    { when: 'it passed', record: passed(), mood: 'well', says: 'Nothing: it is done.' },
    {
      when: 'something is left behind, whatever the data say',
      record: { ...passed(), removed: [{ object: 'DB instance x (eu-central-1)', gone: false, says: 'deleting' }] },
      mood: 'bad',
      says: 'STILL THERE, AND IT COSTS MONEY',
    },
    {
      when: 'nothing could be proven',
      record: (() => {
        const { verification: _none, ...rest } = someVerification();
        return { ...rest, outcome: 'couldNotVerify', reasonCode: 'NoSnapshot', reason: 'there is no snapshot' };
      })(),
      mood: 'bad',
      says: 'Nothing is proven either way',
    },
  ])('says what to do when $when', ({ record, mood, says }) => {
    expect(pageOf(record).mood).toBe(mood);
    expect(textOf(record)).toContain(says);
  });

  it('draws the runs up to this one, oldest first, and not those of another kind', () => {
    const other = someVerification({ operation: 'backUpDatabase', key: { workflowId: 'b', runId: 'b' } });
    const page = pageOf(someVerification(), [...earlierRuns(3), other]);
    const trends = page.sections.flatMap(({ blocks }) => blocks.filter((block) => block.kind === 'trend'));
    expect(trends.map(({ title }) => title)).toEqual(['restore time', 'age of the data', 'size']);
    expect(trends[0]?.points.map(({ says }) => says)).toEqual(['COULD-NOT-VERIFY', 'PASS', 'PASS', 'FAIL']);
  });

  it('is a page of its own: pictures inside, nothing loaded, and nothing of a reason becomes markup', () => {
    const html = reportHtml(pageOf(someVerification()));
    expect(html.match(/<svg /g)?.length).toBe(4);
    expect(html).toContain('&lt;script&gt;');
    expect(html).not.toMatch(/<script|src="http|href="http|undefined|NaN|\[object/);
    expect(reportMarkdown(pageOf(someVerification()))).not.toMatch(/undefined|NaN|\[object|(?<!\\)<script/);
  });
});

describe('the JSON of a verification', () => {
  it.each([someVerification(), passed()])('keeps its contract', (record) => {
    const found = { record, history: earlierRuns(2) };
    expect(backupReportSchema.safeParse(JSON.parse(JSON.stringify(found))).error).toBeUndefined();
    expect(backupReportSchema.safeParse({ ...found, record: { ...record, verdict: 'PASS' } }).success).toBe(false);
  });
});

describe('amounts', () => {
  it.each([
    [0, '0 B'],
    [1536, '1.5 KiB'],
    [495_000_000, '472 MiB'],
    [107_374_182_400, '100 GiB'],
  ])('%d bytes are %s', (bytes, says) => expect(bytesInWords(bytes)).toBe(says));

  it.each([
    [740, '0.7 s'],
    [9_990, '10.0 s'],
    [75_000, '1 min 15 s'],
  ])('%d ms are %s', (ms, says) => expect(shortSpan(ms)).toBe(says));
});
