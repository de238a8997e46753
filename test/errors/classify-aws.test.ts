import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createObjectStore } from '../../src/clients/aws/object-store.ts';
import { createRdsClient } from '../../src/clients/aws/rds-client.ts';
import { awsKindOf, classifyAwsLoss, classifyAwsRefusal } from '../../src/errors/classify-aws.ts';
import { type CodedError, isCoded } from '../../src/errors/coded-error.ts';

const read = { service: 'rds', operation: 'Describe', object: 'instance x', region: 'eu-central-1', write: false };
const write = { ...read, operation: 'Create', write: true };

describe('classifyAwsRefusal', () => {
  it.each([
    // Too fast, in every service's own words.
    { code: 'Throttling', status: 400, is: 'Throttled' },
    { code: 'ThrottlingException', status: 400, is: 'Throttled' },
    { code: 'RequestLimitExceeded', status: 503, is: 'Throttled' },
    { code: 'SlowDown', status: 503, is: 'Throttled' },
    { code: 'PriorRequestNotComplete', status: 400, is: 'Throttled' },
    { code: 'TooManyRequestsException', status: 429, is: 'Throttled' },
    // There, not there.
    { code: 'DBInstanceNotFound', status: 404, is: 'NotFound', kind: 'absent' },
    { code: 'DBInstanceNotFoundFault', status: 404, is: 'NotFound', kind: 'absent' },
    { code: 'DBSnapshotNotFoundFault', status: 404, is: 'NotFound', kind: 'absent' },
    { code: 'DBInstanceAutomatedBackupNotFound', status: 404, is: 'NotFound', kind: 'absent' },
    { code: 'NoSuchKey', status: 404, is: 'NotFound', kind: 'absent' },
    { code: 'NoSuchBucket', status: 404, is: 'NotFound', kind: 'absent' },
    { code: 'NotFound', status: 404, is: 'NotFound', kind: 'absent' },
    { code: 'ResourceNotFoundException', status: 400, is: 'NotFound', kind: 'absent' },
    { code: 'DBInstanceAlreadyExists', status: 400, is: 'PreconditionFailed', kind: 'alreadyExists' },
    { code: 'DBInstanceAlreadyExistsFault', status: 400, is: 'PreconditionFailed', kind: 'alreadyExists' },
    { code: 'DBSnapshotAlreadyExists', status: 400, is: 'PreconditionFailed', kind: 'alreadyExists' },
    { code: 'ExportTaskAlreadyExists', status: 400, is: 'PreconditionFailed', kind: 'alreadyExists' },
    // Not yet.
    { code: 'InvalidDBInstanceState', status: 400, is: 'NotReady', kind: 'state' },
    { code: 'InvalidDBInstanceStateFault', status: 400, is: 'NotReady', kind: 'state' },
    { code: 'InvalidDBSnapshotState', status: 400, is: 'NotReady', kind: 'state' },
    { code: 'InvalidExportSourceState', status: 400, is: 'NotReady', kind: 'state' },
    {
      code: 'InvalidDBInstanceState',
      status: 400,
      message: 'Instance x is already being deleted.',
      is: 'NotReady',
      kind: 'alreadyDeleting',
    },
    {
      code: 'InvalidParameterCombination',
      status: 400,
      message: 'Cannot delete protected DB Instance, please disable deletion protection and try again.',
      is: 'NotReady',
      kind: 'deletionProtected',
    },
    { code: 'InvalidParameterCombination', status: 400, is: 'InvalidInput' },
    // Full.
    { code: 'InstanceQuotaExceeded', status: 400, is: 'PreconditionFailed', kind: 'quota' },
    { code: 'InstanceQuotaExceededFault', status: 400, is: 'PreconditionFailed', kind: 'quota' },
    { code: 'SnapshotQuotaExceeded', status: 400, is: 'PreconditionFailed', kind: 'quota' },
    { code: 'StorageQuotaExceeded', status: 400, is: 'PreconditionFailed', kind: 'quota' },
    { code: 'InsufficientDBInstanceCapacity', status: 400, is: 'PreconditionFailed', kind: 'capacity' },
    { code: 'KMSKeyNotAccessibleFault', status: 400, is: 'PreconditionFailed' },
    { code: 'DBSubnetGroupDoesNotCoverEnoughAZs', status: 400, is: 'PreconditionFailed' },
    { code: 'IamRoleMissingPermissions', status: 400, is: 'PreconditionFailed' },
    {
      code: 'InvalidRequest',
      status: 400,
      message: 'Bucket is missing Object Lock Configuration',
      is: 'PreconditionFailed',
      kind: 'noObjectLock',
    },
    // Who are you?
    { code: 'AccessDenied', status: 403, is: 'Forbidden' },
    { code: 'AccessDeniedException', status: 400, is: 'Forbidden' },
    { code: 'SignatureDoesNotMatch', status: 403, is: 'Forbidden' },
    { code: 'InvalidClientTokenId', status: 403, is: 'Forbidden' },
    { code: 'ExpiredToken', status: 403, is: 'Unavailable', kind: 'expiredCredentials' },
    { code: 'ExpiredTokenException', status: 400, is: 'Unavailable', kind: 'expiredCredentials' },
    // The rest.
    { code: 'InternalFailure', status: 500, is: 'Unavailable', ofWrite: 'OutcomeUnknown' },
    { code: 'InternalError', status: 500, is: 'Unavailable', ofWrite: 'OutcomeUnknown' },
    { code: 'ServiceUnavailable', status: 503, is: 'Unavailable', ofWrite: 'OutcomeUnknown' },
    { code: 'RequestTimeout', status: 400, is: 'Timeout', ofWrite: 'OutcomeUnknown' },
    { code: 'HTTP 502', status: 502, is: 'Unavailable', ofWrite: 'OutcomeUnknown' },
    { code: 'OperationAborted', status: 409, is: 'Conflict' },
    { code: 'InvalidParameterValue', status: 400, is: 'InvalidInput' },
    { code: 'ValidationError', status: 400, is: 'InvalidInput' },
    { code: 'SomethingNew', status: 400, is: 'InvalidInput' },
    { code: 'SomethingNew', status: 418, is: 'BadResponse' },
  ])('$code $status is $is', ({ code, status, message = 'said so', is, kind, ofWrite }) => {
    const asRead = classifyAwsRefusal(read, { code, status, message });
    expect(asRead).toMatchObject({ code: is, details: { ...(kind && { kind }) } });
    expect(asRead.details.kind).toBe(kind);
    expect(asRead.message).toContain('Describe instance x in eu-central-1');
    expect(classifyAwsRefusal(write, { code, status, message }).code).toBe(ofWrite ?? is);
  });
});

