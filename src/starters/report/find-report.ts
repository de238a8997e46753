/** Gathers what ledger and Temporal know of an operation. Either may be away; only both at once is an error. */
import type { LedgerRelease } from '../../core/model/ledger-release.ts';
import { buildReport } from '../../core/report/build-report.ts';
import type { ReleaseReport } from '../../core/report/release-report.ts';
import type { ReportMaterial } from '../../core/report/temporal-account.ts';
import { isCoded } from '../../errors/coded-error.ts';
import { CommandError } from '../command-error.ts';
import { findForStatus } from '../operation/find-operation.ts';
import { openSession, type Session } from '../session.ts';
import type { LedgerReader } from './ledger-reader.ts';
import { accountOf, ownershipOf } from './read-temporal.ts';

/** Either the id itself, or a service in an environment: its latest operation. */
export type ReportTarget = { readonly id: string } | { readonly service: string; readonly environment: string };

/** Throws a CommandError: `noOperation`, or `unavailable` when nobody can be asked. */
export async function findReport(target: ReportTarget, ledger: LedgerReader): Promise<ReleaseReport> {
  const troubles: string[] = [];
  const session = await openSession().catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    troubles.push(error.message);
    return undefined;
  });
  try {
    const material = await gather(target, ledger, session, troubles);
    const report = buildReport(material);
    if (report) return report;
    throw nobodyKnows(target, ledger, session !== undefined, troubles);
  } finally {
    await session?.close();
  }
}

function nobodyKnows(
  target: ReportTarget,
  ledger: LedgerReader,
  hasSession: boolean,
  troubles: readonly string[],
): CommandError {
  const what = 'id' in target ? target.id : `${target.service} in ${target.environment}`;
  const why = troubles.length === 0 ? '' : ` (${troubles.join('; ')})`;
  if (!ledger.reads && !hasSession) return new CommandError('unavailable', `nobody can be asked about ${what}${why}`);
  return new CommandError('noOperation', `neither ledger nor Temporal knows ${what}${why}`, [
    'what the ledger has: mainstay report --list',
    'what Temporal knows: mainstay list --all',
  ]);
}

async function gather(
  target: ReportTarget,
  ledger: LedgerReader,
  session: Session | undefined,
  troubles: string[],
): Promise<ReportMaterial> {
  if (!ledger.reads) troubles.push(ledger.trouble);
  const id = 'id' in target ? target.id : await latestOf(target, ledger, session, troubles);
  if (id === undefined) return { troubles };
  const temporal = session === undefined ? undefined : await accountOf(session, id, troubles);
  const release = await readLedger(ledger, id, temporal?.runId, troubles);
  const place = release?.service ? release : (temporal?.result ?? temporal?.status ?? temporal?.memo);
  const ownership = session && place ? await ownershipOf(session, place) : undefined;
  const restore =
    release?.restoredBy === undefined ? undefined : await readLedger(ledger, release.restoredBy, undefined, troubles);
  return {
    ...(release && { ledger: release }),
    ...(restore && { restore }),
    ...(temporal && { temporal }),
    ...(ownership && { ownership }),
    troubles,
  };
}

/** The newest that either knows: one that just began may not be in the ledger, an old one not in Temporal. */
async function latestOf(
  { service, environment }: { readonly service: string; readonly environment: string },
  ledger: LedgerReader,
  session: Session | undefined,
  troubles: string[],
): Promise<string | undefined> {
  const known = session
    ? await findForStatus(session, { service, environment }).catch((error: unknown) => {
        if (!(error instanceof CommandError)) throw error;
        return undefined;
      })
    : undefined;
  if (known !== undefined || !ledger.reads) return known;
  const listed = await attempt(() => ledger.list({ limit: 1, environment, service }), troubles);
  return listed?.[0]?.key.workflowId;
}

async function readLedger(
  ledger: LedgerReader,
  workflowId: string,
  runId: string | undefined,
  troubles: string[],
): Promise<LedgerRelease | undefined> {
  if (!ledger.reads) return undefined;
  return attempt(async () => {
    const named = runId === undefined ? undefined : await ledger.readRelease({ workflowId, runId });
    return named ?? (await ledger.readRelease({ workflowId }));
  }, troubles);
}

async function attempt<T>(read: () => Promise<T>, troubles: string[]): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!isCoded(error)) throw error;
    // No table yet: no worker has written to it.
    troubles.push(error.code === 'NotFound' ? 'the ledger is empty: no worker has written to it yet' : error.message);
    return undefined;
  }
}
