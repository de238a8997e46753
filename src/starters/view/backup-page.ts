/** The end of a backup or a verification: verdict, reasons, times against their objectives, what was deleted. */
import type { BackupResult } from '../../core/model/backup-operation.ts';
import type { VerificationFacts } from '../../core/model/backup-record.ts';
import { outcomeInWords, phasesInWords, removedInWords } from '../../core/status/describe-backup.ts';
import { momentInWords, spanInWords } from '../../core/status/words.ts';
import { exitOfBackup } from '../exit-codes.ts';
import type { OperationView } from '../operation/operation-view.ts';
import { labelled, pasteable, type Style } from './style.ts';

const TITLES: Readonly<Record<BackupResult['operation'], string>> = {
  backUpDatabase: 'backup of',
  dumpDatabase: 'dump of',
  backUpCluster: 'backup of the objects of',
  backUpCache: 'backup of the cache',
  verifyRestore: 'restore of',
  sweepTemporaries: 'sweep of',
};

/** Findings that are shown; the report has all. */
const MOST = 12;

export function backupPage(view: OperationView, result: BackupResult, width: number, style: Style): readonly string[] {
  const exit = exitOfBackup(result);
  const paint = exit === 'ok' ? style.green : exit === 'couldNotVerify' ? style.yellow : style.red;
  const subject = result.database === '' ? result.environment : `${result.database} in ${result.environment}`;
  const title = `${outcomeInWords(result)}  ${TITLES[result.operation]} ${subject}`;
  const lines = [style.bold(paint(title)), ...labelled('why', `${result.reason} (${result.reasonCode})`, width, style)];
  const rows = (label: string, texts: readonly string[]): void => {
    for (const [index, text] of texts.slice(0, MOST).entries()) {
      lines.push(...labelled(index === 0 ? label : '', text, width, style));
    }
    if (texts.length > MOST) lines.push(...labelled('', `... ${texts.length - MOST} more`, width, style));
  };
  const { source, verification, plan } = result;
  if (source) {
    const taken = source.takenAtMs === undefined ? '' : `, taken ${momentInWords(source.takenAtMs)}`;
    rows('backup', [`${source.name}${source.region === undefined ? '' : ` (${source.region})`}${taken}`]);
    rows('copies', source.copies ?? []);
    rows('manifest', source.manifest === undefined ? [] : [source.manifest]);
  }
  if (verification) {
    rows(
      'found',
      verification.checks
        .filter(({ state }) => state !== 'pass')
        .map(({ kind, object, state, says }) => `${state} ${kind} ${object}: ${says}`),
    );
    rows('unproven', verification.notProven);
    rows('times', objectives(verification));
    rows('report', verification.report === undefined ? [] : [verification.report]);
  }
  if (plan) {
    rows('plan', [
      `${plan.instance} in ${plan.region}, database ${plan.databaseName}`,
      `copy to ${plan.backup.copyTo?.region ?? 'nowhere'}; archive ${plan.backup.exportTo ? `in ${plan.backup.exportTo.bucket}` : 'none'}`,
      `kept: ${plan.backup.retention.map(({ name, keepMs }) => `${name} ${spanInWords(keepMs)}`).join(', ')}; the newest ${plan.backup.verifiedFloor} verified in any case`,
      `catalogue ${plan.catalogueDigest.slice(0, 12)}`,
    ]);
  }
  if (result.phases.length > 0) rows('phases', [phasesInWords(result.phases)]);
  rows(
    'deleted',
    result.removed.map((row) => `${row.gone ? '✓' : '✗'} ${removedInWords(row)}`),
  );
  rows('warning', result.warnings);
  rows('took', [spanInWords(result.endedAtMs - result.startedAtMs)]);
  lines.push(pasteable('id', view.workflowId, style));
  return lines;
}

/** `restored in 4 min 2 s (RTO 2 h, kept)` */
function objectives({ restoreMs, rtoMs, dataAgeMs, rpoMs }: VerificationFacts): readonly string[] {
  const against = (what: string, ms: number | undefined, name: string, limitMs: number): string[] =>
    ms === undefined
      ? []
      : [`${what} ${spanInWords(ms)} (${name} ${spanInWords(limitMs)}, ${ms <= limitMs ? 'kept' : 'NOT KEPT'})`];
  return [
    ...against('restored, to the first good query, in', restoreMs, 'RTO', rtoMs),
    ...against('newest data, counted back from the nominal time,', dataAgeMs, 'RPO', rpoMs),
  ];
}
