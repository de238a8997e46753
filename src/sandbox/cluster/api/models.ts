import * as client from '@kubernetes/client-node';
import { GATEWAY_MODELS } from './kinds/gateway-models.ts';
import { ISTIO_MODELS } from './kinds/istio-models.ts';

/** The type of a field, read from the client library's own models so that no schema is kept by hand. */
export type FieldType =
  | {
      readonly type:
        | 'string'
        | 'bytes'
        | 'number'
        | 'integer'
        | 'boolean'
        | 'time'
        | 'microTime'
        | 'intOrString'
        | 'any';
    }
  | { readonly type: 'list'; readonly of: FieldType }
  | { readonly type: 'map'; readonly of: FieldType }
  | { readonly type: 'model'; readonly model: string };

const MODELS: Readonly<Record<string, unknown>> = client;
const known = new Map<string, ReadonlyMap<string, FieldType> | undefined>();

/** Field names and types of a model such as `V1PodSpec`; undefined for a name that is no model. */
export function fieldsOf(model: string): ReadonlyMap<string, FieldType> | undefined {
  if (!known.has(model)) known.set(model, readFields(model));
  return known.get(model);
}

function readFields(model: string): ReadonlyMap<string, FieldType> | undefined {
  const own = GATEWAY_MODELS[model] ?? ISTIO_MODELS[model];
  if (own) return new Map(Object.entries(own).map(([name, text]) => [name, parseType(text, '')]));
  const found = MODELS[model];
  if (typeof found !== 'function' || !('attributeTypeMap' in found) || !Array.isArray(found.attributeTypeMap))
    return undefined;
  const fields = new Map<string, FieldType>();
  for (const attribute of found.attributeTypeMap as readonly Record<string, unknown>[]) {
    fields.set(String(attribute.baseName), parseType(String(attribute.type), String(attribute.format)));
  }
  return fields;
}

function parseType(text: string, format: string): FieldType {
  const list = /^Array<(.+)>$/.exec(text)?.[1];
  if (list) return { type: 'list', of: parseType(list, format) };
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(text)?.[1];
  if (map) return { type: 'map', of: parseType(map, format) };
  switch (text) {
    case 'string':
      return { type: format === 'byte' ? 'bytes' : 'string' };
    case 'boolean':
      return { type: text };
    case 'number':
      return { type: format.startsWith('int') ? 'integer' : 'number' };
    case 'integer':
      return { type: 'integer' };
    case 'Date':
      return { type: 'time' };
    case 'V1MicroTime':
      return { type: 'microTime' };
    case 'IntOrString':
      return { type: 'intOrString' };
    case 'any':
    case 'object':
      return { type: 'any' };
    default:
      return { type: 'model', model: text };
  }
}
