import { isObject, type Json, type JsonObject } from '../json.ts';
import type { ResourceKind } from '../kinds/kind.ts';
import { type FieldType, fieldsOf } from '../models.ts';
import { isAtomicObject, KEY_DEFAULTS, ownershipOfList } from './list-types.ts';

/**
 * The fields of an object that can be owned, each under its path, with its value. A path is written as one text:
 * elements of FieldsV1 (`f:spec`, `k:{"name":"web"}`, `v:"a"`) separated by line ends. An item of a list that is owned
 * item by item also stands for itself, with the value null.
 */
export type Fields = ReadonlyMap<string, Json>;

const SEPARATOR = '\n';
/** Parts of `metadata` that belong to the server or are the object's identity. */
const OWN_METADATA: ReadonlySet<string> = new Set(['labels', 'annotations', 'finalizers', 'ownerReferences']);
const ANY: FieldType = { type: 'any' };

export function fieldsIn(kind: ResourceKind, object: JsonObject): Fields {
  const fields = new Map<string, Json>();
  const type: FieldType = { type: 'model', model: kind.model };
  for (const [name, value] of Object.entries(object)) {
    if (name === 'apiVersion' || name === 'kind' || value === undefined) continue;
    const owned = name === 'metadata' && isObject(value) ? onlyOwn(value) : value;
    collect(fields, `f:${name}`, owned, typeOfField(type, name), type, name);
  }
  return fields;
}

function onlyOwn(metadata: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => OWN_METADATA.has(name)));
}

function collect(
  into: Map<string, Json>,
  path: string,
  value: Json,
  type: FieldType,
  parent: FieldType,
  field: string,
): void {
  if (isObject(value)) {
    if (path === 'f:metadata' && Object.keys(value).length === 0) return;
    if (Object.keys(value).length === 0 || isAtomicObject(parent, field, type)) into.set(path, value);
    else collectObject(into, path, value, type);
    return;
  }
  const ownership = Array.isArray(value) ? ownershipOfList(parent, field) : undefined;
  if (!Array.isArray(value) || ownership === undefined || ownership.kind === 'atomic' || value.length === 0) {
    into.set(path, value);
    return;
  }
  const itemType = type.type === 'list' ? type.of : ANY;
  for (const item of value) {
    const element = ownership.kind === 'set' ? `v:${JSON.stringify(item)}` : keyElement(item, ownership.keys);
    const here = `${path}${SEPARATOR}${element}`;
    into.set(here, ownership.kind === 'set' ? item : null);
    if (isObject(item) && ownership.kind === 'map') collectObject(into, here, item, itemType);
  }
}

function collectObject(into: Map<string, Json>, path: string, value: JsonObject, type: FieldType): void {
  for (const [name, child] of Object.entries(value)) {
    if (child !== undefined) collect(into, `${path}${SEPARATOR}f:${name}`, child, typeOfField(type, name), type, name);
  }
}

/** `k:{"containerPort":80,"protocol":"TCP"}`: by which an item of a list is told from the others. */
export function keyElement(item: Json, keys: readonly string[]): string {
  const found = isObject(item) ? item : {};
  return `k:${JSON.stringify(Object.fromEntries(keys.map((key) => [key, found[key] ?? KEY_DEFAULTS[key] ?? null])))}`;
}

export function typeOfField(parent: FieldType, field: string): FieldType {
  if (parent.type === 'map') return parent.of;
  if (parent.type !== 'model') return ANY;
  return fieldsOf(parent.model)?.get(field) ?? ANY;
}

/** The path the way people write it: `.spec.template.spec.containers[name="web"].image`. */
export function readablePath(path: string): string {
  return path
    .split(SEPARATOR)
    .map((element) => {
      const rest = element.slice(2);
      if (element.startsWith('f:')) return `.${rest}`;
      if (element.startsWith('v:')) return `[=${rest}]`;
      const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>);
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
    })
    .join('');
}

/** Paths as the tree of FieldsV1. */
export function toFieldsV1(paths: Iterable<string>): JsonObject {
  const tree: JsonObject = {};
  for (const path of [...paths].sort()) {
    let here = tree;
    for (const element of path.split(SEPARATOR)) {
      const child = here[element];
      const next: JsonObject = isObject(child) ? child : {};
      here[element] = next;
      here = next;
    }
    if (/(?:^|\n)[kv]:[^\n]*$/.test(path)) here['.'] = {};
  }
  return tree;
}

export function fromFieldsV1(tree: Json | undefined, prefix = ''): Set<string> {
  const paths = new Set<string>();
  if (!isObject(tree)) return paths;
  for (const [element, child] of Object.entries(tree)) {
    if (element === '.') {
      if (prefix !== '') paths.add(prefix);
      continue;
    }
    const here = prefix === '' ? element : `${prefix}${SEPARATOR}${element}`;
    if (!isObject(child) || Object.keys(child).length === 0) paths.add(here);
    else for (const path of fromFieldsV1(child, here)) paths.add(path);
  }
  return paths;
}

/** Whether `path` is `ancestor` or something below it. */
export function isWithin(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(`${ancestor}${SEPARATOR}`);
}

export function elementsOf(path: string): string[] {
  return path.split(SEPARATOR);
}
