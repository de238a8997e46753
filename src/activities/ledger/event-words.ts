/** What an activity did, in words for the timeline of a report. */
import type { ForeignChange, RestoredObject } from '../../core/model/operation.ts';
import { formatBackends } from '../../core/rollout/route.ts';
import { shortDigest } from '../../core/status/seen.ts';
import { foreignInWords } from '../../core/status/why.ts';
import type { ComposedActivities } from '../index.ts';

/** Activities that change something, or wait for something that a person would ask about. */
export const TOLD = [
  'awaitBuild',
  'claimService',
  'migrateDatabase',
  'scaleCanary',
  'shiftTraffic',
  'promoteStable',
  'removeCanary',
  'restoreTraffic',
  'restoreWorkload',
] as const satisfies readonly (keyof ComposedActivities)[];
export type Told = (typeof TOLD)[number];

type Input<N extends Told> = Parameters<ComposedActivities[N]>[0];
type Output<N extends Told> = Awaited<ReturnType<ComposedActivities[N]>>;

export const WORDS: { readonly [N in Told]: (input: Input<N>, output: Output<N>) => string } = {
  awaitBuild: (_input, { image }) => `built ${shortDigest(image)}`,
  claimService: ({ plan }, { deployment, first }) => {
    const object = `Deployment ${plan.workload.namespace}/${deployment.name}`;
    if (first) return `took over ${object}, which had no replicas`;
    return `took over ${object}: ${deployment.readyReplicas} of ${deployment.replicas} pods ready, image ${shortDigest(deployment.image)}`;
  },
  migrateDatabase: (_input, { report, says }) =>
    report.applied.length === 0
      ? `migrations: ${says}`
      : `migrations: ${says}: ${report.applied.map(({ name }) => name).join(', ')}`,
  scaleCanary: ({ weightPercent }, output) =>
    output.outcome === 'foreign'
      ? held(output.changes)
      : `canary at ${output.replicas} ${output.replicas === 1 ? 'replica' : 'replicas'} for ${weightPercent} %: ${output.says}`,
  shiftTraffic: ({ wanted }, output) =>
    output.outcome === 'foreign' ? held(output.changes) : `traffic ${formatBackends(wanted)}: ${output.says}`,
  promoteStable: ({ plan, image }, output) =>
    output.outcome === 'foreign'
      ? held(output.changes)
      : `Deployment ${plan.workload.namespace}/${plan.workload.deployment} to ${shortDigest(image)}: ${output.says}`,
  removeCanary: (_input, rows) => accounted('canary objects', rows),
  restoreTraffic: (_input, { restored, problem }) => accounted('traffic', restored, problem),
  restoreWorkload: (_input, { restored, problem }) => accounted('named Deployment', restored, problem),
};

function held(changes: readonly ForeignChange[]): string {
  return `held: ${changes.map(foreignInWords).join('; ')}`;
}

function accounted(what: string, rows: readonly RestoredObject[], problem?: string): string {
  if (problem !== undefined) return `${what}: ${problem}`;
  const left = rows.filter(({ restored }) => !restored);
  if (left.length > 0) return `${what}: left ${left.map(({ object, field }) => `${object} ${field}`).join(', ')}`;
  const changed = rows.filter((row) => row.changed).length;
  return `${what}: ${rows.length} of ${rows.length} as found before, ${changed} of them set back now`;
}
