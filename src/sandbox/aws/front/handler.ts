/** What the front of the sandbox's AWS hands to whoever plays a service, and what it takes back. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

export interface AwsRequest {
  /** Of the credential scope: `rds`, `s3`, `route53`, ... */
  readonly service: string;
  /** Of the credential scope: `eu-central-1`. */
  readonly region: string;
  readonly accessKeyId: string;
  /** `CreateDBInstance`, `PutObject`; for services whose protocol has no name in it the backend's, else method and path. */
  readonly operation: string;
  readonly method: string;
  /** As it was sent, percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** As sent, `?` included; empty without one. What forwards a request needs it unchanged: it is signed. */
  readonly search: string;
  readonly headers: IncomingHttpHeaders;
  /** The whole body; empty while `stream` is there. */
  readonly body: Buffer;
  /** The body unread, for services with large ones (s3): then `body` is empty. */
  readonly stream?: Readable;
  /** Ends when the caller went away or the sandbox closes. */
  readonly signal: AbortSignal;
}

export interface AwsResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** A stream is piped; one that fails cuts the connection. */
  readonly body: Buffer | string | Readable;
}

/** Answers one request. What it throws becomes an InternalFailure in the service's protocol. */
export type AwsHandler = (request: AwsRequest) => Promise<AwsResponse>;

/** One part that plays services. Started lazily by itself, at its first request. */
export interface AwsBackend {
  readonly handle: AwsHandler;
  /** Loads what names its operations, before the first of them is told; absent: nothing to load. */
  prepare?(): Promise<void>;
  /** Name of the operation, for services that tell it by method and path; undefined: not known. */
  operationOf?(request: {
    readonly service: string;
    readonly method: string;
    readonly path: string;
    readonly query: URLSearchParams;
  }): string | undefined;
  /** Ends what it started. May be called twice. */
  close(): Promise<void>;
}
