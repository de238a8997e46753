import { isDeepStrictEqual } from 'node:util';
import { ApiError, badRequest } from '../api-error.ts';
import { isObject, type Json } from '../json.ts';

/**
 * Applies an RFC 6902 patch to a copy. Throws 400 for a malformed patch and 422 when an operation does not fit the
 * document (a failed `test`, an absent path).
 */
export function applyJsonPatch(document: Json, operations: Json): Json {
  if (!Array.isArray(operations)) throw badRequest('a JSON patch must be a list of operations');
  let result = structuredClone(document);
  for (const [index, operation] of operations.entries()) {
    if (!isObject(operation)) throw badRequest(`JSON patch operation ${index} is not an object`);
    const path = pointer(operation.path, index, 'path');
    switch (operation.op) {
      case 'add':
        result = add(result, path, valueOf(operation, index));
        break;
      case 'replace':
        result = path.length === 0 ? valueOf(operation, index) : replace(result, path, valueOf(operation, index));
        break;
      case 'remove':
        result = removeAt(result, path);
        break;
      case 'test':
        if (!isDeepStrictEqual(readOrNull(result, path), operation.value ?? null))
          throw unprocessable(`testing value /${path.join('/')} failed`);
        break;
      case 'move': {
        const from = pointer(operation.from, index, 'from');
        const moved = readAt(result, from, 'move');
        result = add(removeAt(result, from), path, moved);
        break;
      }
      case 'copy': {
        const from = pointer(operation.from, index, 'from');
        result = add(result, path, structuredClone(readAt(result, from, 'copy')));
        break;
      }
      default:
        throw unprocessable(`operation ${index}: unknown op ${JSON.stringify(operation.op)}`);
    }
  }
  return result;
}

function valueOf(operation: { value?: Json | undefined }, index: number): Json {
  if (operation.value === undefined) throw badRequest(`JSON patch operation ${index} has no value`);
  return structuredClone(operation.value);
}

function pointer(value: Json | undefined, index: number, what: string): string[] {
  if (typeof value !== 'string' || (value !== '' && !value.startsWith('/')))
    throw badRequest(`JSON patch operation ${index}: ${what} must be a JSON pointer, got ${JSON.stringify(value)}`);
  if (value === '') return [];
  return value
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function unprocessable(why: string): ApiError {
  return new ApiError(422, 'Invalid', `the server rejected our request due to an error in our request: ${why}`);
}

function readAt(document: Json, path: readonly string[], operation: string): Json {
  let here: Json | undefined = document;
  for (const part of path) {
    if (Array.isArray(here)) here = /^\d+$/.test(part) ? here[Number(part)] : undefined;
    else here = isObject(here) && Object.hasOwn(here, part) ? here[part] : undefined;
    if (here === undefined)
      throw unprocessable(`${operation} operation does not apply: no value at /${path.join('/')}`);
  }
  return here;
}

function readOrNull(document: Json, path: readonly string[]): Json {
  try {
    return readAt(document, path, 'test');
  } catch {
    return null;
  }
}

function parentOf(document: Json, path: readonly string[], operation: string): { parent: Json; last: string } {
  const last = path[path.length - 1];
  if (last === undefined) throw unprocessable(`${operation} of the whole document is not allowed`);
  return { parent: readAt(document, path.slice(0, -1), operation), last };
}

function indexIn(list: readonly Json[], part: string, limit: number): number {
  const index = /^\d+$/.test(part) ? Number(part) : Number.NaN;
  if (!(index <= limit)) throw unprocessable(`index "${part}" is outside a list of ${list.length}`);
  return index;
}

function add(document: Json, path: readonly string[], value: Json): Json {
  if (path.length === 0) return value;
  const { parent, last } = parentOf(document, path, 'add');
  if (Array.isArray(parent)) {
    parent.splice(last === '-' ? parent.length : indexIn(parent, last, parent.length), 0, value);
  } else if (isObject(parent)) {
    setOwn(parent, last, value);
  } else {
    throw unprocessable(`add operation does not apply: /${path.slice(0, -1).join('/')} holds no members`);
  }
  return document;
}

function replace(document: Json, path: readonly string[], value: Json): Json {
  // Of a map, also a member that is not there: that is how the library of a real server reads it.
  const { parent, last } = parentOf(document, path, 'replace');
  if (Array.isArray(parent)) parent[indexIn(parent, last, parent.length - 1)] = value;
  else if (isObject(parent)) setOwn(parent, last, value);
  return document;
}

function removeAt(document: Json, path: readonly string[]): Json {
  readAt(document, path, 'remove');
  const { parent, last } = parentOf(document, path, 'remove');
  if (Array.isArray(parent)) parent.splice(indexIn(parent, last, parent.length - 1), 1);
  else if (isObject(parent)) delete parent[last];
  return document;
}

/** Plain assignment, but `__proto__` becomes an ordinary key. */
function setOwn(target: { [key: string]: Json | undefined }, key: string, value: Json): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}
