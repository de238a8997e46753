/** What a request asks for, told by body, header, or method and path, as each protocol has it. */
import type { IncomingHttpHeaders } from 'node:http';

interface Asked {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** `CreateDBInstance` of a form, `GetSecretValue` of a JSON target, `PutObject` of S3; undefined for other REST services. */
export function operationName({ service, method, path, query, headers, body }: Asked): string | undefined {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.slice(target.lastIndexOf('.') + 1);
  if (service === 's3') return s3Operation(method, path, query, headers);
  const action = query.get('Action');
  if (action) return action;
  if (!isForm(headers)) return undefined;
  return /(?:^|&)Action=([A-Za-z0-9]+)/.exec(body.toString('latin1'))?.[1];
}

export function isForm(headers: IncomingHttpHeaders): boolean {
  return (headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
}

/** Subresources of a bucket or object that are operations of their own: `?versioning` with GET is GetBucketVersioning. */
const BUCKET_PARTS: Readonly<Record<string, string>> = {
  acl: 'Acl',
  cors: 'Cors',
  encryption: 'Encryption',
  lifecycle: 'LifecycleConfiguration',
  location: 'Location',
  notification: 'NotificationConfiguration',
  policy: 'Policy',
  publicAccessBlock: 'PublicAccessBlock',
  replication: 'Replication',
  tagging: 'Tagging',
  versioning: 'Versioning',
};
const OBJECT_PARTS: Readonly<Record<string, string>> = {
  acl: 'Acl',
  'legal-hold': 'LegalHold',
  retention: 'Retention',
  tagging: 'Tagging',
};
const VERBS: Readonly<Record<string, string>> = { GET: 'Get', PUT: 'Put', DELETE: 'Delete', HEAD: 'Head' };

function s3Operation(method: string, path: string, query: URLSearchParams, headers: IncomingHttpHeaders): string {
  const [, bucket = '', ...rest] = path.split('/');
  const verb = VERBS[method] ?? method;
  if (bucket === '') return 'ListBuckets';
  return rest.join('/') === '' ? bucketOperation(verb, query) : objectOperation(verb, query, headers);
}

function bucketOperation(verb: string, query: URLSearchParams): string {
  if (query.has('publicAccessBlock')) return `${verb}PublicAccessBlock`;
  for (const [part, name] of Object.entries(BUCKET_PARTS)) if (query.has(part)) return `${verb}Bucket${name}`;
  if (query.has('object-lock')) return `${verb}ObjectLockConfiguration`;
  if (query.has('delete')) return 'DeleteObjects';
  if (query.has('uploads')) return 'ListMultipartUploads';
  if (query.has('versions')) return 'ListObjectVersions';
  if (verb === 'Put') return 'CreateBucket';
  if (verb !== 'Get') return `${verb}Bucket`;
  return query.has('list-type') ? 'ListObjectsV2' : 'ListObjects';
}

function objectOperation(verb: string, query: URLSearchParams, headers: IncomingHttpHeaders): string {
  for (const [part, name] of Object.entries(OBJECT_PARTS)) if (query.has(part)) return `${verb}Object${name}`;
  if (query.has('uploads')) return 'CreateMultipartUpload';
  if (query.has('uploadId')) {
    if (verb === 'Put') return headers['x-amz-copy-source'] ? 'UploadPartCopy' : 'UploadPart';
    if (verb === 'POST') return 'CompleteMultipartUpload';
    return verb === 'Delete' ? 'AbortMultipartUpload' : 'ListParts';
  }
  if (verb === 'Put' && headers['x-amz-copy-source']) return 'CopyObject';
  return `${verb}Object`;
}
