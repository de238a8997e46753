/** What a person may do after reading the report: the one thing that cannot wait first. */
import type { OperationStatus } from '../model/deploy-state.ts';
import type { ReasonCode } from '../model/operation.ts';
import { quote } from '../status/possible-actions.ts';
import type { NextStep, ReleaseReport } from './release-report.ts';

export function nextSteps(
  report: Omit<ReleaseReport, 'next'>,
  status: OperationStatus | undefined,
): readonly NextStep[] {
  const steps = [...notRestored(report), ...byOutcome(report, status)];
  return steps.length > 0 ? steps : [{ says: 'Nothing: it is done.' }];
}

function notRestored({ restored }: Omit<ReleaseReport, 'next'>): readonly NextStep[] {
  return restored
    .filter((row) => !row.restored)
    .map(({ object, field, wanted, observed, note }) => ({
      says: `NOT RESTORED: ${object}, ${field} is ${observed}, it was ${wanted}${note === undefined ? '' : ` (${note})`}. Put it back by hand, or decide that it stays.`,
    }));
}

function byOutcome(report: Omit<ReleaseReport, 'next'>, status: OperationStatus | undefined): readonly NextStep[] {
  const { workflowId, service, environment, outcome, restoredBy, reasonCode } = report;
  const look: NextStep = {
    says: 'Look at it with its live numbers',
    command: `mainstay status --id ${quote(workflowId)}`,
  };
  switch (outcome) {
    case 'running':
      return [...(status?.may ?? []).map(({ why, command }) => ({ says: why, command })), ...(status ? [] : [look])];
    case 'promoted':
    case 'unchanged':
      return [];
    case 'planned':
      return [again(report, 'Begin it in earnest')];
    case 'superseded':
      return [
        {
          says: 'Another operation has the service now',
          command: `mainstay status ${service} --environment ${environment}`,
        },
      ];
    case 'aborted':
      return [again(report, 'When the reason of the abort is gone, deploy again')];
    case 'rolledBack':
    case 'rejected':
      return [...remedy(reasonCode as ReasonCode | undefined, report), again(report, 'Then deploy again')];
    case 'terminated':
    case 'failed':
    case 'unknown':
      if (restoredBy !== undefined) {
        const says = 'It was cleaned up after by another operation; read what was put back';
        return [{ says, command: `mainstay report ${quote(restoredBy)}` }, again(report, 'Then deploy again')];
      }
      if (reasonCode === 'InvalidInput') return [{ says: 'Mend the input or the catalogue; nothing was changed.' }];
      return [
        {
          says: 'See whether the service is owned or being restored; without a deposit it had changed nothing',
          command: `mainstay status ${service} --environment ${environment}`,
        },
      ];
  }
}

function again({ service, environment, version }: Omit<ReleaseReport, 'next'>, says: string): NextStep {
  return { says, command: `mainstay deploy ${service} --environment ${environment} --version ${version}` };
}

function whoServes({ before, restored }: Omit<ReleaseReport, 'next'>): string {
  if (before?.first === true) return 'No version serves: this was the first one.';
  const isWhole = restored.length > 0 && restored.every((row) => row.restored);
  return isWhole ? 'What was found before serves again.' : '';
}

/** By reason; a code that is not here says all in its own words. */
function remedy(code: ReasonCode | undefined, report: Omit<ReleaseReport, 'next'>): readonly NextStep[] {
  const { plan, environment, service } = report;
  const serves = whoServes(report);
  const namespace = plan === undefined ? '' : ` --namespace ${plan.workload.namespace}`;
  switch (code) {
    case 'AnalysisFailed':
    case 'AnalysisInconclusive':
      return [
        {
          says: `${serves} The steps below name the metric that decided, with both arms: mend the version, not the limit.`,
        },
      ];
    case 'NoData':
    case 'AnalysisError':
      return [
        { says: `${serves} Nothing is known against the version: the metrics were missing. Mend their source first.` },
      ];
    case 'ForeignChange':
      return [{ says: 'Someone else changes what a deployment owns: see below what, and agree who may.' }];
    case 'NotReadyInTime':
      return [
        { says: 'Its pods did not become ready: look at their events', command: `kubectl get events${namespace}` },
      ];
    case 'WeightNotConfirmed':
      return [{ says: 'The router did not apply the weight: look at the status of the routing object.' }];
    case 'PreflightFailed':
      return [{ says: 'A required check did not pass: the checks below say which and why.' }];
    case 'ServiceBusy':
    case 'QueueExpired':
      return [{ says: 'See who owns the service', command: `mainstay status ${service} --environment ${environment}` }];
    case 'OwnerEnded':
      return [{ says: `${serves} Find out who or what ended the deployment.` }];
    default:
      return [];
  }
}
