/**
 * Errors of AWS, by the code on the wire. The SDK names a modelled error of RDS `DBInstanceNotFoundFault` while its wire
 * code is `DBInstanceNotFound`, and leaves unmodelled ones (throttling) at their wire code: both spellings are one here.
 */
import { CodedError, isCoded } from './coded-error.ts';
import type { ErrorCode } from './codes.ts';

/** What an activity may have to tell apart within one code of ours. */
export type AwsErrorKind =
  | 'alreadyExists'
  | 'alreadyDeleting'
  | 'deletionProtected'
  | 'state'
  | 'quota'
  | 'capacity'
  | 'expiredCredentials'
  | 'noObjectLock'
  | 'absent';

export interface AwsErrorDetails {
  readonly awsCode: string;
  readonly kind?: AwsErrorKind;
}

export interface AwsCall {
  /** `rds` */
  readonly service: string;
  /** `CreateDBSnapshot` */
  readonly operation: string;
  /** `snapshot mainstay-production-crm-...` */
  readonly object: string;
  readonly region: string;
  /** True when the call changes something. */
  readonly write: boolean;
}

export interface AwsRefusal {
  /** Wire code, or the SDK's name for it. */
  readonly code: string;
  readonly status: number | undefined;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
}

export interface ClassifiedAwsError {
  readonly code: ErrorCode;
  /** `CreateDBSnapshot snapshot x in eu-central-1: SnapshotQuotaExceeded: ...` */
  readonly message: string;
  readonly retryAfterMs: number | undefined;
  readonly details: AwsErrorDetails;
}

const THROTTLED = new Set([
  'Throttling',
  'Throttled',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'BandwidthLimitExceeded',
  'SlowDown',
  'PriorRequestNotComplete',
  'TooManyRequestsException',
  'TooManyRequests',
  'ProvisionedThroughputExceededException',
  'EC2ThrottledException',
  'LimitExceededException',
]);
const FORBIDDEN = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'AuthFailure',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'MissingAuthenticationToken',
  'NotAuthorized',
  'OptInRequired',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'IncompleteSignature',
  'UnauthorizedOperation',
  'UnrecognizedClientException',
  'KMSAccessDenied',
  'AllAccessDisabled',
  'AccountProblem',
]);
const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired']);
const STATE =
  /^Invalid(DBInstance|DBSnapshot|DBClusterSnapshot|DBCluster|ExportSource|ExportTask|DBInstanceAutomatedBackup|GlobalCluster)?State$/;
const QUOTA = /(QuotaExceeded|LimitExceeded|^TooMany(Buckets|Parts))/;
const CAPACITY = /^(InsufficientDBInstanceCapacity|InsufficientStorageClusterCapacity|InsufficientDBClusterCapacity)$/;
const ABSENT = /(NotFound|^NoSuch(Key|Bucket|Version|Upload|Entity|HostedZone|Change)|^ResourceNotFoundException$)/;
const EXISTS = /(AlreadyExists|^ResourceExistsException$|^EntityAlreadyExists$|^BucketAlreadyOwnedByYou$)/;
const PRECONDITION = new Set([
  'PreconditionFailed',
  'DBSubnetGroupDoesNotCoverEnoughAZs',
  'IamRoleMissingPermissions',
  'InvalidS3Bucket',
  'InvalidRestore',
  'InvalidVPCNetworkState',
  'KMSKeyNotAccessible',
  'InvalidSubnet',
  'PointInTimeRestoreNotEnabled',
  'ProvisionedIopsNotAvailableInAZ',
  'SourceDatabaseNotSupported',
  'StorageTypeNotSupported',
  'StorageTypeNotAvailable',
  'InvalidObjectState',
  'DecryptionFailure',
]);
const INVALID =
  /^(Invalid(Parameter|Argument|Request|Bucket|Tag|URI|Input|Storage)|ValidationError|MissingParameter|MalformedXML|MalformedQueryString|InvalidAction|InvalidQueryParameter|UnknownOperation|KeyTooLong|EntityTooLarge)/;

