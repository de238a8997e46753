/** One report from what could be read: the ledger first, then what Temporal still knows. It says which, and what is missing. */
import type { DeployResult, Outcome } from '../model/operation.ts';
import { OUTCOMES } from '../model/operation.ts';
import { nextSteps } from './next-steps.ts';
import type { ReleaseReport, ReportEvent, ReportNotice, ReportOutcome, ReportSource } from './release-report.ts';
import { reportSteps } from './report-steps.ts';
import type { ReportMaterial, TemporalAccount } from './temporal-account.ts';

/** Undefined when neither the ledger nor Temporal knows the operation. */
export function buildReport(material: ReportMaterial): ReleaseReport | undefined {
  const { ledger, temporal } = material;
  if (ledger === undefined && temporal === undefined) return undefined;
  const told = resultOf(material);
  const facts = factsOf(material, told?.result);
  const report: Omit<ReleaseReport, 'next'> = {
    schemaVersion: 1,
    ...facts,
    ...endOf(material, told?.result),
    steps: reportSteps(material, told?.result),
    events: eventsOf(material),
    decisions: longest(ledger?.decisions, temporal?.status?.decisions),
    restored: longest(told?.result.restored, ledger?.restored, restoredElsewhere(material)),
    foreign: longest(told?.result.foreign, ledger?.foreign, material.restore?.foreign),
    preflight: longest(told?.result.preflight, ledger?.preflight, temporal?.status?.preflight),
    notices: noticesOf(material),
    sources: sourcesOf(material, told?.source),
    missing: missingOf(material, told?.result),
  };
  return { ...report, next: nextSteps(report, temporal?.status) };
}

type Told = { readonly result: DeployResult; readonly source: ReportSource };

/** The fullest account of the end. A memo's is short: it leaves steps and checks out. */
function resultOf({ ledger, temporal, ownership }: ReportMaterial): Told | undefined {
  const id = ledger?.key.workflowId ?? temporal?.workflowId;
  const status = temporal?.status?.result;
  if (status) return { result: status, source: { from: 'status', says: 'answered by the workflow itself' } };
  const returned = temporal?.result;
  if (returned && temporal?.run === 'COMPLETED')
    return { result: returned, source: { from: 'result', says: 'result of the workflow' } };
  if (ownership && ownership.lastWorkflowId === id && ownership.last.startedAtMs >= (temporal?.startedAtMs ?? 0)) {
    const says = 'report that the operation left with the ownership of the service';
    return { result: ownership.last, source: { from: 'ownership', says } };
  }
  if (returned) return { result: returned, source: { from: 'memo', says: 'short report in the memo of the workflow' } };
  return undefined;
}

type Facts = Pick<
  ReleaseReport,
  | 'workflowId'
  | 'runId'
  | 'operation'
  | 'service'
  | 'environment'
  | 'version'
  | 'image'
  | 'requestedBy'
  | 'askedBecause'
  | 'startedAtMs'
  | 'term'
  | 'planDigest'
  | 'catalogueDigest'
  | 'plan'
  | 'before'
  | 'migrations'
  | 'restores'
  | 'restoredBy'
>;

function factsOf({ ledger, restore, temporal, ownership }: ReportMaterial, result: DeployResult | undefined): Facts {
  const input = temporal?.input;
  const named = ledger?.service ? ledger : (result ?? temporal?.status ?? temporal?.memo ?? input);
  const workflowId = ledger?.key.workflowId ?? temporal?.workflowId ?? '';
  const image = result?.image ?? ledger?.image ?? temporal?.status?.image;
  const term = result?.term ?? ledger?.term;
  const plan = ledger?.plan ?? result?.plan;
  const planDigest = result?.planDigest || ledger?.planDigest || temporal?.status?.planDigest;
  const catalogueDigest = result?.catalogueDigest || ledger?.catalogueDigest || temporal?.status?.catalogueDigest;
  const migrations = result?.migrations ?? ledger?.migrations;
  const restoredBy = ledger?.restoredBy ?? restore?.key.workflowId ?? restorerByOwnership(workflowId, ownership);
  return {
    workflowId,
    runId: temporal?.runId ?? ledger?.key.runId ?? '',
    operation: ledger?.operation ?? temporal?.operation ?? '',
    service: named?.service ?? 'unknown',
    environment: named?.environment ?? 'unknown',
    version: named?.version || ledger?.plan?.version || 'unknown',
    ...(image !== undefined && { image }),
    requestedBy: ledger?.requestedBy || plan?.requestedBy || input?.requestedBy || 'unknown',
    askedBecause: ledger?.askedBecause || plan?.reason || input?.reason || '',
    startedAtMs: temporal?.startedAtMs ?? ledger?.startedAtMs ?? 0,
    ...(term !== undefined && { term }),
    ...(planDigest && { planDigest }),
    ...(catalogueDigest && { catalogueDigest }),
    ...(plan && { plan }),
    ...(migrations && { migrations }),
    ...(ledger?.before && { before: ledger.before }),
    ...(ledger?.restores !== undefined && { restores: ledger.restores }),
    ...(restoredBy !== undefined && { restoredBy }),
  };
}

/** `restoreService` says in its reason after whom it cleaned up. */
function restorerByOwnership(workflowId: string, ownership: ReportMaterial['ownership']): string | undefined {
  if (ownership === undefined || workflowId === '') return undefined;
  const isHis = ownership.last.reasonCode === 'OwnerEnded' && ownership.last.reason.startsWith(`${workflowId} `);
  return isHis ? ownership.lastWorkflowId : undefined;
}

function restoredElsewhere({ ledger, restore, temporal, ownership }: ReportMaterial) {
  const id = ledger?.key.workflowId ?? temporal?.workflowId ?? '';
  if (restore) return restore.restored;
  return restorerByOwnership(id, ownership) === undefined ? undefined : ownership?.last.restored;
}

