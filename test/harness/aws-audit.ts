/** A door before the sandbox's AWS that writes down what IAM would be asked for every call. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IamRequest } from './iam-policy.ts';

const ACCOUNT = '123456789012';
const S3_BUCKET_PARTS: Readonly<Record<string, string>> = { uploads: 's3:ListBucketMultipartUploads' };

export interface AwsAudit {
  readonly url: string;
  readonly requests: readonly IamRequest[];
  close(): Promise<void>;
}

export async function startAwsAudit(target: string): Promise<AwsAudit> {
  const requests: IamRequest[] = [];
  const tags = new Map<string, Record<string, string>>();
  const server = createServer((asked, answer) => {
    const chunks: Buffer[] = [];
    asked.on('data', (chunk: Buffer) => chunks.push(chunk));
    asked.on('end', () => {
      const body = Buffer.concat(chunks);
      requests.push(...iamRequests(asked, body, tags));
      forward(target, asked, body, answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(target: string, asked: IncomingMessage, body: Buffer, answer: ServerResponse): void {
  const { method, headers } = asked;
  const onward = request(new URL(asked.url ?? '/', target), { method, headers }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(answer);
  });
  onward.on('error', () => answer.destroy());
  onward.end(body);
}

function iamRequests(
  asked: IncomingMessage,
  body: Buffer,
  tags: Map<string, Record<string, string>>,
): readonly IamRequest[] {
  const scope = /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\//.exec(asked.headers.authorization ?? '');
  const [, region = '', service = ''] = scope ?? [];
  switch (service) {
    case 'rds':
      return ofRds(region, new URLSearchParams(body.toString()), tags);
    case 's3':
      return ofS3(asked);
    case 'secretsmanager': {
      const { SecretId } = JSON.parse(body.toString()) as { SecretId: string };
      const action = `secretsmanager:${String(asked.headers['x-amz-target']).split('.').at(-1)}`;
      const resource = `arn:aws:secretsmanager:${region}:${ACCOUNT}:secret:${SecretId}-AbCdEf`;
      return [{ action, resources: [resource], context: {} }];
    }
    default:
      return [{ action: `${service}:?`, resources: ['*'], context: {} }];
  }
}

function ofRds(
  region: string,
  form: URLSearchParams,
  tags: Map<string, Record<string, string>>,
): readonly IamRequest[] {
  const operation = form.get('Action') ?? '?';
  const arn = (kind: string, name: string): string =>
    name.startsWith('arn:') ? name : `arn:aws:rds:${region}:${ACCOUNT}:${kind}:${name}`;
  const named = (kind: string, ...keys: readonly string[]): string[] =>
    keys.flatMap((key) => {
      const value = form.get(key);
      return value === null ? [] : [arn(kind, value)];
    });
  const given = tagsOf(form);
  const resources = operation.startsWith('Describe')
    ? ['*']
    : operation === 'StartExportTask'
      ? ['*']
      : [
          ...named('db', 'DBInstanceIdentifier'),
          ...named('snapshot', 'DBSnapshotIdentifier', 'SourceDBSnapshotIdentifier', 'TargetDBSnapshotIdentifier'),
          ...named('pg', 'DBParameterGroupName'),
          ...named('subgrp', 'DBSubnetGroupName'),
          ...named('any', 'ResourceName'),
        ];
  const context = {
    ...Object.fromEntries(Object.entries(given).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    ...(Object.keys(given).length > 0 && { 'aws:TagKeys': Object.keys(given) }),
  };
  const ofResource = Object.fromEntries(
    resources.map((resource) => [
      resource,
      Object.fromEntries(
        Object.entries(tags.get(resource) ?? {}).map(([key, value]) => [`aws:ResourceTag/${key}`, value]),
      ),
    ]),
  );
  const asked: IamRequest = { action: `rds:${operation}`, resources, context, ofResource };
  const made = newResource(operation, form, arn);
  if (made === undefined) return [asked];
  tags.set(made, { ...tags.get(made), ...given });
  // Tags that come with a creation ask for the right to tag, too.
  const tagging = { action: 'rds:AddTagsToResource', resources: [made], context };
  return operation === 'AddTagsToResource' ? [asked] : [asked, tagging];
}

function newResource(
  operation: string,
  form: URLSearchParams,
  arn: (kind: string, name: string) => string,
): string | undefined {
  switch (operation) {
    case 'CreateDBSnapshot':
      return arn('snapshot', form.get('DBSnapshotIdentifier') ?? '');
    case 'CopyDBSnapshot':
      return arn('snapshot', form.get('TargetDBSnapshotIdentifier') ?? '');
    case 'RestoreDBInstanceFromDBSnapshot':
      return arn('db', form.get('DBInstanceIdentifier') ?? '');
    case 'AddTagsToResource':
      return form.get('ResourceName') ?? '';
    default:
      return undefined;
  }
}

function tagsOf(form: URLSearchParams): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, key] of form) {
    const index = /^Tags\.\w+\.(\d+)\.Key$/.exec(name)?.[1];
    if (index !== undefined) found[key] = form.get(name.replace(/Key$/, 'Value')) ?? '';
  }
  return found;
}

function ofS3({ method = 'GET', url = '/', headers }: IncomingMessage): readonly IamRequest[] {
  const { pathname, searchParams } = new URL(url, 'http://s3');
  const [bucket = '', ...rest] = decodeURIComponent(pathname).slice(1).split('/');
  const key = rest.join('/');
  if (key === '') {
    const part = Object.keys(S3_BUCKET_PARTS).find((name) => searchParams.has(name));
    const action = part === undefined ? 's3:ListBucket' : (S3_BUCKET_PARTS[part] ?? '');
    return [{ action, resources: [`arn:aws:s3:::${bucket}`], context: {} }];
  }
  const resources = [`arn:aws:s3:::${bucket}/${key}`];
  const asked = (action: string): IamRequest => ({ action, resources, context: {} });
  switch (method) {
    case 'GET':
    case 'HEAD':
      return [asked('s3:GetObject')];
    case 'DELETE':
      return [asked(searchParams.has('uploadId') ? 's3:AbortMultipartUpload' : 's3:DeleteObject')];
    default:
      return [
        asked('s3:PutObject'),
        ...(headers['x-amz-object-lock-mode'] === undefined ? [] : [asked('s3:PutObjectRetention')]),
        ...(headers['x-amz-tagging'] === undefined ? [] : [asked('s3:PutObjectTagging')]),
      ];
  }
}
