import { type Cause, invalidValue, required } from '../api-error.ts';
import { type ApiObject, child, fallback, type JsonObject, listAt, numberAt, objectAt, textAt } from '../json.ts';
import { AGE, column, count, NAME } from './cells.ts';
import type { ResourceKind } from './kind.ts';

/** Kept and shown; nothing scales by it. */
export const HORIZONTAL_POD_AUTOSCALER: ResourceKind = {
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  singular: 'horizontalpodautoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
  subresources: ['status'],
  model: 'V2HorizontalPodAutoscaler',
  columns: [
    NAME,
    column('Reference', (object) => {
      const { kind, name } = objectAt(object, 'spec', 'scaleTargetRef');
      return `${String(kind ?? '')}/${String(name ?? '')}`;
    }),
    column('Targets', targetsText),
    column('MinPods', (object) => String(numberAt(object, 'spec', 'minReplicas') ?? '<unset>')),
    { ...count('MaxPods', 'spec', 'maxReplicas'), type: 'string' },
    { ...count('Replicas', 'status', 'currentReplicas'), type: 'string' },
    AGE,
  ],
  applyDefaults: (draft) => {
    const spec = child(draft, 'spec');
    fallback(spec, 'minReplicas', 1);
    fallback(spec, 'metrics', [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
    ]);
  },
  prepareCreate: (draft) => {
    draft.status = { currentMetrics: null, desiredReplicas: 0 };
  },
  validate,
};

function targetsText(object: ApiObject): string {
  const texts = listAt(object, 'spec', 'metrics').map((metric) => {
    const target = objectAt(metric, 'resource', 'target');
    const name = textAt(metric, 'resource', 'name') ?? textAt(metric, 'type') ?? '';
    const wanted =
      target.averageUtilization === undefined ? target.averageValue : `${String(target.averageUtilization)}%`;
    return `${name}: <unknown>/${String(wanted ?? '<auto>')}`;
  });
  return texts.length > 0 ? texts.join(', ') : '<none>';
}

function validate(draft: ApiObject): Cause[] {
  const spec = objectAt(draft, 'spec');
  const causes: Cause[] = [];
  const max = numberAt(spec, 'maxReplicas') ?? 0;
  const min = numberAt(spec, 'minReplicas') ?? 1;
  if (min < 1) causes.push(invalidValue('spec.minReplicas', min, 'must be greater than or equal to 1'));
  if (max === 0) causes.push(required('spec.maxReplicas'));
  if (max < 1) causes.push(invalidValue('spec.maxReplicas', max, 'must be greater than 0'));
  else if (max < min)
    causes.push(invalidValue('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`'));
  return [...causes, ...referenceCauses(objectAt(spec, 'scaleTargetRef'))];
}

function referenceCauses(reference: JsonObject): Cause[] {
  const causes = textAt(reference, 'apiVersion')
    ? []
    : [invalidValue('spec.scaleTargetRef.apiVersion', '', 'apiVersion must specify API group')];
  const absent = ['kind', 'name']
    .filter((name) => !textAt(reference, name))
    .map((name) => required(`spec.scaleTargetRef.${name}`));
  return [...causes, ...absent];
}
