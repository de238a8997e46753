import type { ApiObject, Json, JsonObject } from './json.ts';
import type { ResourceKind } from './kinds/kind.ts';

/** Column heads of a Table; kubectl shows priority 0 always and priority 1 with `-o wide`. */
export function columnDefinitions(kind: ResourceKind): JsonObject[] {
  return kind.columns.map((column) => ({
    name: column.name,
    type: column.type ?? 'string',
    format: column.name === 'Name' ? 'name' : '',
    description: '',
    priority: column.wide ? 1 : 0,
  }));
}

export function tableRow(kind: ResourceKind, object: ApiObject, nowMs: number): Json[] {
  return kind.columns.map((column) => column.cell(object, nowMs));
}
