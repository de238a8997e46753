import { shortDigest } from '../status/seen.ts';
import { spanInWords } from '../status/words.ts';
import type { ReleaseReport } from './release-report.ts';
import type { Section } from './sections.ts';

/** The plan in short; the whole of it stands in the JSON form. */
export function planSection({ plan, planDigest, catalogueDigest, before, migrations, term }: ReleaseReport): Section {
  const rows: string[][] = [];
  if (plan) {
    const steps = plan.steps.map(
      ({ weightPercent, durationMs, approval }) =>
        `${weightPercent} % for ${spanInWords(durationMs)}${approval ? ' after an approval' : ''}`,
    );
    rows.push(['steps', `${steps.join(', ')}; bake ${spanInWords(plan.bakeMs)}`]);
    rows.push(['watched', plan.analysis.metrics.map(({ name }) => name).join(', ') || 'no metric']);
    rows.push(['workload', `Deployment ${plan.workload.namespace}/${plan.workload.deployment}`]);
    rows.push(['traffic', plan.traffic.kind]);
  }
  if (before) {
    const { replicas, readyReplicas, revision, image } = before.deployment;
    const found = `revision ${revision}, ${readyReplicas} of ${replicas} pods ready, ${shortDigest(image)}`;
    rows.push(['found before', before.first ? 'no version served' : found]);
  }
  if (migrations) {
    const { applied, pending, failed } = migrations;
    rows.push(['migrations', `${applied.length} applied, ${pending.length} pending`]);
    if (failed) rows.push(['', `${failed.name} failed: ${failed.reason}`]);
  }
  if (term !== undefined) rows.push(['term', String(term)]);
  if (planDigest !== undefined) rows.push(['plan digest', planDigest.slice(0, 12)]);
  if (catalogueDigest !== undefined) rows.push(['catalogue digest', catalogueDigest.slice(0, 12)]);
  return { title: 'Plan', blocks: rows.length === 0 ? [] : [{ kind: 'table', columns: ['', ''], rows }] };
}