/** A reply that is an error. Pure. */
export function classifyAwsRefusal(call: AwsCall, refusal: AwsRefusal): ClassifiedAwsError {
  const bare = bareCode(refusal.code);
  const { code, kind } = meaning(call, refusal, bare);
  const unsure = code === 'OutcomeUnknown' ? ' (the call may have taken effect)' : '';
  const said = shorten(refusal.message);
  return {
    code,
    message: `${prefix(call)}: ${bare}${said && said !== bare ? `: ${said}` : ''}${unsure}`,
    retryAfterMs: refusal.retryAfterMs,
    details: { awsCode: bare, ...(kind && { kind }) },
  };
}

/** No whole reply arrived. Pure. */
export function classifyAwsLoss(
  call: AwsCall,
  loss: { readonly kind: 'refused' | 'lost' | 'timeout' | 'garbled'; readonly message: string },
): ClassifiedAwsError {
  const unsure = call.write && loss.kind !== 'refused';
  const code: ErrorCode = unsure ? 'OutcomeUnknown' : LOSS_CODES[loss.kind];
  const note = unsure ? ' (the call may have taken effect)' : '';
  return {
    code,
    message: `${prefix(call)}: no answer: ${shorten(loss.message)}${note}`,
    retryAfterMs: undefined,
    details: { awsCode: `no answer (${loss.kind})` },
  };
}

/** What the SDK threw, as an error of ours. Pure; an error that is none of AWS's or the network's is a bug and stays one. */
export function classifyAwsError(call: AwsCall, error: unknown): ClassifiedAwsError | undefined {
  if (!(error instanceof Error)) return undefined;
  const read = error as Error & SdkErrorFields;
  const status = read.$metadata?.httpStatusCode ?? read.$response?.statusCode;
  const system = systemCode(read);
  if (system !== undefined) return classifyAwsLoss(call, { kind: system, message: read.message || read.name });
  if (read.name === 'CredentialsProviderError' || read.name === 'TokenProviderError') {
    return classifyAwsRefusal(call, { code: 'MissingAuthenticationToken', status: undefined, message: read.message });
  }
  if (status === undefined) return undefined;
  // A 2xx that cannot be read: what was asked for may well have been done.
  if (status < 300) return classifyAwsLoss(call, { kind: 'garbled', message: `${status}, but ${read.message}` });
  if (read.name === 'SyntaxError' || (read.Code === undefined && read.name === 'Error')) {
    return classifyAwsRefusal(call, { code: `HTTP ${status}`, status, message: '' });
  }
  const code = textOf(read.Code) ?? textOf(read.code) ?? read.name;
  return classifyAwsRefusal(call, {
    code: code === 'Unknown' || code === 'UnknownError' ? `HTTP ${status}` : code,
    status,
    message: read.message,
    retryAfterMs: retryAfterOf(read.$response?.headers),
  });
}

/** As what is thrown; cancellations and bugs pass unchanged. */
export function awsErrorOf(call: AwsCall, error: unknown): Error {
  const classified = classifyAwsError(call, error);
  if (classified === undefined) return error instanceof Error ? error : new Error(String(error));
  const { code, message, retryAfterMs, details } = classified;
  return new CodedError(code, message, { retryAfterMs, details });
}

/** Which kind an error of ours is of, where it came from AWS. */
export function awsKindOf(error: unknown): AwsErrorKind | undefined {
  if (!isCoded(error)) return undefined;
  const { details } = error;
  if (typeof details !== 'object' || details === null || !('awsCode' in details)) return undefined;
  return (details as AwsErrorDetails).kind;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly kind?: AwsErrorKind;
}

