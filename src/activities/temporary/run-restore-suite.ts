/**
 * Runs the suite on the prepared copy, as its verifier. It reads; the one thing it writes is the report.
 * - worker dies in the middle: finished checks travel in the heartbeats, the next attempt runs the others;
 * - reply lost, runs twice: the same checks on a database that nobody writes to; a report stands under its own digest;
 * - someone else changed the copy: nobody can reach it but us;
 * - cancelled: running statements are cancelled in the server.
 */
import { createHash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { reportKey } from '../../core/backup/manifest-key.ts';
import { describeProblem } from '../../core/model/problem.ts';
import { quarantineSettings } from '../../core/backup/quarantine.ts';
import type { ObjectReference } from '../../core/model/backup.ts';
import type { CheckResult, Manifest, SuiteReport } from '../../core/model/restore.ts';
import { parseManifest } from '../../contracts/manifest.ts';
import { isCoded } from '../../errors/coded-error.ts';
import { isRetryable } from '../../errors/codes.ts';
import type { SuiteProgress } from '../../restore-suite/port.ts';
import { guarded } from '../failure.ts';
import { storeJson } from '../database/store-json.ts';
import { copyUrl, type TemporaryActivityDeps } from './deps.ts';
import { mustBeTemporary } from './ours.ts';
import { couldNotRun, shortReport } from './short-report.ts';
import type { RunRestoreSuiteInput, RunRestoreSuiteResult } from './types.ts';

/** What a heartbeat of the suite carries. */
export interface SuiteHeartbeat extends SuiteProgress {
  readonly identifier: string;
  /** Of the first attempt. */
  readonly startedAtMs: number;
  readonly finished: readonly CheckResult[];
}

const HEARTBEAT_EVERY_MS = 1_000;
/** The server takes 2 MB; what does not fit is checked again. */
const LARGEST_HEARTBEAT = 1_000_000;

export function createRunRestoreSuite(deps: TemporaryActivityDeps) {
  return {
    runRestoreSuite: guarded(async (input: RunRestoreSuiteInput): Promise<RunRestoreSuiteResult> => {
      const { plan, temporary, endpoint, asOfMs } = input;
      mustBeTemporary(temporary);
      const context = Context.current();
      const before = resumedFrom(context.info.heartbeatDetails, temporary.identifier);
      const startedAtMs = before?.startedAtMs ?? Date.now();
      let last: SuiteHeartbeat = before ?? {
        identifier: temporary.identifier,
        startedAtMs,
        done: 0,
        total: 0,
        doing: 'beginning',
        finished: [],
      };
      context.heartbeat(last);
      const timer = setInterval(() => context.heartbeat(last), HEARTBEAT_EVERY_MS);
      try {
        const warnings: string[] = [];
        const manifest = await readManifest(deps, input, warnings);
        const url = await copyUrl(deps, { plan, temporary, endpoint }, 'verifier', context.cancellationSignal);
        const { verification } = plan;
        const report = await verified(() =>
          deps.suite.verifyDatabase({
            url,
            ...(manifest && { manifest }),
            connections: verification.connections,
            checkTimeoutMs: verification.checkTimeoutMs,
            sampleAboveBytes: verification.sampleAboveBytes,
            criticalTables: verification.criticalTables,
            allowedLosses: verification.allowedLosses,
            rules: verification.rules,
            ...(verification.freshnessSql !== undefined && { freshnessSql: verification.freshnessSql }),
            probes: verification.probes,
            expectedSettings: quarantineSettings(manifest?.settings),
            rpoMs: plan.rpoMs,
            nowMs: asOfMs,
            physical: true,
            finished: last.finished,
            signal: context.cancellationSignal,
            onProgress(progress, finished) {
              last = { ...last, ...progress, finished: fitting(finished) };
            },
          }),
        );
        const resumed = before?.finished.length ?? 0;
        if (typeof report === 'string') return couldNotRun({ reason: report, warnings, startedAtMs, resumed });
        const stored = await storeReport(deps, input, { ...report, startedAtMs }, warnings);
        return { ...shortReport(report), ...(stored && { report: stored }), warnings, startedAtMs, resumed };
      } finally {
        clearInterval(timer);
      }
    }),
  };
}

/** A wrong password will not become right: nobody knows what the copy is like, which is an outcome and no error. */
async function verified(run: () => Promise<SuiteReport>): Promise<SuiteReport | string> {
  try {
    return await run();
  } catch (error) {
    if (isCoded(error, 'Forbidden')) {
      return `${error.message}; were the worker that prepared the copy and this one started with the same MAINSTAY_TEMPORARY_SECRET?`;
    }
    throw error;
  }
}

/** Without one the suite says what it could not verify; a changed or unreadable one is none. */
async function readManifest(
  { aws }: TemporaryActivityDeps,
  { manifest }: RunRestoreSuiteInput,
  warnings: string[],
): Promise<Manifest | undefined> {
  if (manifest === undefined) {
    warnings.push('the backup names no manifest');
    return undefined;
  }
  try {
    const { bucket, key, sha256, region } = manifest;
    const bytes = await aws.objects(region).get({ bucket, key, sha256 }, Context.current().cancellationSignal);
    const parsed = parseManifest(JSON.parse(bytes.toString('utf8')));
    if ('manifest' in parsed) return parsed.manifest;
    warnings.push(`manifest s3://${bucket}/${key}: ${parsed.problems.map(describeProblem).join('; ')}`);
    return undefined;
  } catch (error) {
    if (isCoded(error) && isRetryable(error.code)) throw error;
    if (!isCoded(error) && !(error instanceof SyntaxError)) throw error;
    warnings.push(`manifest: ${error.message}`);
    return undefined;
  }
}

/** The verdict does not depend on it: where it can never be stored, the result says so. */
async function storeReport(
  { aws }: TemporaryActivityDeps,
  { plan, temporary }: RunRestoreSuiteInput,
  report: SuiteReport,
  warnings: string[],
): Promise<ObjectReference | undefined> {
  const { bucket, prefix } = plan.backup.manifests;
  const body = Buffer.from(JSON.stringify(report));
  const digest = createHash('sha256').update(body).digest('hex');
  const key = reportKey(prefix, plan, temporary.identifier, digest);
  try {
    return (await storeJson(aws.objects(plan.region), { bucket, key, body })).manifest;
  } catch (error) {
    if (!isCoded(error) || isRetryable(error.code)) throw error;
    warnings.push(`the report was not stored: ${error.message}`);
    return undefined;
  }
}

function resumedFrom(details: unknown, identifier: string): SuiteHeartbeat | undefined {
  if (typeof details !== 'object' || details === null) return undefined;
  const beat = details as Partial<SuiteHeartbeat>;
  return beat.identifier === identifier && Array.isArray(beat.finished) ? (beat as SuiteHeartbeat) : undefined;
}

/** As many as a heartbeat can carry, the longest first: they are the dear ones to repeat. */
function fitting(finished: readonly CheckResult[]): readonly CheckResult[] {
  if (finished.length < 1_000) return finished;
  const kept: CheckResult[] = [];
  let bytes = 0;
  for (const check of finished.toSorted((a, b) => b.ms - a.ms)) {
    bytes += 120 + check.object.length + check.says.length;
    if (bytes > LARGEST_HEARTBEAT / 2) break;
    kept.push(check);
  }
  return kept;
}
