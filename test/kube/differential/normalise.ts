/** Replies without what each server hands out for itself: identities, versions, addresses, the time of day. */
import {
  isObject,
  type Json,
  type JsonObject,
  listAt,
  objectAt,
  textAt,
} from '../../../src/sandbox/cluster/api/json.ts';
import type { Answer } from '../harness/wire.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const UID = /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;
/** A time that a test did not make up itself. */
const RECENT_MS = 3_600_000;
const NODE_PORT = 30_000;
const ADDRESS_PLACES = new Set(['clusterIP', 'clusterIPs', 'cells']);

/** What two servers must agree on. */
export function normalised({ code, body, warnings }: Answer): JsonObject {
  return { code, warnings: [...warnings].sort(), body: bodyOf(body) };
}

function bodyOf(body: JsonObject): Json {
  if (body.kind === 'Status' && body.status === 'Failure') return refusal(body);
  if (body.kind === 'Table') return table(body);
  return walk(body, '');
}

/** The sentences differ; who was refused, and for which fields, does not. */
function refusal(status: JsonObject): JsonObject {
  const { name, group, kind, retryAfterSeconds } = objectAt(status, 'details');
  // A schema of a custom resource adds one about rules it did not get to.
  const own = listAt(status, 'details', 'causes').filter(({ field }) => field !== '<nil>');
  const causes = own.map((cause) => `${String(cause.reason)} ${String(cause.field)}`);
  return {
    status: 'Failure',
    reason: status.reason ?? null,
    code: status.code ?? null,
    details: { name, group, kind, retryAfterSeconds, causes: [...new Set(causes)].sort() },
  };
}

function table(body: JsonObject): JsonObject {
  const columns = listAt(body, 'columnDefinitions').map(({ name, type, format, priority }) => ({
    name: name ?? null,
    type: type ?? null,
    format: format ?? null,
    priority: priority ?? null,
  }));
  const ages = columns.map(({ name }) => ['Age', 'Last Seen', 'First Seen', 'Created At'].includes(String(name)));
  const rows = listAt(body, 'rows').map((row) => ({
    cells: (Array.isArray(row.cells) ? row.cells : []).map((cell, index) =>
      ages[index] ? '<age>' : walk(cell, 'cells'),
    ),
    object: row.object === undefined ? undefined : walk(row.object, ''),
  }));
  return { kind: 'Table', apiVersion: body.apiVersion ?? null, columns, rows };
}

function walk(value: Json, key: string): Json {
  if (Array.isArray(value)) return value.map((item) => walk(item, key));
  if (isObject(value)) return walkObject(value, key);
  if (typeof value === 'number' && key === 'nodePort' && value >= NODE_PORT) return '<port>';
  if (typeof value !== 'string') return value;
  if (TIME.test(value) && Math.abs(Date.parse(value) - Date.now()) < RECENT_MS)
    return value.includes('.') ? '<time with fraction>' : '<time>';
  if (ADDRESS_PLACES.has(key) && value.startsWith('10.96.')) return '<address>';
  return value.replace(UID, '<uid>');
}

function walkObject(value: JsonObject, key: string): JsonObject {
  const result: JsonObject = {};
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined || name === 'managedFields') continue; // no equality of managedFields is promised
    if (name === 'resourceVersion') result[name] = item === '' ? '' : '<version>';
    else result[name] = walk(item, name);
  }
  const prefix = key === 'metadata' || key === '' ? textAt(value, 'generateName') : undefined;
  if (prefix && textAt(value, 'name')?.startsWith(prefix)) result.name = `${prefix}<suffix>`;
  return result;
}
