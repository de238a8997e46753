/** The last step of an operation: the service is given back with the report, and the ledger is told everything. */
import { ActivityFailure, log, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../../activities/index.ts';
import type { DeployResult } from '../../core/model/operation.ts';
import type { RestoreServiceInput } from '../../core/model/ownership.ts';
import { closingProfile } from '../shared/profiles.ts';
import type { Operation } from './operation.ts';
import { giveBack } from './own.ts';

/** A ledger that is down keeps nobody waiting for longer than seconds; ownership is given back in any case. */
export async function close(
  op: Operation,
  result: DeployResult,
  gives: boolean,
  restored?: RestoreServiceInput,
): Promise<void> {
  if (result.outcome === 'planned') return;
  const { state } = op;
  const { recordRelease } = proxyActivities<Activities>(closingProfile());
  const { plan: _plan, ...short } = result;
  const said = {
    operation: state.operation,
    requestedBy: state.input.requestedBy ?? 'not stated',
    askedBecause: state.input.reason ?? '',
    ...(state.plan && { plan: state.plan }),
    ...(state.before && { before: state.before }),
    decisions: state.decisions,
    result: short,
    ...(restored && { restores: restored.endedOwner }),
    ...(gives && { release: { requestId: op.requestId } }),
  };
  try {
    const { recorded } = await recordRelease(said);
    if (recorded !== 'written' && recorded !== 'off') log.warn('the ledger could not be written', { recorded });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    // Without release ownership would take this end for an accident, and restore what was promoted.
    log.warn('the end could not be recorded', { problem: String(error.cause ?? error) });
    if (gives) await giveBack(op, result);
  }
}