function meaning(call: AwsCall, { status, message }: AwsRefusal, bare: string): Meaning {
  if (THROTTLED.has(bare) || status === 429) return { code: 'Throttled' };
  // Read again from their provider at the next attempt; nothing was done.
  if (EXPIRED.has(bare)) return { code: 'Unavailable', kind: 'expiredCredentials' };
  if (FORBIDDEN.has(bare)) return { code: 'Forbidden' };
  if (STATE.test(bare)) return { code: 'NotReady', kind: isDeleting(message) ? 'alreadyDeleting' : 'state' };
  if (EXISTS.test(bare)) return { code: 'PreconditionFailed', kind: 'alreadyExists' };
  if (CAPACITY.test(bare)) return { code: 'PreconditionFailed', kind: 'capacity' };
  if (QUOTA.test(bare)) return { code: 'PreconditionFailed', kind: 'quota' };
  if (ABSENT.test(bare)) return { code: 'NotFound', kind: 'absent' };
  if (/deletion protection/i.test(message) && bare === 'InvalidParameterCombination') {
    return { code: 'NotReady', kind: 'deletionProtected' };
  }
  if (/object lock configuration/i.test(message)) return { code: 'PreconditionFailed', kind: 'noObjectLock' };
  if (PRECONDITION.has(bare)) return { code: 'PreconditionFailed' };
  if (bare === 'OperationAborted' || bare === 'ConditionalRequestConflict') return { code: 'Conflict' };
  if (bare === 'RequestTimeout') return { code: call.write ? 'OutcomeUnknown' : 'Timeout' };
  if (status !== undefined && status >= 500) return { code: call.write ? 'OutcomeUnknown' : 'Unavailable' };
  if (INVALID.test(bare)) return { code: 'InvalidInput' };
  return byStatus(call, status);
}

function byStatus(call: AwsCall, status: number | undefined): Meaning {
  switch (status) {
    case 400:
      return { code: 'InvalidInput' };
    case 401:
    case 403:
      return { code: 'Forbidden' };
    case 404:
      return { code: 'NotFound', kind: 'absent' };
    case 408:
      return { code: call.write ? 'OutcomeUnknown' : 'Timeout' };
    case 409:
      return { code: 'Conflict' };
    case 412:
      return { code: 'PreconditionFailed' };
    default:
      return { code: 'BadResponse' };
  }
}

/** `Foo` of `FooFault`; `Exception` stays, it is part of the wire code of JSON services. */
function bareCode(code: string): string {
  const last = code.split('#').at(-1) ?? code;
  return last.endsWith('Fault') ? last.slice(0, -'Fault'.length) : last;
}

function isDeleting(message: string): boolean {
  return /already being deleted|is being deleted|currently being deleted/i.test(message);
}

function prefix({ operation, object, region }: AwsCall): string {
  return `${operation} ${object} in ${region}`;
}

function shorten(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length > 400 ? `${line.slice(0, 400)}...` : line;
}

interface SdkErrorFields {
  readonly Code?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
}

const LOSS_CODES = {
  refused: 'Unavailable',
  lost: 'Unavailable',
  timeout: 'Timeout',
  garbled: 'BadResponse',
} as const satisfies Record<string, ErrorCode>;

/** Codes with which the request cannot have reached the server. */
const REFUSED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL']);
const LOST = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE', 'HPE_INVALID_CONSTANT']);

function systemCode(error: Error & SdkErrorFields): 'refused' | 'lost' | 'timeout' | undefined {
  const code = textOf(error.code) ?? textOf((error.cause as SdkErrorFields | undefined)?.code);
  if (code !== undefined && REFUSED.has(code)) return 'refused';
  if (code !== undefined && LOST.has(code)) return 'lost';
  if (error.name === 'TimeoutError' || code === 'ETIMEDOUT') {
    return /establish|connect ETIMEDOUT/i.test(error.message) ? 'refused' : 'timeout';
  }
  if (error.message === 'socket hang up' || error.message === 'aborted') return 'lost';
  return undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function retryAfterOf(headers: Readonly<Record<string, string>> | undefined): number | undefined {
  const text = headers?.['retry-after'];
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  return Number(text) * 1000;
}
