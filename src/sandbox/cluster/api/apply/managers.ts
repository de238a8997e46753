import { isDeepStrictEqual } from 'node:util';
import { timestamp } from '../cluster.ts';
import { type ApiObject, isObject, type Json, type JsonObject, textAt } from '../json.ts';
import { apiVersionOf, type ResourceKind } from '../kinds/kind.ts';
import { type Fields, fieldsIn, fromFieldsV1, toFieldsV1 } from './fields.ts';

/** Who writes, and how: an applier says which fields it wants to own, anybody else owns what it changes. */
export interface Writer {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource?: string;
}

export interface Manager extends Writer {
  readonly apiVersion: string;
  readonly time: string;
  readonly paths: ReadonlySet<string>;
}

/** The managers that stand in an object. Entries that make no sense are left out. */
export function managersOf(object: ApiObject): Manager[] {
  return (object.metadata.managedFields ?? []).flatMap((entry) => {
    const operation = textAt(entry, 'operation');
    if (operation !== 'Apply' && operation !== 'Update') return [];
    const subresource = textAt(entry, 'subresource');
    return {
      manager: textAt(entry, 'manager') ?? '',
      operation,
      ...(subresource ? { subresource } : {}),
      apiVersion: textAt(entry, 'apiVersion') ?? '',
      time: textAt(entry, 'time') ?? timestamp(),
      paths: fromFieldsV1(isObject(entry) ? entry.fieldsV1 : undefined),
    };
  });
}

export function isSameWriter(one: Writer, other: Writer): boolean {
  return one.manager === other.manager && one.operation === other.operation && one.subresource === other.subresource;
}

/** `metadata.managedFields` after an ordinary write: what changed belongs to its writer, what is gone to nobody. */
export function afterUpdate(
  kind: ResourceKind,
  before: ApiObject | undefined,
  after: ApiObject,
  writer: Writer,
): JsonObject[] {
  const was: Fields = before ? fieldsIn(kind, before) : new Map<string, Json>();
  const is = fieldsIn(kind, after);
  const changed = [...is].filter(([path, value]) => !was.has(path) || !isDeepStrictEqual(was.get(path), value));
  const taken = new Set(changed.map(([path]) => path));
  const managers = managersOf(after).map((manager) => {
    const isWriter = isSameWriter(manager, writer);
    return {
      ...manager,
      paths: new Set([...manager.paths].filter((path) => is.has(path) && (isWriter || !taken.has(path)))),
    };
  });
  return written(
    withPaths(kind, managers, writer, (paths) => new Set([...paths, ...taken])),
    after,
  );
}

/** The managers with the writer's paths changed; a writer that is new stands last. */
export function withPaths(
  kind: ResourceKind,
  managers: readonly Manager[],
  writer: Writer,
  change: (paths: ReadonlySet<string>) => ReadonlySet<string>,
): Manager[] {
  const known = managers.find((manager) => isSameWriter(manager, writer));
  const paths = change(known?.paths ?? new Set());
  const entry: Manager = { ...writer, apiVersion: apiVersionOf(kind), time: known?.time ?? timestamp(), paths };
  return known ? managers.map((manager) => (manager === known ? entry : manager)) : [...managers, entry];
}

/** As stored. The time of an entry moves only when what it holds has changed. */
export function written(managers: readonly Manager[], before: ApiObject): JsonObject[] {
  const old = managersOf(before);
  return managers
    .filter(({ paths }) => paths.size > 0)
    .map((manager) => {
      const same = old.find((other) => isSameWriter(other, manager) && isDeepStrictEqual(other.paths, manager.paths));
      return {
        manager: manager.manager,
        operation: manager.operation,
        apiVersion: manager.apiVersion,
        time: same?.time ?? timestamp(),
        fieldsType: 'FieldsV1',
        fieldsV1: toFieldsV1(manager.paths),
        ...(manager.subresource ? { subresource: manager.subresource } : {}),
      };
    });
}
