/** The steps of a report: verdicts of the operation, with the counts of their watches, and watches nobody judged. */
import type { LedgerWatch } from '../model/ledger-release.ts';
import type { DeployResult, StepRecord } from '../model/operation.ts';
import { stepName } from '../status/seen.ts';
import type { ReportStep } from './release-report.ts';
import type { ReportMaterial } from './temporal-account.ts';

export function reportSteps(material: ReportMaterial, result: DeployResult | undefined): readonly ReportStep[] {
  const { ledger, temporal } = material;
  const known = [result?.steps, ledger?.verdicts, temporal?.status?.steps];
  const records = known.find((list) => list !== undefined && list.length > 0) ?? [];
  const watches = ledger?.watches ?? [];
  const steps = (ledger?.plan ?? result?.plan)?.steps.length ?? temporal?.memo?.of ?? undefined;
  const judged = records.map((record, index) =>
    ofRecord(
      record,
      watches.find((watch) => watch.record === index),
      steps,
    ),
  );
  const others = watches
    .filter(({ record }) => record === undefined || record >= records.length)
    .map((watch) => ofWatch(watch, steps));
  return [...judged, ...others].sort((a, b) => a.startedAtMs - b.startedAtMs);
}

function ofRecord(record: StepRecord, watch: LedgerWatch | undefined, steps: number | undefined): ReportStep {
  const { step, weightPercent, startedAtMs, endedAtMs, verdict, slots } = record;
  return {
    name: nameOf(record, watch, steps),
    step,
    weightPercent,
    startedAtMs,
    endedAtMs,
    phase: verdict.phase,
    reason: verdict.reason,
    metrics: verdict.metrics,
    looks: slots,
    ...countsOf(watch),
    judged: true,
  };
}

function ofWatch(watch: LedgerWatch, steps: number | undefined): ReportStep {
  const { step, weightPercent, startedAtMs, endedAtMs, verdict, looks } = watch;
  return {
    name: nameOf(watch, watch, steps),
    step,
    weightPercent,
    startedAtMs,
    endedAtMs,
    phase: verdict?.phase ?? 'unknown',
    reason: verdict?.reason ?? 'the operation ended before it judged this',
    metrics: verdict?.metrics ?? [],
    looks,
    ...countsOf(watch),
    judged: false,
  };
}

function countsOf(watch: LedgerWatch | undefined): Pick<ReportStep, 'canary' | 'stable'> {
  return { ...(watch?.canary && { canary: watch.canary }), ...(watch?.stable && { stable: watch.stable }) };
}

function nameOf(
  record: Pick<StepRecord, 'step' | 'weightPercent'>,
  watch: LedgerWatch | undefined,
  steps: number | undefined,
): string {
  if (watch?.mode === 'bake') return 'Bake';
  const name = stepName(record as StepRecord, steps);
  return watch?.mode === 'hold' ? `${name}, holding` : name;
}
