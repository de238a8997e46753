import { isDeepStrictEqual } from 'node:util';
import { badRequest, unexplained } from '../api-error.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { type FieldType, fieldsOf } from '../models.ts';
import { MERGE_KEYS, PRIMITIVE } from './merge-keys.ts';

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const ORDER_PREFIX = '$setElementOrder/';
const DELETE_PREFIX = '$deleteFromPrimitiveList/';

/**
 * Applies a strategic merge patch and answers a new value: maps merge, null removes, lists with a merge key merge item
 * by item, other lists are replaced. Knows `$patch: replace|delete`, `$retainKeys`, `$setElementOrder/x` and
 * `$deleteFromPrimitiveList/x`. `model` names the shape of the document. Throws 400 for a malformed patch.
 */
export function applyStrategicMergePatch(document: Json, patch: Json, model: string): Json {
  if (!isObject(patch)) throw badRequest('a strategic merge patch must be a JSON object');
  return mergeMaps(isObject(document) ? document : {}, patch, { type: 'model', model });
}

function mergeMaps(original: JsonObject, patch: JsonObject, type: FieldType): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') return mergeMaps({}, without(patch, DIRECTIVE), type);
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge')
    throw unexplained(`unknown patch type ${JSON.stringify(directive)} in a strategic merge patch`);
  const result = retained(original, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key === DIRECTIVE || key === RETAIN_KEYS || value === undefined || key.startsWith(ORDER_PREFIX)) continue;
    if (key.startsWith(DELETE_PREFIX)) {
      const field = key.slice(DELETE_PREFIX.length);
      result[field] = listOf(result[field] ?? [], field).filter((item) => !listOf(value, key).includes(item));
    } else if (value === null) delete result[key];
    else result[key] = mergeField(result[key], value, key, type, patch[`${ORDER_PREFIX}${key}`]);
  }
  reorderUnpatched(result, original, patch, type);
  return result;
}

/** With `$retainKeys` only the listed keys of the original stay: how `strategy` changes its type in one patch. */
function retained(original: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch[RETAIN_KEYS];
  if (keys === undefined) return { ...original };
  const kept = new Set(listOf(keys, RETAIN_KEYS));
  const stray = Object.keys(patch).find((key) => !key.startsWith('$') && patch[key] !== null && !kept.has(key));
  if (stray !== undefined) throw badRequest(`${RETAIN_KEYS} does not list "${stray}", which the patch sets`);
  return Object.fromEntries(Object.entries(original).filter(([key]) => kept.has(key)));
}

function mergeField(
  original: Json | undefined,
  value: Json,
  field: string,
  parent: FieldType,
  order: Json | undefined,
): Json {
  const type = typeOfField(parent, field);
  if (isObject(value)) return mergeMaps(isObject(original) ? original : {}, value, type);
  const key = mergeKeyOf(parent, field);
  if (!Array.isArray(value) || key === undefined) return structuredClone(value);
  const items = Array.isArray(original) ? original : [];
  const merged =
    key === PRIMITIVE ? unique([...items, ...value]) : mergeItems(items, value, key, elementOf(type), field);
  return arranged(merged, Array.isArray(order) ? order : merged.length > 0 ? value : [], items, key);
}

/** `$setElementOrder/x` without `x`: nothing but the order changes. */
function reorderUnpatched(result: JsonObject, original: JsonObject, patch: JsonObject, type: FieldType): void {
  for (const [name, order] of Object.entries(patch)) {
    if (!name.startsWith(ORDER_PREFIX)) continue;
    const field = name.slice(ORDER_PREFIX.length);
    const found = result[field];
    const key = mergeKeyOf(type, field);
    const before = original[field];
    if (Object.hasOwn(patch, field) || !Array.isArray(found) || key === undefined) continue;
    result[field] = arranged(found, listOf(order ?? null, name), Array.isArray(before) ? before : [], key);
  }
}

function mergeItems(
  original: readonly Json[],
  patch: readonly Json[],
  key: string,
  type: FieldType,
  field: string,
): Json[] {
  const items = patch.map((item) => {
    if (!isObject(item)) throw badRequest(`strategic merge patch: items of "${field}" must be objects`);
    return item;
  });
  const isReplacing = items.some((item) => item[DIRECTIVE] === 'replace');
  let merged: Json[] = isReplacing ? [] : [...original];
  for (const item of items) {
    if (item[DIRECTIVE] === 'replace' && item[key] === undefined) continue;
    const id = item[key];
    if (id === undefined || id === null)
      throw unexplained(`strategic merge patch: an item of "${field}" does not contain its merge key "${key}"`);
    const index = merged.findIndex((candidate) => isObject(candidate) && candidate[key] === id);
    if (item[DIRECTIVE] === 'delete')
      merged = merged.filter((candidate) => !isObject(candidate) || candidate[key] !== id);
    else if (index < 0) merged.push(mergeMaps({}, without(item, DIRECTIVE), type));
    else merged[index] = mergeMaps(asObject(merged[index]), item, type);
  }
  return merged;
}

/**
 * The order of a merged list: items the patch (or its `$setElementOrder`) names follow the patch, the others keep the
 * order of the original; where both orders leave it open, the patch's items come first.
 */
function arranged(merged: readonly Json[], order: readonly Json[], original: readonly Json[], key: string): Json[] {
  const rankIn = (list: readonly Json[], item: Json): number => list.findIndex((other) => isSame(other, item, key));
  const byRank = (list: readonly Json[]) => (a: Json, b: Json) => rankIn(list, a) - rankIn(list, b);
  const named = merged.filter((item) => rankIn(order, item) >= 0).sort(byRank(order));
  const others = merged.filter((item) => rankIn(order, item) < 0).sort(byRank(original));
  const result: Json[] = [];
  let [left, right] = [0, 0];
  while (left < others.length && right < named.length) {
    const other = rankIn(original, others[left] ?? null);
    const own = rankIn(original, named[right] ?? null);
    if (other >= 0 && own >= 0 && other < own) result.push(others[left++] ?? null);
    else result.push(named[right++] ?? null);
  }
  return [...result, ...others.slice(left), ...named.slice(right)];
}

function isSame(a: Json, b: Json, key: string): boolean {
  if (key === PRIMITIVE) return a === b;
  return isObject(a) && isObject(b) && a[key] === b[key];
}

function unique(items: readonly Json[]): Json[] {
  return items.filter((item, index) => items.findIndex((other) => isDeepStrictEqual(other, item)) === index);
}

function listOf(value: Json, what: string): Json[] {
  if (!Array.isArray(value)) throw badRequest(`strategic merge patch: "${what}" must be a list`);
  return value;
}

function asObject(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function without(map: JsonObject, key: string): JsonObject {
  const { [key]: _dropped, ...rest } = map;
  return rest;
}

function typeOfField(parent: FieldType, field: string): FieldType {
  if (parent.type === 'map') return parent.of;
  if (parent.type !== 'model') return { type: 'any' };
  return fieldsOf(parent.model)?.get(field) ?? { type: 'any' };
}

function elementOf(type: FieldType): FieldType {
  return type.type === 'list' ? type.of : { type: 'any' };
}

function mergeKeyOf(parent: FieldType, field: string): string | undefined {
  return parent.type === 'model' ? MERGE_KEYS[parent.model]?.[field] : undefined;
}
