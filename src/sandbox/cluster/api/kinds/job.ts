import { isDeepStrictEqual } from 'node:util';
import { type Cause, invalidValue, notSupported, required } from '../api-error.ts';
import { type ApiObject, child, fallback, isObject, listAt, numberAt, objectAt, stringsAt, textAt } from '../json.ts';
import { AGE, column, humanDuration, NAME, TEMPLATE_COLUMNS } from './cells.ts';
import type { ResourceKind } from './kind.ts';
import { nullTimes } from './null-times.ts';
import { defaultTemplate, podSpecCauses, podSpecWarnings } from './pod-spec.ts';
import { negativeCauses } from './workload.ts';

const RESTART_POLICIES = ['OnFailure', 'Never'];
const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid';

export const JOB: ResourceKind = {
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  singular: 'job',
  categories: ['all'],
  namespaced: true,
  subresources: ['status'],
  model: 'V1Job',
  counts: 'spec',
  columns: [
    NAME,
    column('Status', statusText),
    column('Completions', completionsText),
    column('Duration', durationText),
    AGE,
    ...TEMPLATE_COLUMNS,
  ],
  fields: { 'status.successful': (object) => String(numberAt(object, 'status', 'succeeded') ?? 0) },
  applyDefaults: (draft, old) => {
    const spec = child(draft, 'spec');
    if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
    fallback(spec, 'parallelism', 1);
    fallback(spec, 'backoffLimit', 6);
    fallback(spec, 'completionMode', 'NonIndexed');
    fallback(spec, 'suspend', false);
    fallback(spec, 'manualSelector', false);
    fallback(spec, 'podReplacementPolicy', 'TerminatingOrFailed');
    if (!old && spec.manualSelector !== true) generateSelector(draft);
    const labels = stringsAt(spec, 'template', 'metadata', 'labels');
    if (!draft.metadata.labels && Object.keys(labels).length > 0) draft.metadata.labels = labels;
    defaultTemplate(spec);
    nullTimes(listAt(draft, 'status', 'conditions'), ['lastProbeTime', 'lastTransitionTime']);
  },
  prepareCreate: (draft) => {
    draft.status = {};
  },
  warnings: (draft) => podSpecWarnings(objectAt(draft, 'spec', 'template', 'spec'), 'spec.template.spec'),
  validate,
};

/** Pods are told apart by the Job's uid: nobody chooses labels that another Job might have. */
function generateSelector(draft: ApiObject): void {
  const { uid = '', name = '' } = draft.metadata;
  const spec = child(draft, 'spec');
  spec.selector = { matchLabels: { [CONTROLLER_UID]: uid } };
  const metadata = child(child(spec, 'template'), 'metadata');
  metadata.labels = {
    ...stringsAt(metadata, 'labels'),
    [CONTROLLER_UID]: uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
}

function validate(draft: ApiObject, old: ApiObject | undefined): Cause[] {
  const spec = objectAt(draft, 'spec');
  const counts = ['parallelism', 'completions', 'backoffLimit', 'activeDeadlineSeconds', 'ttlSecondsAfterFinished'];
  const causes = negativeCauses(spec, counts);
  if (!isObject(spec.selector)) causes.push(required('spec.selector'));
  const mode = textAt(spec, 'completionMode') ?? '';
  if (mode !== 'NonIndexed' && mode !== 'Indexed')
    causes.push(notSupported('spec.completionMode', mode, ['NonIndexed', 'Indexed']));
  const policy = textAt(spec, 'template', 'spec', 'restartPolicy') ?? '';
  if (policy === 'Always')
    causes.push(required('spec.template.spec.restartPolicy', 'valid values: "OnFailure", "Never"'));
  else if (!RESTART_POLICIES.includes(policy))
    causes.push(notSupported('spec.template.spec.restartPolicy', policy, RESTART_POLICIES));
  causes.push(...podSpecCauses(objectAt(spec, 'template', 'spec'), 'spec.template.spec'));
  return old ? [...causes, ...changeCauses(spec, objectAt(old, 'spec'))] : causes;
}

/** The template may change while nothing has been started by it. */
function changeCauses(spec: ReturnType<typeof objectAt>, before: ReturnType<typeof objectAt>): Cause[] {
  const fixed = ['completions', 'selector', 'completionMode', ...(before.suspend === true ? [] : ['template'])];
  return fixed
    .filter((name) => !isDeepStrictEqual(spec[name], before[name]))
    .map((name) => invalidValue(`spec.${name}`, spec[name], 'field is immutable'));
}

function statusText(object: ApiObject): string {
  const has = (type: string): boolean =>
    listAt(object, 'status', 'conditions').some((condition) => condition.type === type && condition.status === 'True');
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (object.metadata.deletionTimestamp) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running';
}

function completionsText(object: ApiObject): string {
  const succeeded = numberAt(object, 'status', 'succeeded') ?? 0;
  const wanted = numberAt(object, 'spec', 'completions');
  if (wanted !== undefined) return `${succeeded}/${wanted}`;
  const parallelism = numberAt(object, 'spec', 'parallelism') ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText(object: ApiObject, nowMs: number): string {
  const start = Date.parse(textAt(object, 'status', 'startTime') ?? '');
  if (Number.isNaN(start)) return '';
  const end = Date.parse(textAt(object, 'status', 'completionTime') ?? '');
  return humanDuration((Number.isNaN(end) ? nowMs : end) - start);
}
