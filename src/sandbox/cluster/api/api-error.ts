import type { JsonObject } from './json.ts';
import type { ResourceKind } from './kinds/kind.ts';

/** One reason why a field was refused, as in `Status.details.causes`. */
export interface Cause {
  readonly reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueTypeInvalid'
    | 'FieldValueForbidden'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
    | 'FieldValueNotFound';
  readonly message: string;
  readonly field: string;
}

/** A refusal that leaves the server as a `Status` object with its HTTP code. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: JsonObject;

  constructor(code: number, reason: string, message: string, details: JsonObject = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  toStatus(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(Object.keys(this.details).length > 0 ? { details: this.details } : {}),
      code: this.code,
    };
  }
}

/** `deployments.apps`, or `pods` for the core group. */
export function qualifiedResource(kind: ResourceKind): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}

function named(kind: ResourceKind, name: string): JsonObject {
  return { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural };
}

export function notFound(kind: ResourceKind, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${qualifiedResource(kind)} "${name}" not found`, named(kind, name));
}

export function unknownPath(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource');
}

export function alreadyExists(kind: ResourceKind, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `${qualifiedResource(kind)} "${name}" already exists`, named(kind, name));
}

export function conflict(kind: ResourceKind, name: string, why?: string): ApiError {
  const text = why ?? 'the object has been modified; please apply your changes to the latest version and try again';
  return new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedResource(kind)} "${name}": ${text}`,
    named(kind, name),
  );
}

export function forbidden(kind: ResourceKind, name: string, why: string): ApiError {
  return new ApiError(
    403,
    'Forbidden',
    `${qualifiedResource(kind)}${name ? ` "${name}"` : ''} is forbidden: ${why}`,
    named(kind, name),
  );
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

/** What a real server answers when a request trips over its own code paths: 500 without a reason. */
export function unexplained(message: string): ApiError {
  return new ApiError(500, '', message);
}

/** 422 for options of a request: `details.kind` is that of the options. */
export function invalidOptions(kind: string, cause: Cause): ApiError {
  const message = `${kind}.meta.k8s.io "" is invalid: ${cause.field}: ${cause.message}`;
  return new ApiError(422, 'Invalid', message, { group: 'meta.k8s.io', kind, causes: [{ ...cause }] });
}

/** 422 for a patch whose result cannot be read as an object of the kind. */
export function invalidPatch(why: string): ApiError {
  const message = `Invalid value: ${why}`;
  return new ApiError(422, 'Invalid', ` "" is invalid: patch: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }],
  });
}

/** A precondition of a delete that does not hold: `details.kind` is the Kind here. */
export function preconditionFailed(kind: ResourceKind, name: string, why: string): ApiError {
  const refusal = conflict(kind, name, why);
  return new ApiError(409, 'Conflict', refusal.message, { ...refusal.details, kind: kind.kind });
}

export function methodNotAllowed(): ApiError {
  return new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
}

export function unsupportedMediaType(message: string): ApiError {
  return new ApiError(415, 'UnsupportedMediaType', message);
}

export function gone(message: string): ApiError {
  return new ApiError(410, 'Expired', message);
}

/** 422 with one line per cause; `details.kind` is the Kind here, not the plural. */
export function invalid(kind: ResourceKind, name: string, causes: readonly Cause[]): ApiError {
  const lines = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const title = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  return new ApiError(422, 'Invalid', `${title} "${name}" is invalid: ${text}`, {
    ...(name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.kind,
    causes: causes.map((cause) => ({ reason: cause.reason, message: cause.message, field: cause.field })),
  });
}

export function duplicate(field: string, value: unknown): Cause {
  return { reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(value)}`, field };
}

export function absentValue(field: string, value: unknown): Cause {
  return { reason: 'FieldValueNotFound', message: `Not found: ${JSON.stringify(value)}`, field };
}

export function required(field: string, detail = ''): Cause {
  return { reason: 'FieldValueRequired', message: `Required value${detail ? `: ${detail}` : ''}`, field };
}

export function invalidValue(field: string, value: unknown, detail: string): Cause {
  const shown = value === undefined ? 'null' : JSON.stringify(value);
  return { reason: 'FieldValueInvalid', message: `Invalid value: ${shown}: ${detail}`, field };
}

export function forbiddenField(field: string, detail: string): Cause {
  return { reason: 'FieldValueForbidden', message: `Forbidden: ${detail}`, field };
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): Cause {
  const list = supported.map((item) => `"${item}"`).join(', ');
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
  return { reason: 'FieldValueNotSupported', message, field };
}
