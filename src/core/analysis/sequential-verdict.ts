/** The verdict on one metric that is compared: evidence below 100 %, windows where the new version serves alone. */
import type { MetricPhase, MetricPlan, MetricVerdict } from '../model/analysis.ts';
import type { ObserveStepInput } from '../model/observe.ts';
import { type Comparing, isCompared, type MetricEvidence } from './evidence.ts';
import { countText, durationText, limitText, numberText, valueText } from './format.ts';
import { assessWindows } from './sequential/after-comparison.ts';
import { assessGate, type GateVerdict } from './sequential/gate-verdict.ts';
import { assessLook, type SequentialVerdict } from './sequential/verdict.ts';

/** What a person can recompute the verdict from, and what would change it. */
export interface EvidenceShown {
  readonly kind: 'comparison' | 'windows';
  /** L and its limit; bad windows and how many roll back. */
  readonly evidence: number | null;
  readonly limit: number;
  /** Ratio of canary to stable with its 95 % interval at one look. */
  readonly ratio?: { readonly value: number; readonly low: number; readonly high: number };
  readonly leadingDelta?: number | null;
  readonly observedShare?: number | null;
  readonly askedShare?: number;
  /** Errors in a next slot like the last one that would roll back; null when none would. */
  readonly errorsToRollBack?: number | null;
  readonly alphaSpent?: number;
  readonly missing: number;
  /** Why the step's clock stands. */
  readonly hold?: string;
}

export interface SequentialSetting {
  readonly input: Pick<ObserveStepInput, 'mode' | 'weightPercent' | 'step'>;
  /** The watch ends before its time. */
  readonly terminating: boolean;
}

/** Verdict on a metric that is compared in this release. */
export function assessCompared(
  metric: MetricPlan,
  found: Comparing,
  evidence: MetricEvidence,
  setting: SequentialSetting,
): MetricVerdict {
  return isCompared(setting.input)
    ? comparisonVerdict(metric, found, evidence, setting)
    : windowVerdict(metric, found, evidence, setting);
}

function comparisonVerdict(
  metric: MetricPlan,
  found: Comparing,
  evidence: MetricEvidence,
  { input, terminating }: SequentialSetting,
): MetricVerdict {
  const look = lookOf(found, evidence, input.weightPercent);
  const { minRequests } = found.plan.options;
  const isOfThisStep = evidence.state.step === input.step;
  const requests = isOfThisStep ? look.stepRequests : 0;
  const phase = phaseOf(look.phase === 'rollback', look.hold, requests >= minRequests, terminating);
  const change =
    look.errorsToRollBack === null || look.phase === 'rollback'
      ? []
      : [
          `${countText(look.errorsToRollBack, 'error')} in the next ${durationText(found.plan.options.slotMs)} would roll back`,
        ];
  const few =
    phase === 'running' && requests < minRequests
      ? [`${numberText(requests)} of at least ${countText(minRequests, 'canary request')} in this step`]
      : [];
  return {
    name: metric.name,
    phase,
    dryRun: metric.dryRun,
    value: look.canary.ratio,
    ...(look.canary.ratio !== null && { shown: valueText(look.canary.ratio, metric.unit) }),
    ...(look.stable.ratio !== null && { stable: valueText(look.stable.ratio, metric.unit) }),
    limit: `evidence ${look.limit.toFixed(1)}`,
    counts: { ...NO_COUNTS, samples: evidence.state.closedBlocks, noData: look.missing },
    requests: look.canary.n,
    reason: [`${metric.name}: ${look.text}`, ...few, ...change].join('; '),
    evidence: {
      kind: 'comparison',
      evidence: look.evidence,
      limit: look.limit,
      ...(look.estimate && {
        ratio: { value: look.estimate.ratio, low: look.estimate.low, high: look.estimate.high },
      }),
      leadingDelta: look.leadingDelta,
      observedShare: look.observedShare,
      askedShare: look.askedShare,
      errorsToRollBack: look.errorsToRollBack,
      alphaSpent: look.alphaSpent,
      missing: look.missing,
      ...(look.hold && { hold: look.hold }),
    },
  };
}

function windowVerdict(
  metric: MetricPlan,
  found: Comparing,
  { windows }: MetricEvidence,
  { terminating }: SequentialSetting,
): MetricVerdict {
  const plan = found.record.windows;
  if (!plan) throw new Error(`metric ${metric.name}: compared without windows`);
  const verdict = assessWindows(plan, windows);
  const seen = [...windows.windows, windows.open].reduce((sum, each) => ({ n: sum.n + each.n, e: sum.e + each.e }), {
    n: 0,
    e: 0,
  });
  const { minRequests } = found.plan.options;
  const phase = phaseOf(verdict.phase === 'rollback', verdict.hold, seen.n >= minRequests, terminating);
  const ratio = seen.n > 0 ? seen.e / seen.n : null;
  const counted =
    ratio === null
      ? 'no requests yet'
      : `${valueText(ratio, metric.unit)} (${numberText(seen.e)}/${numberText(seen.n)})`;
  return {
    name: metric.name,
    phase,
    dryRun: metric.dryRun,
    value: ratio,
    ...(ratio !== null && { shown: valueText(ratio, metric.unit) }),
    limit: limitText({ op: '>', limit: plan.limit }, metric.unit),
    counts: { ...NO_COUNTS, samples: verdict.windows, failures: verdict.bad, noData: windows.hygiene.missing },
    requests: seen.n,
    reason: `${metric.name} ${counted}: ${verdict.text}`,
    evidence: {
      kind: 'windows',
      evidence: verdict.bad,
      limit: plan.limit,
      missing: windows.hygiene.missing,
      ...(verdict.hold && { hold: verdict.hold }),
    },
  };
}

const NO_COUNTS = { samples: 0, failures: 0, inconclusive: 0, errors: 0, noData: 0 };

/** Both arms above the objective holds the clock without being a lack of data. */
function phaseOf(rollsBack: boolean, hold: string | undefined, enough: boolean, terminating: boolean): MetricPhase {
  if (rollsBack) return 'failed';
  const open = terminating ? 'incomplete' : 'running';
  if (hold === 'both-breach') return open;
  if (hold !== undefined) return terminating ? 'incomplete' : 'no-data';
  return enough ? 'passed' : open;
}

function lookOf(found: Comparing, evidence: MetricEvidence, weightPercent: number): SequentialVerdict {
  return assessLook(found.plan, evidence.state, weightPercent);
}

/** The gate before the step that gives everything to the canary. */
export function assessMetricGate(
  found: Comparing,
  evidence: MetricEvidence,
  weightPercent: number,
  atMs: number,
): GateVerdict {
  const waitedMs = evidence.gateSinceMs === null ? 0 : atMs - evidence.gateSinceMs;
  return assessGate(found.plan, evidence.state, lookOf(found, evidence, weightPercent), waitedMs);
}
