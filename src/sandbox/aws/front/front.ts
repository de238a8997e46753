/** The one endpoint: reads whom a request is for, strikes it with the faults that are on, and hands it over. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type Listening, listenOnLoopback } from '../../http/listen.ts';
import { type CredentialScope, credentialScope } from './credential-scope.ts';
import { errorReply, throttlingOf } from './error-reply.ts';
import type { AwsFaultRule, AwsFaults } from './fault-rules.ts';
import type { AwsBackend, AwsRequest, AwsResponse } from './handler.ts';
import { isForm, operationName } from './operation-name.ts';
import type { AwsRequestLog } from './request-log.ts';

export interface FrontOptions {
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** By service of the credential scope; `default` takes every other. */
  readonly backends: Readonly<Record<string, AwsBackend>>;
  readonly faults: AwsFaults;
  readonly log: AwsRequestLog;
  readonly reportProblem: (part: string, problem: Error) => void;
}

/** Larger bodies are of services that stream. */
const BODY_LIMIT_BYTES = 64 * 1024 * 1024;
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'trailer']);

/** Serves until it is closed; requests under way are cut then. */
export async function startFront(options: FrontOptions): Promise<Listening> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      response.destroy();
      if (request.destroyed) return;
      options.reportProblem('aws', error instanceof Error ? error : new Error(String(error)));
    });
  });
  return listenOnLoopback(server, options.port);
}

interface Outcome {
  readonly reply: AwsResponse;
  /** The reply is not sent: the connection is cut. */
  readonly isLost: boolean;
}

async function answer(options: FrontOptions, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? '/', 'http://aws');
  const scope = credentialScope(incoming.headers, url.searchParams);
  const requestId = randomUUID();
  if (scope === undefined || scope === 'malformed') {
    // Only a form or a target tells that it is not S3.
    const service = isForm(incoming.headers) || incoming.headers['x-amz-target'] ? '' : 's3';
    const refusal = unsigned(scope, service, incoming, requestId);
    note(
      options,
      incoming,
      { accessKeyId: '', region: '', service: 'unknown' },
      url.pathname,
      url.pathname,
      refusal,
      0,
    );
    return send(response, incoming, refusal);
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the caller went away')));
  const isStreamed = scope.service === 's3';
  const body = isStreamed ? Buffer.alloc(0) : await readBody(incoming);
  if (!isStreamed) await backendFor(options.backends, scope.service)?.prepare?.();
  const request = describe(options, incoming, scope, url, body, gone.signal);
  const faults = options.faults.strike(request);
  const { reply, isLost } = await outcome(options, request, faults, requestId);
  note(options, incoming, scope, request.operation, resourceOf(request), reply, isLost ? 0 : reply.status);
  if (!isLost) return send(response, incoming, reply);
  // Whoever streams is let finish: the effect is there, the answer is not.
  if (reply.body instanceof Readable) for await (const _ of reply.body) void _;
  incoming.socket.destroy();
}

function describe(
  { backends }: FrontOptions,
  incoming: IncomingMessage,
  scope: CredentialScope,
  url: URL,
  body: Buffer,
  signal: AbortSignal,
): AwsRequest {
  const { method = 'GET', headers } = incoming;
  const [path = '/'] = (incoming.url ?? '/').split('?', 1);
  const asked = { service: scope.service, method, path, query: url.searchParams, headers, body };
  const operation =
    operationName(asked) ?? backendFor(backends, scope.service)?.operationOf?.(asked) ?? `${method} ${path}`;
  const stream = scope.service === 's3' ? { stream: incoming } : {};
  return {
    ...scope,
    operation,
    method,
    path,
    query: url.searchParams,
    search: url.search,
    headers,
    body,
    ...stream,
    signal,
  };
}

function backendFor(backends: FrontOptions['backends'], service: string): AwsBackend | undefined {
  return Object.hasOwn(backends, service) ? backends[service] : backends.default;
}