describe('classifyAwsLoss', () => {
  it.each([
    { kind: 'refused', ofRead: 'Unavailable', ofWrite: 'Unavailable' },
    { kind: 'lost', ofRead: 'Unavailable', ofWrite: 'OutcomeUnknown' },
    { kind: 'timeout', ofRead: 'Timeout', ofWrite: 'OutcomeUnknown' },
    { kind: 'garbled', ofRead: 'BadResponse', ofWrite: 'OutcomeUnknown' },
  ] as const)('$kind', ({ kind, ofRead, ofWrite }) => {
    expect(classifyAwsLoss(read, { kind, message: 'x' }).code).toBe(ofRead);
    expect(classifyAwsLoss(write, { kind, message: 'x' }).code).toBe(ofWrite);
  });
});

/** The SDK's own error objects, from replies on the wire. */
describe('the clients', () => {
  let server: Server;
  let endpoint: string;
  let reply: (response: ServerResponse) => void = () => undefined;
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };

  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume();
      request.on('end', () => reply(response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const xml = (status: number, code: string, message = 'said so', headers: Record<string, string> = {}) => {
    reply = (response) => {
      response.writeHead(status, { 'content-type': 'text/xml', ...headers });
      response.end(
        `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
      );
    };
  };
  const rds = () => createRdsClient('eu-central-1', { endpoint, credentials });
  const s3 = () => createObjectStore('eu-central-1', { endpoint, credentials });

  async function errorOf(call: Promise<unknown>): Promise<CodedError> {
    const error: unknown = await call.then(
      () => new Error('expected a refusal, found an answer'),
      (reason: unknown) => reason,
    );
    if (isCoded(error)) return error;
    throw error;
  }
  const create = () => rds().createSnapshot({ identifier: 's', instance: 'crm', tags: {} });

  it('answer undefined for what is not there, whatever the SDK calls the error', async () => {
    xml(404, 'DBInstanceNotFound');
    expect(await rds().findInstance('x')).toBeUndefined();
    xml(404, 'DBSnapshotNotFound');
    expect(await rds().findSnapshot('x')).toBeUndefined();
    reply = (response) => response.writeHead(404).end();
    expect(await s3().head({ bucket: 'b', key: 'k' })).toBeUndefined();
  });
  it.each([
    { code: 'DBSnapshotAlreadyExists', status: 400, is: 'PreconditionFailed', kind: 'alreadyExists' },
    { code: 'SnapshotQuotaExceeded', status: 400, is: 'PreconditionFailed', kind: 'quota' },
    { code: 'InvalidDBInstanceState', status: 400, is: 'NotReady', kind: 'state' },
    { code: 'DBInstanceNotFound', status: 404, is: 'NotFound', kind: 'absent' },
    { code: 'Throttling', status: 400, is: 'Throttled', kind: undefined },
    { code: 'InternalFailure', status: 500, is: 'OutcomeUnknown', kind: undefined },
    { code: 'AccessDenied', status: 403, is: 'Forbidden', kind: undefined },
  ])('tell $code on the wire as $is', async ({ code, status, is, kind }) => {
    xml(status, code);
    const error = await errorOf(create());
    expect(error.code).toBe(is);
    expect(awsKindOf(error)).toBe(kind);
    expect(error.message).toMatch(new RegExp(`^CreateDBSnapshot snapshot s of crm in eu-central-1: ${code}: said so`));
  });
  it('heed Retry-After', async () => {
    xml(400, 'Throttling', 'Rate exceeded', { 'retry-after': '7' });
    expect((await errorOf(rds().listInstances())).retryAfterMs).toBe(7000);
  });
  it('ask once: nobody repeats a call behind our back', async () => {
    let asked = 0;
    reply = (response) => {
      asked += 1;
      response.writeHead(500).end();
    };
    await errorOf(rds().listInstances());
    expect(asked).toBe(1);
  });
  it('tell a page of a proxy, a cut connection and a reply that is none', async () => {
    reply = (response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<html>bad gateway</html>');
    expect((await errorOf(rds().listInstances())).code).toBe('Unavailable');
    expect((await errorOf(create())).code).toBe('OutcomeUnknown');
    reply = (response) => response.destroy();
    expect((await errorOf(rds().listInstances())).code).toBe('Unavailable');
    expect((await errorOf(create())).code).toBe('OutcomeUnknown');
    reply = (response) => response.writeHead(200, { 'content-type': 'text/xml' }).end('<oops');
    expect((await errorOf(create())).code).toBe('OutcomeUnknown');
  });
  it('know that a server that is not there has done nothing', async () => {
    const nobody = createRdsClient('eu-central-1', { endpoint: 'http://127.0.0.1:9', credentials });
    const error = await errorOf(nobody.createSnapshot({ identifier: 's', instance: 'crm', tags: {} }));
    expect(error.code).toBe('Unavailable');
  });
  it('are cancelled by the reason of the signal', async () => {
    reply = () => undefined;
    const stop = new AbortController();
    const reason = new Error('CANCELLED');
    setTimeout(() => stop.abort(reason), 30);
    await expect(rds().listInstances(stop.signal)).rejects.toBe(reason);
  });
  it('refuse an object that was changed, or is larger than asked for', async () => {
    reply = (response) => response.writeHead(200).end('other bytes');
    expect((await errorOf(s3().get({ bucket: 'b', key: 'k', sha256: 'ab'.repeat(32) }))).message).toMatch(
      /expected sha256 abab.*: it was changed/,
    );
    expect((await errorOf(s3().get({ bucket: 'b', key: 'k', maxBytes: 4 }))).message).toMatch(/at most 4 bytes/);
  });
});
