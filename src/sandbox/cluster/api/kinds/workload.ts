import { isDeepStrictEqual } from 'node:util';
import { type Cause, invalidValue, required } from '../api-error.ts';
import { type ApiObject, isObject, type JsonObject, listAt, numberAt, objectAt, stringsAt, textAt } from '../json.ts';
import { matchesStructuredSelector } from '../structured-selector.ts';
import { podSpecCauses } from './pod-spec.ts';

/** Checks shared by Deployment and ReplicaSet: replicas, selector against template, immutability, template. */
export function workloadCauses(draft: ApiObject, old: ApiObject | undefined): Cause[] {
  const spec = objectAt(draft, 'spec');
  const causes: Cause[] = [];
  const replicas = numberAt(spec, 'replicas') ?? 0;
  if (replicas < 0) causes.push(invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'));
  const labels = stringsAt(spec, 'template', 'metadata', 'labels');
  const { selector } = spec;
  if (!isObject(selector))
    causes.push(
      required('spec.selector'),
      invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'),
    );
  else if (Object.keys(objectAt(selector, 'matchLabels')).length + listAt(selector, 'matchExpressions').length === 0)
    causes.push(invalidValue('spec.selector', selector, 'empty selector is invalid for deployment'));
  else if (!matchesStructuredSelector(selector, labels))
    causes.push(invalidValue('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  if (old && !isDeepStrictEqual(objectAt(old, 'spec').selector, selector))
    causes.push(invalidValue('spec.selector', selector, 'field is immutable'));
  const policy = textAt(spec, 'template', 'spec', 'restartPolicy');
  if (policy !== 'Always')
    causes.push({
      reason: 'FieldValueNotSupported',
      message: `Unsupported value: ${JSON.stringify(policy)}: supported values: "Always"`,
      field: 'spec.template.spec.restartPolicy',
    });
  causes.push(...podSpecCauses(objectAt(spec, 'template', 'spec'), 'spec.template.spec'));
  return causes;
}

/** Field causes for numbers that may not be negative. */
export function negativeCauses(spec: JsonObject, names: readonly string[]): Cause[] {
  return names
    .filter((name) => (numberAt(spec, name) ?? 0) < 0)
    .map((name) => invalidValue(`spec.${name}`, spec[name], 'must be greater than or equal to 0'));
}
