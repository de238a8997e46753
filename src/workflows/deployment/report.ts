import type { DeployResult } from '../../core/model/operation.ts';
import type { Ending } from '../../core/rollout/ending.ts';
import type { Operation } from './operation.ts';

/** The result of an operation: what happened, why, and the account of what was restored. */
export function reportOf(op: Operation, ending: Ending): DeployResult {
  const { state } = op;
  return {
    outcome: ending.outcome,
    reasonCode: ending.reasonCode,
    reason: ending.reason,
    service: state.input.service,
    environment: state.input.environment,
    version: state.input.version,
    ...(state.image !== undefined && { image: state.image }),
    planDigest: state.planDigest ?? '',
    catalogueDigest: state.plan?.catalogue.digest ?? '',
    ...(state.term !== undefined && { term: state.term }),
    steps: state.steps,
    restored: state.restored,
    foreign: state.foreign,
    preflight: state.preflight,
    ...(state.migrations && { migrations: state.migrations }),
    ...(ending.outcome === 'planned' && state.plan && { plan: state.plan }),
    startedAtMs: state.startedAtMs,
    endedAtMs: Date.now(),
  };
}
