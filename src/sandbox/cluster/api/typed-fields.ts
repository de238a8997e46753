import { badRequest, type Cause, invalid } from './api-error.ts';
import { timestamp } from './cluster.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import type { ResourceKind } from './kinds/kind.ts';
import { type FieldType, fieldsOf } from './models.ts';
import { quantityOf } from './quantity.ts';

/** What to do with fields the kind does not have: drop them, drop and warn, or refuse with 400. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** Maps of quantities: `cpu: 1` may be written as a number, a real server makes it text. */
const QUANTITY_FIELDS = new Set(['limits', 'requests', 'capacity', 'allocatable', 'sizeLimit']);

/**
 * The body with the fields of its kind only. Throws 400 for a value of the wrong type and, under `Strict`, for unknown
 * fields; adds to `warnings` under `Warn`.
 */
export function checkFields(
  kind: ResourceKind,
  body: JsonObject,
  validation: FieldValidation,
  warnings: string[],
): JsonObject {
  const unknown: string[] = [];
  const prefix = `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}`;
  const { name } = isObject(body.metadata) ? body.metadata : {};
  const wrong = (path: string, found: Json, expected: string): Error => {
    const message = `json: cannot unmarshal ${nameOf(found)} into field ${path} of type ${expected}`;
    if (!kind.custom) return badRequest(`${prefix}: ${message}`);
    // Custom resources are held against a schema, which names the field.
    const cause: Cause = {
      reason: 'FieldValueTypeInvalid',
      message: `Invalid value: must be of type ${expected}`,
      field: path,
    };
    return invalid(kind, typeof name === 'string' ? name : '', [cause]);
  };
  const checked = checkModel(body, kind.model, '', { unknown, wrong });
  if (unknown.length > 0 && validation === 'Strict')
    throw badRequest(
      `${prefix}: strict decoding error: ${unknown.map((path) => `unknown field "${path}"`).join(', ')}`,
    );
  if (validation === 'Warn') warnings.push(...unknown.map((path) => `unknown field "${path}"`));
  return checked;
}

interface Findings {
  readonly unknown: string[];
  readonly wrong: (path: string, found: Json, expected: string) => Error;
}

function checkModel(value: JsonObject, model: string, path: string, findings: Findings): JsonObject {
  const fields = fieldsOf(model);
  if (!fields) return value;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    const here = path === '' ? key : `${path}.${key}`;
    const type = fields.get(key);
    if (type) result[key] = checkValue(item, type, here, findings, QUANTITY_FIELDS.has(key));
    else findings.unknown.push(here);
  }
  return result;
}

function checkValue(value: Json, type: FieldType, path: string, findings: Findings, isQuantity: boolean): Json {
  switch (type.type) {
    case 'any':
      return value;
    case 'string':
      if (isQuantity && typeof value === 'number') return String(value);
      if (isQuantity && typeof value === 'string' && quantityOf(value) === undefined)
        throw findings.wrong(path, value, 'quantity');
      return expectThat(typeof value === 'string', value, path, 'string', findings);
    case 'bytes':
      return expectThat(isBase64(value), value, path, 'base64', findings);
    case 'time':
    case 'microTime':
      return checkTime(value, type.type, path, findings);
    case 'boolean':
      return expectThat(typeof value === 'boolean', value, path, 'bool', findings);
    case 'number':
      return expectThat(typeof value === 'number', value, path, 'number', findings);
    case 'integer':
      return expectThat(typeof value === 'number' && Number.isInteger(value), value, path, 'int', findings);
    case 'intOrString':
      return expectThat(typeof value === 'number' || typeof value === 'string', value, path, 'int or string', findings);
    case 'list':
      if (!Array.isArray(value)) throw findings.wrong(path, value, 'list');
      return value.map((item, index) => checkValue(item, type.of, `${path}[${index}]`, findings, false));
    case 'map':
      if (!isObject(value)) throw findings.wrong(path, value, 'map');
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [
          key,
          checkValue(item ?? null, type.of, `${path}.${key}`, findings, isQuantity),
        ]),
      );
    case 'model':
      if (fieldsOf(type.model) && !isObject(value)) throw findings.wrong(path, value, type.model);
      return isObject(value) ? checkModel(value, type.model, path, findings) : value;
  }
}

/** In UTC; `metav1.Time` has whole seconds, or the same instant in two spellings would count as a change. */
function checkTime(value: Json, type: 'time' | 'microTime', path: string, findings: Findings): Json {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw findings.wrong(path, value, 'RFC 3339 time');
  if (type === 'time') return timestamp(ms);
  const micros = /\.(\d{1,6})/.exec(String(value))?.[1] ?? '';
  return `${timestamp(ms).slice(0, -1)}.${micros.padEnd(6, '0')}Z`;
}

function expectThat(holds: boolean, value: Json, path: string, expected: string, findings: Findings): Json {
  if (!holds) throw findings.wrong(path, value, expected);
  return value;
}

function isBase64(value: Json): boolean {
  return typeof value === 'string' && /^[A-Za-z0-9+/\r\n]*={0,2}$/.test(value) && value.length % 4 === 0;
}

function nameOf(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return `number ${value}`;
  return value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value;
}
