/** Who is told what when an operation begins and ends. Pure; the dedupe keys make each notice one. */
import type { EndEntry, OperationKey, StartEntry } from '../model/ledger.ts';
import type { Incident, Notification } from '../model/notice.ts';
import type { DeployResult } from '../model/operation.ts';
import { isProduction } from './is-production.ts';

/** `deploy/production/crm-api/x/run/ended` */
export function dedupeKeyOf({ workflowId, runId }: OperationKey, event: string): string {
  return `${workflowId}/${runId}/${event}`;
}

export function noticeOfStart({ key, plan, atMs }: StartEntry): Notification {
  const { environment, service, version } = plan;
  return {
    dedupeKey: dedupeKeyOf(key, 'started'),
    event: 'started',
    workflowId: key.workflowId,
    environment,
    service,
    urgency: 'low',
    subject: `${service} ${version}: canary begins in ${environment}`,
    body: `asked by ${plan.requestedBy}${plan.reason === '' ? '' : `: ${plan.reason}`}`,
    atMs,
  };
}

/** Something must be looked at now: objects that are not as found, or production that was rolled back. */
export function noticeOfEnd({ key, operation, result }: EndEntry): Notification {
  const { environment, service, version, outcome, reason } = result;
  const lost = notRestored(result);
  const isUrgent = lost.length > 0 || incidentOf({ key, operation, result }) !== undefined;
  const what = operation === 'restoreService' ? 'restored after its owner ended' : OUTCOME_WORDS[outcome];
  return {
    dedupeKey: dedupeKeyOf(key, 'ended'),
    event: operation === 'restoreService' ? 'restored' : 'ended',
    workflowId: key.workflowId,
    environment,
    service,
    urgency: isUrgent ? 'high' : 'low',
    subject: `${service} ${version} in ${environment}: ${what}`,
    body: lost.length === 0 ? reason : `${reason}; NOT restored: ${lost.join(', ')}`,
    atMs: result.endedAtMs,
  };
}

/**
 * An incident when production was rolled back, or something there was left that could not be put back. A person who
 * aborted or cancelled knows already.
 */
export function incidentOf({
  key,
  operation,
  result,
}: Pick<EndEntry, 'key' | 'operation' | 'result'>): Incident | undefined {
  const { environment, service, version, outcome, reason, endedAtMs } = result;
  const lost = notRestored(result);
  if (!isProduction(environment) || (outcome !== 'rolledBack' && lost.length === 0)) return undefined;
  const title =
    operation === 'restoreService'
      ? `${service} in ${environment} was restored: the deployment of ${version} ended without a word`
      : `${service} ${version} was rolled back in ${environment}`;
  return {
    dedupeKey: dedupeKeyOf(key, 'incident'),
    workflowId: key.workflowId,
    environment,
    service,
    severity: lost.length > 0 ? 'critical' : 'high',
    title,
    body: lost.length === 0 ? reason : `${reason}; NOT restored: ${lost.join(', ')}`,
    openedAtMs: endedAtMs,
  };
}

function notRestored({ restored }: DeployResult): readonly string[] {
  return restored.filter((row) => !row.restored).map(({ object, field }) => `${object} ${field}`);
}

const OUTCOME_WORDS: Readonly<Record<DeployResult['outcome'], string>> = {
  promoted: 'promoted',
  unchanged: 'unchanged',
  rolledBack: 'ROLLED BACK',
  rejected: 'rejected',
  aborted: 'aborted',
  superseded: 'superseded by another operation',
  planned: 'planned',
};