async function outcome(
  options: FrontOptions,
  request: AwsRequest,
  faults: readonly AwsFaultRule[],
  requestId: string,
): Promise<Outcome> {
  const refuse = (status: number, code: string, message: string): Outcome => {
    request.stream?.resume();
    return { reply: errorReply({ ...request, status, code, message, requestId }), isLost: false };
  };
  let isLost = false;
  for (const fault of faults) {
    if (fault.mode === 'delay') await delay(fault.delayMs, undefined, { signal: request.signal });
  }
  for (const fault of faults) {
    if (fault.mode === 'throttle') {
      const { code, status } = throttlingOf(request.service, request.headers);
      return refuse(status, code, 'Rate exceeded');
    }
    if (fault.mode === 'error') {
      const { status = 500, code = 'InternalFailure', message = 'an injected fault' } = fault;
      return refuse(status, code, message);
    }
    if (fault.mode === 'lostReply') isLost = true;
  }
  const backend = backendFor(options.backends, request.service);
  if (!backend) return refuse(400, 'UnknownService', `the sandbox has no service ${request.service}`);
  try {
    return { reply: await backend.handle(request), isLost };
  } catch (error) {
    const problem = error instanceof Error ? error : new Error(String(error));
    if (!request.signal.aborted) options.reportProblem(`aws ${request.service} ${request.operation}`, problem);
    return { ...refuse(500, 'InternalFailure', problem.message), isLost };
  }
}

function unsigned(
  scope: 'malformed' | undefined,
  service: string,
  { headers }: IncomingMessage,
  requestId: string,
): AwsResponse {
  const [status, code, message] =
    scope === 'malformed'
      ? ([400, 'IncompleteSignature', 'Authorization header requires a Credential scope of five parts'] as const)
      : ([403, 'MissingAuthenticationToken', 'Request is missing Authentication Token'] as const);
  return errorReply({ service, headers, status, code, message, requestId });
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT_BYTES) throw new Error(`a request body is larger than ${BODY_LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function send(response: ServerResponse, incoming: IncomingMessage, reply: AwsResponse): Promise<void> {
  if (response.destroyed) return;
  for (const [name, value] of Object.entries(reply.headers)) {
    if (!HOP_BY_HOP.has(name.toLowerCase())) response.setHeader(name, value);
  }
  // A body that nobody read would be taken for the next request.
  if (!incoming.readableEnded && !incoming.complete) response.setHeader('connection', 'close');
  response.statusCode = reply.status;
  if (reply.body instanceof Readable) {
    if (incoming.method === 'HEAD') {
      reply.body.resume();
      response.end();
      return;
    }
    return pipeline(reply.body, response);
  }
  const bytes = Buffer.isBuffer(reply.body) ? reply.body : Buffer.from(reply.body);
  if (!response.hasHeader('content-length')) response.setHeader('content-length', bytes.length);
  response.end(incoming.method === 'HEAD' ? undefined : bytes);
}

function note(
  { log }: FrontOptions,
  { headers }: IncomingMessage,
  { service, region, accessKeyId }: CredentialScope,
  operation: string,
  resource: string,
  reply: AwsResponse,
  status: number,
): void {
  const code = reply.status >= 400 ? codeOf(reply.body) : undefined;
  const userAgent = headers['user-agent'] ?? '';
  const entry = { atMs: Date.now(), service, operation, region, accessKeyId, userAgent, resource, status };
  log.add(code === undefined ? entry : { ...entry, code });
}

function codeOf(body: AwsResponse['body']): string | undefined {
  if (body instanceof Readable) return undefined;
  const text = body.toString();
  return /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? /"__type"\s*:\s*"(?:[^"]*#)?([^"]+)"/.exec(text)?.[1];
}

/** The first name in a form, the path of the others. */
function resourceOf({ service, body, path }: AwsRequest): string {
  if (service === 's3' || path !== '/') return path;
  const form = new URLSearchParams(body.toString());
  for (const [key, value] of form) if (/(?:Identifier|ResourceName|GroupName|Arn|TopicArn)$/.test(key)) return value;
  return '';
}