type End = Pick<ReleaseReport, 'outcome' | 'reason' | 'reasonCode' | 'endedAtMs'>;

function endOf({ ledger, temporal }: ReportMaterial, result: DeployResult | undefined): End {
  const { run, closedAtMs, failure, memo } = temporal ?? {};
  if (result) {
    return {
      outcome: result.outcome,
      reasonCode: result.reasonCode,
      reason: result.reason,
      endedAtMs: result.endedAtMs,
    };
  }
  if (ledger?.outcome !== undefined && isOutcome(ledger.outcome)) return endInLedger(ledger, ledger.outcome);
  if (run === 'RUNNING')
    return { outcome: 'running', reason: temporal?.status?.why ?? memo?.why ?? 'it has just begun' };
  const endedAtMs = closedAtMs ?? ledger?.endedAtMs;
  const at = endedAtMs === undefined ? {} : { endedAtMs };
  if (failure) return { ...at, outcome: outcomeOfRun(run), reasonCode: failure.type, reason: failureInWords(failure) };
  if (ledger?.outcome !== undefined) return { ...at, ...reasonIn(ledger), outcome: 'terminated' };
  if (run !== undefined) return { ...at, outcome: outcomeOfRun(run), reason: 'the workflow left no message' };
  return {
    outcome: 'unknown',
    reason: 'its end did not reach the ledger, and Temporal could not be asked or knows it no longer',
  };
}

function isOutcome(text: string): text is Outcome {
  return (OUTCOMES as readonly string[]).includes(text);
}

function endInLedger(ledger: NonNullable<ReportMaterial['ledger']>, outcome: Outcome): End {
  const at = ledger.endedAtMs === undefined ? {} : { endedAtMs: ledger.endedAtMs };
  return { ...at, ...reasonIn(ledger), outcome };
}

function reasonIn({ reason, reasonCode }: NonNullable<ReportMaterial['ledger']>) {
  return { reason: reason ?? '', ...(reasonCode !== undefined && { reasonCode }) };
}

function outcomeOfRun(run: string | undefined): ReportOutcome {
  if (run === 'TERMINATED') return 'terminated';
  return run === 'CANCELLED' ? 'aborted' : 'failed';
}

function failureInWords({ message, problems }: NonNullable<TemporalAccount['failure']>): string {
  const [first = message] = message.split('\n');
  return problems.length > 0 ? `${first.replace(/[.:]$/, '')}: ${problems.join('; ')}` : message;
}

function eventsOf({ ledger, restore }: ReportMaterial): readonly ReportEvent[] {
  const own = (ledger?.events ?? []).map(eventOf);
  const others = (restore?.events ?? []).map((event) => ({ ...eventOf(event), by: restore?.key.workflowId ?? '' }));
  return [...own, ...others].sort((a, b) => a.atMs - b.atMs);
}

function eventOf({ endedAtMs, what, outcome, says, attempt }: NonNullable<ReportMaterial['ledger']>['events'][number]) {
  return { atMs: endedAtMs, what, outcome, says: attempt > 1 ? `${says} (attempt ${attempt})` : says };
}

function noticesOf({ ledger, restore }: ReportMaterial): readonly ReportNotice[] {
  const notices = [ledger, restore].flatMap((each) => [
    ...(each?.notifications ?? []).map(
      ({ atMs, urgency, subject }): ReportNotice => ({ kind: 'notification', atMs, urgency, subject }),
    ),
    ...(each?.incidents ?? []).map(
      ({ openedAtMs, severity, title }): ReportNotice => ({
        kind: 'incident',
        atMs: openedAtMs,
        urgency: severity,
        subject: title,
      }),
    ),
  ]);
  return notices.sort((a, b) => a.atMs - b.atMs);
}

function sourcesOf({ ledger, restore, temporal }: ReportMaterial, told: ReportSource | undefined) {
  const sources: ReportSource[] = [];
  if (ledger) {
    const says = ledger.endedAtMs === undefined ? 'no end is written there yet' : 'with its end';
    sources.push({ from: 'ledger', says: `the release ledger, ${says}` });
  }
  if (restore) sources.push({ from: 'ledger', says: `the release ledger on ${restore.key.workflowId}` });
  if (told) sources.push(told);
  else if (temporal?.status) sources.push({ from: 'status', says: 'answered by the workflow itself' });
  else if (temporal?.memo) sources.push({ from: 'memo', says: 'memo of the workflow' });
  if (temporal) sources.push({ from: 'describe', says: `the Temporal server: the workflow is ${temporal.run}` });
  return sources;
}

function missingOf({ ledger, temporal, troubles, restore }: ReportMaterial, result: DeployResult | undefined) {
  const missing = [...troubles];
  if (ledger === undefined) {
    missing.push('the ledger has no record of it: no timeline, no numbers of each look, no plan');
  } else if (ledger.endedAtMs === undefined && temporal !== undefined && temporal.run !== 'RUNNING') {
    missing.push('its end is not in the ledger: either it waits on the disk of a worker, or it ended without a word');
  }
  if (ledger?.restoredBy !== undefined && restore === undefined)
    missing.push(`the ledger has no record of ${ledger.restoredBy}, which cleaned up`);
  const isShort =
    result !== undefined && ledger === undefined && result.steps.length === 0 && result.term !== undefined;
  if (isShort) missing.push('steps and checks: the memo keeps a short report only');
  return missing;
}

function longest<T>(...lists: readonly (readonly T[] | undefined)[]): readonly T[] {
  let best: readonly T[] = [];
  for (const list of lists) if (list !== undefined && list.length > best.length) best = list;
  return best;
}
