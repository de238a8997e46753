import { type Cause, forbiddenField, invalidValue, notSupported } from '../api-error.ts';
import { type ApiObject, child, fallback, isObject, type Json, listAt, numberAt, objectAt, textAt } from '../json.ts';
import { AGE, column, count, NAME, TEMPLATE_COLUMNS } from './cells.ts';
import type { ResourceKind } from './kind.ts';
import { nullTimes } from './null-times.ts';
import { defaultTemplate, podSpecWarnings } from './pod-spec.ts';
import { replicaCountCauses } from './replica-counts.ts';
import { negativeCauses, workloadCauses } from './workload.ts';

const STRATEGIES = ['Recreate', 'RollingUpdate'];

export const DEPLOYMENT: ResourceKind = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  singular: 'deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  namespaced: true,
  subresources: ['status', 'scale'],
  model: 'V1Deployment',
  counts: 'specAndAnnotations',
  columns: [
    NAME,
    column('Ready', (object) => {
      const ready = numberAt(object, 'status', 'readyReplicas') ?? 0;
      return `${ready}/${numberAt(object, 'spec', 'replicas') ?? 0}`;
    }),
    { ...count('Up-to-date', 'status', 'updatedReplicas'), type: 'string' },
    { ...count('Available', 'status', 'availableReplicas'), type: 'string' },
    AGE,
    ...TEMPLATE_COLUMNS,
  ],
  applyDefaults: (draft) => {
    const spec = child(draft, 'spec');
    fallback(spec, 'replicas', 1);
    fallback(spec, 'revisionHistoryLimit', 10);
    fallback(spec, 'progressDeadlineSeconds', 600);
    const strategy = child(spec, 'strategy');
    fallback(strategy, 'type', 'RollingUpdate');
    if (strategy.type === 'RollingUpdate') {
      const rolling = child(strategy, 'rollingUpdate');
      fallback(rolling, 'maxSurge', '25%');
      fallback(rolling, 'maxUnavailable', '25%');
    }
    defaultTemplate(spec);
    if (isObject(draft.status) && draft.status.replicas === 0) delete draft.status.replicas;
    nullTimes(listAt(draft, 'status', 'conditions'), ['lastUpdateTime', 'lastTransitionTime']);
  },
  prepareCreate: (draft) => {
    draft.status = {};
  },
  warnings: (draft) => podSpecWarnings(objectAt(draft, 'spec', 'template', 'spec'), 'spec.template.spec'),
  validate: (draft, old) => [
    ...workloadCauses(draft, old),
    ...strategyCauses(draft),
    ...replicaCountCauses(draft, ['updatedReplicas', 'readyReplicas', 'availableReplicas']),
  ],
  statusKeepsLabels: true,
};

function strategyCauses(draft: ApiObject): Cause[] {
  const spec = objectAt(draft, 'spec');
  const causes = negativeCauses(spec, ['minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds']);
  const type = textAt(spec, 'strategy', 'type') ?? '';
  if (!STRATEGIES.includes(type)) causes.push(notSupported('spec.strategy', type, STRATEGIES));
  const rolling = objectAt(spec, 'strategy', 'rollingUpdate');
  const hasRolling = Object.keys(rolling).length > 0;
  if (type === 'Recreate' && hasRolling)
    causes.push(
      forbiddenField('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'"),
    );
  for (const key of ['maxSurge', 'maxUnavailable']) {
    const value = rolling[key];
    if (value !== undefined && !isAmount(value))
      causes.push(
        invalidValue(`spec.strategy.rollingUpdate.${key}`, value, 'must be a non-negative integer or a percentage'),
      );
  }
  const unavailable = rolling.maxUnavailable;
  if (typeof unavailable === 'string' && Number(unavailable.slice(0, -1)) > 100)
    causes.push(
      invalidValue('spec.strategy.rollingUpdate.maxUnavailable', unavailable, 'must not be greater than 100%'),
    );
  if (hasRolling && isZero(rolling.maxSurge) && isZero(rolling.maxUnavailable))
    causes.push(
      invalidValue(
        'spec.strategy.rollingUpdate.maxUnavailable',
        rolling.maxUnavailable,
        'may not be 0 when `maxSurge` is 0',
      ),
    );
  const ready = numberAt(spec, 'minReadySeconds') ?? 0;
  const deadline = numberAt(spec, 'progressDeadlineSeconds') ?? 600;
  if (deadline <= ready)
    causes.push(invalidValue('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  return causes;
}

function isAmount(value: Json): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0;
  return typeof value === 'string' && /^\d+%$/.test(value);
}

function isZero(value: Json | undefined): boolean {
  return value === 0 || value === '0%';
}
