import { createHash } from 'node:crypto';
import type { AwsBackend, AwsRequest, AwsResponse } from '../../../src/sandbox/aws/front/handler.ts';

export interface MemoryS3 extends AwsBackend {
  /** By `bucket/key`. */
  readonly objects: Map<string, { body: Buffer; readonly headers: Readonly<Record<string, string>> }>;
  readonly buckets: Map<string, { readonly objectLock: boolean }>;
}

/** S3 as far as small objects and one page of a list go. */
export function createMemoryS3(buckets: Readonly<Record<string, { readonly objectLock: boolean }>>): MemoryS3 {
  const objects: MemoryS3['objects'] = new Map();
  const parts = new Map<string, Buffer[]>();
  const known = new Map(Object.entries(buckets));
  return {
    objects,
    buckets: known,
    async handle(request) {
      const [bucket = '', ...rest] = decodeURIComponent(request.path).slice(1).split('/');
      const key = rest.join('/');
      const found = known.get(bucket);
      if (!found) return refusal(404, 'NoSuchBucket', 'The specified bucket does not exist');
      if (request.method === 'POST' || request.query.has('uploadId') || request.query.has('uploads')) {
        return inParts(request, `${bucket}/${key}`);
      }
      if (request.method === 'PUT') return put(request, `${bucket}/${key}`, found.objectLock);
      if (request.method === 'DELETE') objects.delete(`${bucket}/${key}`);
      if (request.method === 'DELETE') return { status: 204, headers: {}, body: '' };
      if (key === '') return list(bucket, request.query.get('prefix') ?? '');
      const object = objects.get(`${bucket}/${key}`);
      if (!object) return refusal(404, 'NoSuchKey', 'The specified key does not exist.');
      const length = String(object.body.length);
      const headers = { ...object.headers, 'content-length': length, 'last-modified': new Date().toUTCString() };
      return { status: 200, headers, body: request.method === 'HEAD' ? '' : object.body };
    },
    close: async () => undefined,
  };

  async function put(request: AwsRequest, name: string, objectLock: boolean): Promise<AwsResponse> {
    const chunks: Buffer[] = [request.body];
    if (request.stream) for await (const chunk of request.stream as AsyncIterable<Buffer>) chunks.push(chunk);
    if (request.headers['x-amz-object-lock-mode'] !== undefined && !objectLock) {
      return refusal(400, 'InvalidRequest', 'Bucket is missing Object Lock Configuration');
    }
    const body = Buffer.concat(chunks);
    const asked = request.headers['x-amz-checksum-sha256'];
    if (asked !== undefined && asked !== createHash('sha256').update(body).digest('base64')) {
      return refusal(400, 'BadDigest', 'The SHA256 you specified did not match the calculated checksum.');
    }
    const kept = Object.entries(request.headers).filter(([header]) => header.startsWith('x-amz-'));
    objects.set(name, { body, headers: Object.fromEntries(kept.map(([header, value]) => [header, String(value)])) });
    return { status: 200, headers: {}, body: '' };
  }

  /** One upload for each key at a time. */
  async function inParts(request: AwsRequest, name: string): Promise<AwsResponse> {
    const { method, query } = request;
    const chunks: Buffer[] = [];
    if (request.stream) for await (const chunk of request.stream as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = (text: string): AwsResponse => ({
      status: 200,
      headers: { 'content-type': 'application/xml' },
      body: `<?xml version="1.0"?>${text}`,
    });
    if (method === 'GET') {
      const open = [...parts.keys()].map((each) => each.slice(each.indexOf('/') + 1));
      const rows = open.map((key) => `<Upload><Key>${key}</Key><UploadId>1</UploadId></Upload>`);
      return body(`<ListMultipartUploadsResult>${rows.join('')}</ListMultipartUploadsResult>`);
    }
    if (method === 'DELETE') {
      parts.delete(name);
      return { status: 204, headers: {}, body: '' };
    }
    if (query.has('uploads')) {
      parts.set(name, []);
      return body('<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>');
    }
    if (method === 'PUT') {
      const held = parts.get(name) ?? [];
      held[Number(query.get('partNumber'))] = Buffer.concat(chunks);
      return { status: 200, headers: { etag: '"1"' }, body: '' };
    }
    objects.set(name, { body: Buffer.concat((parts.get(name) ?? []).filter(Boolean)), headers: {} });
    parts.delete(name);
    return body('<CompleteMultipartUploadResult><ETag>"1"</ETag></CompleteMultipartUploadResult>');
  }

  function list(bucket: string, prefix: string): AwsResponse {
    const rows = [...objects].flatMap(([name, { body }]) => {
      const key = name.startsWith(`${bucket}/`) ? name.slice(bucket.length + 1) : undefined;
      if (key === undefined || !key.startsWith(prefix)) return [];
      return [`<Contents><Key>${key}</Key><Size>${body.length}</Size></Contents>`];
    });
    const body = `<?xml version="1.0"?><ListBucketResult>${rows.join('')}<IsTruncated>false</IsTruncated></ListBucketResult>`;
    return { status: 200, headers: { 'content-type': 'application/xml' }, body };
  }
}

function refusal(status: number, code: string, message: string): AwsResponse {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, body };
}
