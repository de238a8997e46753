import { isObject, type Json, type JsonObject } from '../json.ts';

/** Writes null where a time was left out, as Go does for a time of zero that is not `omitempty`. */
export function nullTimes(items: readonly JsonObject[], names: readonly string[]): void {
  for (const item of items) for (const name of names) item[name] ??= null;
}

/** An empty object where one was left out that is never dropped. */
export function emptyWhereAbsent(items: readonly JsonObject[], name: string): void {
  for (const item of items) if (!isObject(item[name])) item[name] = {} satisfies Json;
}
