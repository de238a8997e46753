import type { JsonObject } from './json.ts';
import type { ResourceKind } from './kinds/kind.ts';

/** What to do with fields the kind does not have: drop them, drop and warn, or refuse with 400. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export function checkFields(
  _kind: ResourceKind,
  body: JsonObject,
  _validation: FieldValidation,
  _warnings: string[],
): JsonObject {
  return body;
}
