import { type Cause, forbiddenField, invalidValue } from '../api-error.ts';
import { type ApiObject, child, fallback, isObject, objectAt, stringsAt, textAt } from '../json.ts';
import { isDeepStrictEqual } from 'node:util';
import { AGE, column, NAME } from './cells.ts';
import type { ResourceKind } from './kind.ts';

const KEY = /^[-._a-zA-Z0-9]{1,253}$/;

export const CONFIG_MAP: ResourceKind = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  singular: 'configmap',
  shortNames: ['cm'],
  namespaced: true,
  model: 'V1ConfigMap',
  columns: [NAME, column('Data', (object) => keysIn(object, 'data') + keysIn(object, 'binaryData')), AGE],
  validate: (draft, old) => [
    ...keyCauses(draft, ['data', 'binaryData']),
    ...duplicateKeyCauses(draft),
    ...immutableCauses(draft, old),
  ],
};

export const SECRET: ResourceKind = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  singular: 'secret',
  namespaced: true,
  model: 'V1Secret',
  columns: [
    NAME,
    column('Type', (object) => textAt(object, 'type') ?? ''),
    column('Data', (object) => keysIn(object, 'data')),
    AGE,
  ],
  fields: { type: (object) => textAt(object, 'type') ?? '' },
  applyDefaults: defaultSecret,
  validate: (draft, old) => [...keyCauses(draft, ['data']), ...typeCauses(draft, old), ...immutableCauses(draft, old)],
};

function defaultSecret(draft: ApiObject): void {
  fallback(draft, 'type', 'Opaque');
  if (!isObject(draft.stringData)) return;
  const target = child(draft, 'data');
  for (const [key, value] of Object.entries(stringsAt(draft, 'stringData'))) {
    target[key] = Buffer.from(value, 'utf8').toString('base64');
  }
  delete draft.stringData;
}

function keysIn(object: ApiObject, field: string): number {
  return Object.keys(objectAt(object, field)).length;
}

function keyCauses(draft: ApiObject, fields: readonly string[]): Cause[] {
  const detail = 'a valid config key must consist of alphanumeric characters, "-", "_" or "."';
  return fields.flatMap((field) =>
    Object.keys(objectAt(draft, field))
      .filter((key) => !KEY.test(key))
      .map((key) => invalidValue(`${field}[${key}]`, key, detail)),
  );
}

function duplicateKeyCauses(draft: ApiObject): Cause[] {
  const binary = objectAt(draft, 'binaryData');
  return Object.keys(objectAt(draft, 'data'))
    .filter((key) => Object.hasOwn(binary, key))
    .map((key) => invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData'));
}

function typeCauses(draft: ApiObject, old: ApiObject | undefined): Cause[] {
  if (!old || old.type === draft.type) return [];
  return [invalidValue('type', draft.type, 'field is immutable')];
}

function immutableCauses(draft: ApiObject, old: ApiObject | undefined): Cause[] {
  if (old?.immutable !== true) return [];
  const detail = 'field is immutable when `immutable` is set';
  return ['data', 'binaryData', 'type', 'immutable']
    .filter((field) => !isDeepStrictEqual(old[field], draft[field]))
    .map((field) => forbiddenField(field, detail));
}
