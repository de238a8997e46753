/** The deployment checklist: what was seen, held against the plan. No data is never a pass (S3). */
import type { PreflightResult } from '../model/operation.ts';
import { type DeployPlan, PREFLIGHT_CHECKS, type PreflightCheckName } from '../model/plan.ts';
import { checkConfig } from './check-config.ts';
import { checkFreeze } from './check-freeze.ts';
import { checkImage } from './check-image.ts';
import { checkMetrics } from './check-metrics.ts';
import { checkMigrations } from './check-migrations.ts';
import { checkRights } from './check-rights.ts';
import { checkRouter } from './check-router.ts';
import { checkSelector } from './check-selector.ts';
import { checkHistory, checkStableHealthy } from './check-stable.ts';
import type { PreflightFacts } from './facts.ts';
import type { Finding } from './finding.ts';

const CHECKS: Readonly<
  Record<PreflightCheckName, (facts: PreflightFacts, plan: DeployPlan, nowMs: number) => Finding>
> = {
  image: (facts) => checkImage(facts),
  freeze: (_facts, plan, nowMs) => checkFreeze(plan.freezeWindows, nowMs),
  config: (facts, plan) => checkConfig(facts, plan),
  rights: (facts, plan) => checkRights(facts, plan),
  stableHealthy: checkStableHealthy,
  router: checkRouter,
  selector: checkSelector,
  history: (facts, plan) => checkHistory(facts, plan),
  migrations: checkMigrations,
  metrics: (facts, plan) => checkMetrics(facts, plan),
};

/** One result a check, in the order of PREFLIGHT_CHECKS; none for what the service does not have. */
export function assessPreflight(facts: PreflightFacts, plan: DeployPlan, nowMs: number): readonly PreflightResult[] {
  return PREFLIGHT_CHECKS.flatMap((name): PreflightResult | readonly PreflightResult[] => {
    const mode = plan.preflight[name];
    if (mode === undefined) return [];
    if (mode === 'off') return { name, mode, result: 'off', reason: 'switched off in the catalogue' };
    return { name, mode, ...CHECKS[name](facts, plan, nowMs) };
  });
}

export type PreflightDecision = { readonly go: true } | { readonly go: false; readonly reason: string };

/** A required check that failed or could not be made refuses; an advisory one is shown and never refuses. */
export function decidePreflight(results: readonly PreflightResult[]): PreflightDecision {
  const refusing = results.filter(({ mode, result }) => mode === 'required' && result !== 'pass');
  if (refusing.length === 0) return { go: true };
  const words = refusing.map(({ name, result, reason }) =>
    result === 'could-not-check' ? `${name}: could not check: ${reason}` : `${name}: ${reason}`,
  );
  const count = results.filter(({ mode }) => mode === 'required').length;
  return { go: false, reason: `${refusing.length} of ${count} required checks refuse: ${words.join('; ')}` };
}
