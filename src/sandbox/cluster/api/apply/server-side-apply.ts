import { isDeepStrictEqual } from 'node:util';
import { ApiError } from '../api-error.ts';
import { type ApiObject, isObject, type Json, type JsonObject } from '../json.ts';
import type { ResourceKind } from '../kinds/kind.ts';
import type { FieldType } from '../models.ts';
import { elementsOf, fieldsIn, isWithin, keyElement, readablePath, typeOfField } from './fields.ts';
import { isAtomicObject, ownershipOfList } from './list-types.ts';
import { isSameWriter, type Manager, managersOf, withPaths, type Writer, written } from './managers.ts';

export interface Applied {
  readonly object: JsonObject;
  readonly managedFields: JsonObject[];
}

/**
 * What an applied configuration makes of an object: its fields are laid over, fields that its manager applied before
 * and names no more are removed unless somebody else owns them too. Throws 409 with one cause for each field that
 * another manager owns with another value; `force` takes those away from it instead.
 */
export function applyTo(
  kind: ResourceKind,
  live: ApiObject,
  wanted: JsonObject,
  writer: Writer,
  force: boolean,
): Applied {
  const fields = fieldsIn(kind, wanted);
  const liveFields = fieldsIn(kind, live);
  const managers = managersOf(live);
  const isOther = (manager: Manager): boolean => !isSameWriter(manager, writer);
  const differs = (path: string): boolean => !isDeepStrictEqual(liveFields.get(path), fields.get(path));
  const conflicts = managers
    .filter(isOther)
    .flatMap((manager) =>
      [...manager.paths]
        .filter((path) => fields.has(path) && liveFields.has(path) && differs(path))
        .map((path) => ({ manager, path })),
    );
  if (conflicts.length > 0 && !force) throw conflictOf(conflicts);

  const mine = managers.find((manager) => !isOther(manager))?.paths ?? new Set<string>();
  const isKept = (path: string): boolean =>
    [...fields.keys()].some((other) => isWithin(other, path)) ||
    managers.some((manager) => isOther(manager) && [...manager.paths].some((other) => isWithin(other, path)));
  const merged = mergeObjects(live, wanted, { type: 'model', model: kind.model });
  for (const path of mine) if (!isKept(path)) removeAt(merged, elementsOf(path), { type: 'model', model: kind.model });

  const left = managers.map((manager) =>
    isOther(manager)
      ? { ...manager, paths: new Set([...manager.paths].filter((path) => !fields.has(path) || !differs(path))) }
      : manager,
  );
  const now = withPaths(kind, left, writer, () => new Set(fields.keys()));
  return { object: merged, managedFields: written(now, live) };
}

function conflictOf(conflicts: readonly { readonly manager: Manager; readonly path: string }[]): ApiError {
  const causes = conflicts.map(({ manager: { manager, operation, apiVersion, subresource }, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with "${manager}"${subresource ? ` with subresource "${subresource}"` : ''}${operation === 'Update' ? ` using ${apiVersion}` : ''}`,
    field: readablePath(path),
  }));
  const lines = causes.map(({ message, field }) => `${message}: ${field}`);
  const text = `Apply failed with ${causes.length} conflict${causes.length === 1 ? '' : 's'}: ${lines.join('\n')}`;
  return new ApiError(409, 'Conflict', text, { causes });
}

function mergeObjects(live: JsonObject, wanted: JsonObject, type: FieldType): JsonObject {
  const result: JsonObject = { ...live };
  for (const [name, value] of Object.entries(wanted)) {
    if (value === undefined) continue;
    if (value === null) delete result[name];
    else result[name] = mergeField(result[name], value, typeOfField(type, name), type, name);
  }
  return result;
}

function mergeField(live: Json | undefined, wanted: Json, type: FieldType, parent: FieldType, field: string): Json {
  if (isObject(wanted))
    return isObject(live) && !isAtomicObject(parent, field, type)
      ? mergeObjects(live, wanted, type)
      : structuredClone(wanted);
  if (!Array.isArray(wanted) || !Array.isArray(live)) return structuredClone(wanted);
  const ownership = ownershipOfList(parent, field);
  if (ownership.kind === 'atomic') return structuredClone(wanted);
  if (ownership.kind === 'set')
    return [...live, ...wanted.filter((item) => !live.some((other) => isDeepStrictEqual(other, item)))];
  const itemType: FieldType = type.type === 'list' ? type.of : { type: 'any' };
  const idOf = (item: Json): string => keyElement(item, ownership.keys);
  const applied = new Map(wanted.map((item) => [idOf(item), item]));
  const ids = new Set(live.map(idOf));
  // What is there keeps its place; what is new stands behind.
  const kept = live.map((item) => {
    const change = applied.get(idOf(item));
    return isObject(item) && isObject(change) ? mergeObjects(item, change, itemType) : item;
  });
  return [...kept, ...structuredClone(wanted.filter((item) => !ids.has(idOf(item))))];
}

/** Takes away what a path names; what is not there is no matter. */
function removeAt(target: JsonObject, elements: readonly string[], type: FieldType): void {
  const [element = '', next, ...rest] = elements;
  const field = element.slice(2);
  const value = target[field];
  if (next === undefined) {
    delete target[field];
    return;
  }
  const childType = typeOfField(type, field);
  if (next.startsWith('f:')) {
    if (!isObject(value)) return;
    const copy = { ...value };
    target[field] = copy;
    removeAt(copy, [next, ...rest], childType);
    return;
  }
  if (!Array.isArray(value)) return;
  const ownership = ownershipOfList(type, field);
  const keys = ownership.kind === 'map' ? ownership.keys : [];
  const isMeant = (item: Json): boolean =>
    next.startsWith('v:') ? JSON.stringify(item) === next.slice(2) : keyElement(item, keys) === next;
  if (rest.length === 0) {
    target[field] = value.filter((item) => !isMeant(item));
    return;
  }
  const itemType: FieldType = childType.type === 'list' ? childType.of : { type: 'any' };
  target[field] = value.map((item) => {
    if (!isMeant(item) || !isObject(item)) return item;
    const copy = { ...item };
    removeAt(copy, rest, itemType);
    return copy;
  });
}
