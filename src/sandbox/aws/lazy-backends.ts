/** Parts that start when they are first asked. */
import type { AwsBackend, AwsRequest } from './front/handler.ts';

export interface WantedBucket {
  readonly region: string;
  readonly name: string;
}

/** Route 53 and, for everything else, moto, in which the buckets are made as soon as it runs. */
export function otherServices(
  stateDir: string,
  clockFactor: number,
  buckets: readonly WantedBucket[],
): Readonly<Record<string, AwsBackend>> {
  return {
    route53: lazily(async () => (await import('./route53/start-route53.ts')).createRoute53({ clockFactor })),
    default: lazily(async () =>
      withBuckets((await import('./moto/moto-proxy.ts')).createMotoProxy({ stateDir }), buckets),
    ),
  };
}

/** A backend that is made at its first request. Names of operations are told by it once it is there. */
function lazily(make: () => Promise<AwsBackend>): AwsBackend {
  let making: Promise<AwsBackend> | undefined;
  let made: AwsBackend | undefined;
  const get = async (): Promise<AwsBackend> => {
    making ??= make();
    made = await making;
    return made;
  };
  return {
    prepare: async () => void (await get()),
    handle: async (request) => (await get()).handle(request),
    operationOf: (request) => made?.operationOf?.(request),
    close: async () => (await making)?.close(),
  };
}

/** What an S3 error says, on one line. */
function messageIn(body: unknown): string {
  if (typeof body !== 'string') return 'no text';
  return (/<Message>([^<]*)<\/Message>/.exec(body)?.[1] ?? body).replaceAll(/\s+/g, ' ').trim();
}

/** Makes the buckets before the first request; a failure is told to whoever asked, and tried again. */
function withBuckets(backend: AwsBackend, buckets: readonly WantedBucket[]): AwsBackend {
  let making: Promise<void> | undefined;
  const make = async (): Promise<void> => {
    for (const bucket of buckets) {
      const { status, body } = await backend.handle(createBucket(bucket));
      // Made by an attempt before this one.
      if (status < 300 || status === 409) continue;
      throw new Error(`bucket ${bucket.name}: answered ${status}: ${messageIn(body)}`);
    }
  };
  return {
    ...backend,
    async handle(request) {
      making ??= make();
      await making.catch((error: unknown) => {
        making = undefined;
        throw error;
      });
      return backend.handle(request);
    },
  };
}

function createBucket({ region, name }: WantedBucket): AwsRequest {
  const body = Buffer.from(
    `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`,
  );
  const accessKeyId = 'AKIDSANDBOX';
  const scope = `${accessKeyId}/20260101/${region}/s3/aws4_request`;
  return {
    service: 's3',
    region,
    accessKeyId,
    operation: 'CreateBucket',
    method: 'PUT',
    path: `/${name}`,
    query: new URLSearchParams(),
    search: '',
    headers: {
      host: `s3.${region}.amazonaws.com`,
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
      'content-type': 'application/xml',
      'content-length': String(body.length),
    },
    body,
    signal: new AbortController().signal,
  };
}
